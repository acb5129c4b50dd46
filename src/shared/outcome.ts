/**
 * The answer to a call that crosses a thread. An error would lose its kind in structured clone, and the interface branches on
 * the kind, so failure crosses as data.
 */

import type { ErrorKind } from '../core/bytes/errors.ts';
import { GlobalNetError, messageOf } from '../core/bytes/errors.ts';
import type { MismatchDetail } from '../core/wire/mismatch.ts';
import { MismatchError } from '../core/wire/mismatch.ts';

export interface Failure {
  kind: ErrorKind;
  /** What was wanted, what came, what to do; for people. */
  message: string;
  /** What differs from what was signed, with `unverified`. */
  detail?: MismatchDetail;
}

export type Outcome<Value> = { ok: true; value: Value } | ({ ok: false } & Failure);

/** Any thrown value as data: a `GlobalNetError` keeps its kind, everything else is a fault of ours. */
export function failureOf(error: unknown): Failure {
  if (error instanceof MismatchError) return { kind: error.kind, message: error.message, detail: error.detail };
  if (error instanceof GlobalNetError) return { kind: error.kind, message: error.message };
  return { kind: 'internal', message: messageOf(error) };
}

/** The way back: as an error again. */
export function errorOf({ kind, message, detail }: Failure): GlobalNetError {
  return detail === undefined ? new GlobalNetError(kind, message) : new MismatchError(detail, message);
}

/** Runs a call and turns what it throws into data. */
export async function outcomeOf<Value>(call: () => Value | Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, ...failureOf(error) };
  }
}
