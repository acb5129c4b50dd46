import { fromUtf8 } from '../bytes/bytes.ts';

/** What a service says is to be done with its answer (RFC 6266). */
export interface Disposition {
  /** To be saved, not shown. */
  readonly isAttachment: boolean;
  /** As the service spells it: whoever uses it makes it fit to be one. */
  readonly fileName: string | undefined;
}

/** Longer than any name that a file system takes. */
const READ_MAX_LENGTH = 4_096;
const PARAMETER = /;\s*([a-z*]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gi;

/** @param text as Latin-1; what cannot be read of it counts as not said. */
export function decodeDisposition(value = ''): Disposition {
  const text = value.slice(0, READ_MAX_LENGTH);
  const names = new Map<string, string>();
  for (const [, name = '', quoted, token = ''] of text.matchAll(PARAMETER))
    names.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token);
  const extended = extendedValue(names.get('filename*'));
  return { isAttachment: /^\s*attachment\s*(?:;|$)/i.test(text), fileName: extended ?? plainValue(names.get('filename')) };
}

/** `UTF-8''` and bytes percent-encoded (RFC 8187). */
function extendedValue(text: string | undefined): string | undefined {
  const encoded = /^utf-8'[^']*'(.+)$/i.exec(text ?? '')?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** Many servers send UTF-8 as it is; what is none is Latin-1. */
function plainValue(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return fromUtf8(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  } catch {
    return text;
  }
}
