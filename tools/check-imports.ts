/** Which folder may import which, and no cycles: the arrows of the house, as a program. */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { filesUnder, root } from './paths.ts';
import { importsOf } from './source-text.ts';

/** The contracts, and what every protocol folder may build on. */
const CORE_BASE = ['core/bytes', 'core/crypto', 'core/wire', 'core/contracts'];

/** Zone → the zones it may import beside itself. A folder of src/core that is not named here is a protocol folder. */
const ARROWS: Record<string, readonly string[]> = {
  'core/bytes': [],
  'core/contracts': ['core/bytes', 'core/wire'],
  'core/crypto': ['core/bytes', 'core/contracts'],
  'core/wire': ['core/bytes', 'core/crypto', 'core/contracts'],
  'core/peer': ['core/*'],
  // Errors keep their class from thread to thread, and a link or address has one parser; the rest of core is not the page's.
  shared: ['core/bytes', 'core/wire', 'core/packs'],
  ui: ['shared'],
  adapters: ['core/*', 'shared'],
  sim: ['core/*', 'adapters'],
  page: ['core/*', 'adapters', 'shared', 'ui', 'workers'],
  workers: ['core/*', 'adapters', 'shared'],
  sw: ['core/*', 'adapters', 'shared'],
  node: ['core/*', 'adapters', 'shared'],
};

/** Files that look at the house from outside may import all of it. */
const OUTSIDE = ['tests', 'bench', 'tools'];

const CORE_PACKAGES = /^(@noble\/(ciphers|curves|hashes|post-quantum)(\/|$)|cborg(\/|$))/;
/** Run in a browser: Node's modules do not exist there. */
const BROWSER_ZONES = ['shared', 'ui', 'adapters', 'page', 'workers', 'sw'];

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  readonly typeOnly: boolean;
}

export function checkImports(base: string = root): string[] {
  const files = ['src', 'workers', 'sw', 'node'].flatMap((folder) => filesUnder(folder, base)).filter((path) => /\.m?ts$/.test(path));
  const problems: string[] = [];
  const arrows: Arrow[] = [];
  for (const from of files) {
    for (const { specifier, line, typeOnly } of importsOf(readFileSync(join(base, from), 'utf8'))) {
      if (specifier.startsWith('.')) {
        const to = posix.normalize(posix.join(posix.dirname(from), specifier.replace(/\?.*$/, '')));
        if (existsSync(join(base, to))) arrows.push({ from, to, line, typeOnly });
        else problems.push(`${from}:${line} imports ${specifier}, which does not exist (imports are written with their ending, .ts)`);
      } else {
        const problem = packageProblem(from, specifier);
        if (problem !== undefined) problems.push(`${from}:${line} ${problem}`);
      }
    }
  }
  for (const arrow of arrows) {
    const problem = arrowProblem(arrow);
    if (problem !== undefined) problems.push(`${arrow.from}:${arrow.line} imports ${arrow.to}: ${problem}`);
  }
  return [...problems, ...cycles(arrows)];
}

/** The part of the house that a file belongs to. */
export function zoneOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] !== 'src') return parts[0] as string;
  if (parts[1] !== 'core') return parts[1] as string;
  if (parts.length > 3) return `core/${parts[2]}`;
  return /^(env|ports|globals\.d)\.ts$/.test(parts[2] as string) ? 'core/contracts' : 'core/peer';
}

function arrowProblem({ from, to, typeOnly }: Arrow): string | undefined {
  const [a, b] = [zoneOf(from), zoneOf(to)];
  if (a === b) return undefined;
  if (OUTSIDE.includes(b)) return `the product does not import ${b}/`;
  // Erased, a type binds no thread to core's code.
  if (a === 'shared' && b.startsWith('core/') && typeOnly) return undefined;
  const allowed = ARROWS[a] ?? (a.startsWith('core/') ? CORE_BASE : undefined);
  if (allowed === undefined) return `${a}/ is not a known part of the house: give it its arrows in tools/check-imports.ts`;
  if (allowed.includes(b) || (b.startsWith('core/') && allowed.includes('core/*'))) return undefined;
  if (isProtocol(a) && isProtocol(b)) {
    return `protocol folders never import each other; let ${a} declare the narrow interface it needs, and core/peer hand it in`;
  }
  const hint = a === 'ui' ? '; what the interface needs of core comes through a file of src/shared' : '';
  return `${a} may import only ${[...allowed, 'itself'].join(', ')}${hint}`;
}

function isProtocol(zone: string): boolean {
  return zone.startsWith('core/') && ARROWS[zone] === undefined;
}

function packageProblem(from: string, specifier: string): string | undefined {
  const zone = zoneOf(from);
  if (zone.startsWith('core/')) {
    return CORE_PACKAGES.test(specifier) ? undefined : `imports ${specifier}: core knows no platform, only @noble/* and cborg`;
  }
  const forNode = /^src\/adapters\/node-/.test(from);
  if (BROWSER_ZONES.includes(zone) && !forNode && specifier.startsWith('node:')) {
    return `imports ${specifier}: this runs in a browser (an adapter for Node is named src/adapters/node-*)`;
  }
  return undefined;
}

/** One line per cycle. Types that two files of one folder take from each other are no cycle: nothing of it is left at run time. */
function cycles(arrows: readonly Arrow[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of arrows) {
    if (typeOnly && posix.dirname(from) === posix.dirname(to)) continue;
    next.set(from, [...(next.get(from) ?? []), to]);
  }
  const problems: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at !== -1) problems.push(`cycle: ${[...path.slice(at), file].join(' → ')}`);
    if (at !== -1 || done.has(file)) return;
    path.push(file);
    for (const to of next.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of next.keys()) visit(file);
  return problems;
}
