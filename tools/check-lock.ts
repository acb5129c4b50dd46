/**
 * Holds package-lock.json complete. A registry mirror that lacks the binaries of other platforms lets npm write a lock without them,
 * which `npm ci` then refuses everywhere. Run as a program, it adds what is missing: name, version and platform are known without the registry.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './paths.ts';

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface Lock {
  packages: Record<string, LockEntry>;
}

const lockPath = join(root, 'package-lock.json');

export function checkLock(): string[] {
  const missing = missingOptional(JSON.parse(readFileSync(lockPath, 'utf8')) as Lock);
  if (missing.size === 0) return [];
  return [`package-lock.json lacks ${[...missing.keys()].join(', ')}, so npm ci refuses it: run npm run lock`];
}

/** Entries that the lock should have, by their path: optional dependencies of its packages, found neither beside nor above them. */
export function missingOptional(lock: Lock): Map<string, LockEntry> {
  const missing = new Map<string, LockEntry>();
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (places(path, name).some((place) => lock.packages[place] !== undefined)) continue;
      missing.set(`node_modules/${name}`, { version, ...platformOf(name), ...(entry.dev === true ? { dev: true } : {}), optional: true });
    }
  }
  return missing;
}

/** Where Node looks for `name` from the package at `path`, nearest first. */
function places(path: string, name: string): string[] {
  const found = [`node_modules/${name}`];
  for (let at = path.indexOf('node_modules/'); at !== -1; at = path.indexOf('/node_modules/', at + 1)) {
    const end = path.indexOf('/node_modules/', at + 1);
    found.unshift(`${end === -1 ? path : path.slice(0, end)}/node_modules/${name}`);
  }
  return found;
}

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** `@rollup/rollup-linux-x64-musl`: the names of such packages say what they are for. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  if (os.length !== 1 || cpu.length !== 1)
    throw new Error(`package-lock.json lacks ${name}, and its name does not tell its platform: add it by npm install`);
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : undefined;
  return { cpu, os, ...(libc !== undefined && os[0] === 'linux' ? { libc } : {}) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lock = JSON.parse(readFileSync(lockPath, 'utf8')) as Lock;
  const missing = missingOptional(lock);
  const byPath = ([a]: [string, LockEntry], [b]: [string, LockEntry]): number => (a === '' ? -1 : b === '' ? 1 : a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries([...Object.entries(lock.packages), ...missing].sort(byPath));
  writeFileSync(lockPath, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`added ${missing.size} entries to package-lock.json`);
}
