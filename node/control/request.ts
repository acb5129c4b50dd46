import { DecodeError, GlobalNetError } from '../../src/core/bytes/errors.ts';
import { CONTROL_VERSION } from './constants.ts';

/** One line of JSON; what the fields mean is in docs/spec/20-control.md. */
export interface ControlRequest {
  readonly token: string;
  /** Known or not: that is told only to who has the token. */
  readonly command: string;
  /** Destinations are to be told too. */
  readonly where: boolean;
  /** Of `close-circuit`. */
  readonly circuit: number | undefined;
}

export function encodeRequest({ token, command, where, circuit }: ControlRequest): string {
  return `${JSON.stringify({ v: CONTROL_VERSION, token, command, ...(where ? { where } : {}), ...(circuit ? { circuit } : {}) })}\n`;
}

/** @param line without its end. @throws DecodeError; GlobalNetError `unsupported` (the version). */
export function decodeRequest(line: string): ControlRequest {
  const fields = objectOf(line);
  const { v, token, command, where = false, circuit } = fields;
  if (v !== CONTROL_VERSION)
    throw new GlobalNetError('unsupported', `this process speaks version ${CONTROL_VERSION} of the control socket`);
  if (token !== undefined && typeof token !== 'string') fail('the token is no text');
  if (typeof command !== 'string') fail('there is no command');
  if (typeof where !== 'boolean') fail("'where' is neither true nor false");
  if (circuit !== undefined && !(Number.isSafeInteger(circuit) && (circuit as number) > 0)) fail('a circuit has a number from 1 on');
  return { token: token ?? '', command, where, circuit: circuit as number | undefined };
}

export type ControlAnswer = { ok: object } | { error: { kind: string; message: string } };

export function encodeAnswer(answer: ControlAnswer): string {
  return `${JSON.stringify({ v: CONTROL_VERSION, ...answer })}\n`;
}

/** The answer's object, unchecked: it comes from a process of ours. @throws GlobalNetError what the process said; DecodeError. */
export function decodeAnswer(line: string): object {
  const { ok, error } = objectOf(line);
  if (typeof ok === 'object' && ok !== null) return ok;
  const { message } = (error ?? {}) as { message?: unknown };
  if (typeof message !== 'string') fail('neither an answer nor an error');
  throw new GlobalNetError('refused', message);
}

function objectOf(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    fail('no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail('no JSON object');
  return value as Record<string, unknown>;
}

function fail(problem: string): never {
  throw new DecodeError('control message', 0, problem);
}
