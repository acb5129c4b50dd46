import { GlobalNetError } from '../bytes/errors.ts';

/** What does not agree with what was signed. */
export type MismatchPart =
  | 'signature' // the manifest's or head's Ed25519 signature
  | 'author' // signed, but by another key than the address names
  | 'manifest' // the bytes are not those whose hash was asked for
  | 'chunk' // the bytes are not those that the manifest lists
  | 'rollback' // a serial below one already seen
  | 'conflict'; // two manifests with one serial

/** Which part differs, where, and how: what the full-page warning and the command line name. */
export interface MismatchDetail {
  readonly part: MismatchPart;
  /** The file, where one is concerned. */
  readonly path?: string;
  /** Which chunk of the file, from 0. */
  readonly chunkIndex?: number;
  /** Hashes and keys in base32, serials in decimal. */
  readonly wanted: string;
  readonly got: string;
}

/** Signed content is not what it should be: somebody lies, or a copy was damaged. Never retried silently. */
export class MismatchError extends GlobalNetError {
  constructor(
    readonly detail: MismatchDetail,
    message: string,
  ) {
    super('unverified', message);
  }
}
