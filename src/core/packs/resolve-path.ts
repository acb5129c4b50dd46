import { GlobalNetError } from '../bytes/errors.ts';
import type { FileEntry, Manifest } from '../wire/manifest.ts';
import { pathProblem } from '../wire/path.ts';

/** Where an asked path leads in a pack. */
export interface ResolvedPath {
  readonly entry: FileEntry;
  readonly status: 200 | 404;
  /** The path with the '/' that it lacks; the entry is that folder's index.html. */
  readonly redirect: string | undefined;
}

/** Finds files by path in a table made once: a page of a large site asks often. */
export class PathTable {
  readonly #files: Map<string, FileEntry>;

  constructor(manifest: Pick<Manifest, 'files'>) {
    this.#files = new Map(manifest.files.map((file) => [file.path, file]));
  }

  /** The file with exactly that path. */
  file(path: string): FileEntry | undefined {
    return this.#files.get(path);
  }

  /**
   * '' and 'dir/' are the index.html there, 'dir' redirects to 'dir/', anything else is the site's 404.html.
   * Undefined when there is nothing to show.
   */
  resolve(path: string): ResolvedPath | undefined {
    const direct = this.#files.get(path === '' || path.endsWith('/') ? `${path}index.html` : path);
    if (direct) return { entry: direct, status: 200, redirect: undefined };
    const index = path === '' || path.endsWith('/') ? undefined : this.#files.get(`${path}/index.html`);
    if (index) return { entry: index, status: 200, redirect: `${path}/` };
    const lost = this.#files.get('404.html');
    return lost && { entry: lost, status: 404, redirect: undefined };
  }
}

/**
 * The path that the path part of a URL means ('/a%20b/' → 'a b/'), for `PathTable.resolve`; without query and fragment.
 * @throws GlobalNetError `malformed` when it can be no path of a pack.
 */
export function pathOfUrl(urlPath: string): string {
  let path: string;
  try {
    path = decodeURIComponent(urlPath).normalize('NFC');
  } catch {
    throw new GlobalNetError('malformed', `'${urlPath}' is not a path: a '%' is not followed by two hexadecimal digits of UTF-8`);
  }
  path = path.startsWith('/') ? path.slice(1) : path;
  const problem = path === '' ? undefined : pathProblem(path.endsWith('/') ? path.slice(0, -1) : path);
  if (problem) throw new GlobalNetError('malformed', `'${urlPath}' is not a path of a pack: ${problem}`);
  return path;
}

/** The other way round: each part percent-encoded, without a leading '/'. */
export function urlOfPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
