import { utf8 } from '../bytes/bytes.ts';
import { PATH_MAX_BYTES } from './geometry.ts';

// As CONTROLS, and line and paragraph separators and U+FEFF too, which nobody sees in a URL: a path that reads "gpj.exe" would hide what it is.
const BARRED = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;

/**
 * Why this may not be a path in a pack, in words; undefined when it may. A path is relative, parted by '/', in Unicode NFC: one
 * file has one spelling. '\' is barred because some systems take it for '/'.
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (utf8(path).length > PATH_MAX_BYTES) return `it is longer than ${PATH_MAX_BYTES} bytes`;
  if (BARRED.test(path)) return 'it holds a control character or a mark that reverses text';
  if (path.includes('\\')) return "it holds a '\\'";
  if (path.normalize('NFC') !== path) return 'its letters are not in Unicode form NFC';
  for (const part of path.split('/')) {
    if (part === '') return "it begins or ends with '/', or holds '//'";
    if (part === '.' || part === '..') return `it holds '${part}'`;
  }
  return undefined;
}

/** Groups of paths that a file system without case takes for one. They are allowed, and the author is told. */
export function caseCollisions(paths: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const folded = path.toLowerCase();
    const group = groups.get(folded);
    if (group) group.push(path);
    else groups.set(folded, [path]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
