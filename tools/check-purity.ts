/** What core must not touch although its library would let it: clocks, chance and output of its own, which no seed could replay. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesUnder, root } from './paths.ts';
import { codeOf } from './source-text.ts';

const BANS: readonly { pattern: RegExp; what: string; instead: string }[] = [
  { pattern: /\bDate\s*\.\s*now\b/, what: 'Date.now', instead: 'env.now()' },
  { pattern: /\bnew\s+Date\s*(\(\s*\)|[^(\s])/, what: 'new Date()', instead: 'env.now()' },
  { pattern: /(?<!new\s)(?<![.\w])Date\s*\(/, what: 'Date()', instead: 'env.now()' },
  { pattern: /\bperformance\b\s*\./, what: 'performance', instead: 'env.now()' },
  { pattern: /\bMath\s*\.\s*random\b/, what: 'Math.random', instead: 'env.random() or randomBelow(env, n)' },
  {
    pattern: /\b(randomBytes|getRandomValues|randomSecretKey|randomPrivateKey|randomUUID)\b/,
    what: 'platform randomness',
    instead: 'env.random()',
  },
  {
    pattern: /\b(keygen|encapsulate)\s*\(\s*([\w.]+\s*)?\)/,
    what: 'a key or secret made without a seed',
    instead: 'a seed from env.random()',
  },
  {
    pattern: /(?<![.\w])(setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame)\b/,
    what: 'a timer',
    instead: 'env.schedule()',
  },
  { pattern: /(?<![.\w])console\s*\./, what: 'console', instead: 'env.log()' },
  // Other names of a platform are unknown to core's type program.
  { pattern: /\bglobalThis\b/, what: 'the platform', instead: 'a port (src/core/ports.ts)' },
];

export function checkPurity(base: string = root): string[] {
  const files = filesUnder('src/core', base).filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'));
  return files.flatMap((path) => impurities(readFileSync(join(base, path), 'utf8')).map((problem) => `${path}:${problem}`));
}

/** `line: what, instead` of each breach in one source. `kem.keygen(seed)` is fine, `kem.keygen()` is not; nor is `encapsulate(key)`. */
export function impurities(source: string): string[] {
  const lines = codeOf(source, false).split('\n');
  return lines.flatMap((text, i) =>
    BANS.filter(({ pattern, what }) => pattern.test(text) && !(what.startsWith('a key') && /keygen\s*\(\s*[\w.]/.test(text))).map(
      ({ what, instead }) => `${i + 1} uses ${what}; in core use ${instead}`,
    ),
  );
}
