/** Nothing of one machine in what is committed: no paths of a home folder, no host that packages came from. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.ts';

const SIGNS: readonly { pattern: RegExp; what: string }[] = [
  { pattern: /(?<![\w./~$}-])\/(root|work|home\/[a-z]\w*|Users\/[A-Za-z]\w*|var\/folders)\/[\w.]/, what: 'a path of one machine' },
  { pattern: /\b[A-Z]:\\Users\\\w/, what: 'a path of one machine' },
  { pattern: /"resolved":\s*"http/, what: 'the host that a package came from (.npmrc: omit-lockfile-registry-resolved)' },
  { pattern: /^\s*(@[\w-]+:)?registry\s*=/m, what: 'a registry of one machine' },
];

export function checkTree(): string[] {
  const { status, stdout } = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) {
    console.log('  skipped: this is no git checkout, so nothing here is committed');
    return [];
  }
  const files = stdout.split('\0').filter(Boolean);
  return files.flatMap((path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile() || stat.size > 2 ** 20) return [];
    const bytes = readFileSync(join(root, path));
    return bytes.includes(0) ? [] : machineSigns(bytes.toString('utf8')).map((sign) => `${path}:${sign}`);
  });
}

/** `line what` of each sign of one machine in a text. */
export function machineSigns(text: string): string[] {
  return SIGNS.flatMap(({ pattern, what }) => {
    const match = pattern.exec(text);
    return match === null ? [] : [`${text.slice(0, match.index).split('\n').length} holds ${what}: ${match[0].trim()}`];
  });
}
