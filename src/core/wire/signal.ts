import { fromUtf8, utf8 } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import {
  HASH_BYTES,
  KEY_BYTES,
  PEER_ID_BYTES,
  SIGNAL_CANDIDATES_MAX,
  SIGNAL_DESCRIPTION_MAX_BYTES,
  SIGNAL_REQUEST_MAX_BYTES,
  SIGNAL_RESPONSE_MAX_BYTES,
  TAG_BYTES,
  WORK_BYTES,
} from './geometry.ts';
import { CANDIDATE, DTLS_SETUP, SIGNAL } from './registry.ts';

/**
 * Signalling. A stream of kind `signal` opens with a request; the whole answer is one response.
 *
 *   request      SIGNAL.offer 1 ‖ target's peer id 32 ‖ work 8 ‖ sealed offer
 *   sealed offer ephemeral key 32 ‖ sealed(sender's peer id 32 ‖ time 8, ms since 1970 ‖ description) ‖ tag 16
 *   response     SIGNAL.answer 1 ‖ sealed(description) ‖ tag 16
 *                SIGNAL.refused 1 ‖ effort 4: that much work would be answered, 0: none would
 *
 * A description is all of an SDP that may differ between two data channels:
 *
 *   setup 1 (DTLS_SETUP) ‖ certificate fingerprint 32 (SHA-256)
 *   length 1 ‖ ICE user fragment ‖ length 1 ‖ ICE password
 *   count 1 ‖ candidates, UDP all: kind 1 (CANDIDATE), reflexive 1 ‖ address 4 or 16 ‖ port 2
 */

export interface SignalRequest {
  readonly target: Uint8Array;
  readonly work: Uint8Array;
  readonly sealed: Uint8Array;
}

export function encodeSignalRequest({ target, work, sealed }: SignalRequest): Uint8Array {
  return new Writer(1 + target.length + work.length + sealed.length).u8(SIGNAL.offer).raw(target).raw(work).raw(sealed).done();
}

/** @throws DecodeError */
export function decodeSignalRequest(bytes: Uint8Array): SignalRequest {
  const reader = new Reader(bytes, 'signal request');
  if (bytes.length > SIGNAL_REQUEST_MAX_BYTES) reader.fail(`${bytes.length} bytes, at most ${SIGNAL_REQUEST_MAX_BYTES} are allowed`);
  const type = reader.u8('type');
  if (type !== SIGNAL.offer) reader.fail(`type ${SIGNAL.offer} was wanted, ${type} came`);
  return { target: reader.raw(PEER_ID_BYTES, 'target'), work: reader.raw(WORK_BYTES, 'work'), sealed: reader.rest() };
}

export interface SealedOffer {
  readonly ephemeral: Uint8Array;
  readonly sealed: Uint8Array;
  readonly tag: Uint8Array;
}

export function encodeSealedOffer({ ephemeral, sealed, tag }: SealedOffer): Uint8Array {
  return new Writer(KEY_BYTES + sealed.length + TAG_BYTES).raw(ephemeral).raw(sealed).raw(tag).done();
}

/** @throws DecodeError */
export function decodeSealedOffer(bytes: Uint8Array): SealedOffer {
  const reader = new Reader(bytes, 'sealed offer');
  const ephemeral = reader.raw(KEY_BYTES, 'ephemeral key');
  return { ephemeral, sealed: reader.raw(Math.max(0, reader.left - TAG_BYTES), 'seal'), tag: reader.raw(TAG_BYTES, 'tag') };
}

export interface Offer {
  readonly from: Uint8Array;
  readonly sentAtMs: number;
  readonly description: Uint8Array;
}

export function encodeOffer({ from, sentAtMs, description }: Offer): Uint8Array {
  return new Writer(PEER_ID_BYTES + 8 + description.length).raw(from).u64(sentAtMs).raw(description).done();
}

/** @throws DecodeError */
export function decodeOffer(bytes: Uint8Array): Offer {
  const reader = new Reader(bytes, 'offer');
  return { from: reader.raw(PEER_ID_BYTES, 'sender'), sentAtMs: reader.u64('time'), description: reader.rest() };
}

export type SignalResponse =
  | { readonly type: typeof SIGNAL.answer; readonly sealed: Uint8Array; readonly tag: Uint8Array }
  | { readonly type: typeof SIGNAL.refused; readonly effort: number };

export function encodeSignalResponse(response: SignalResponse): Uint8Array {
  const writer = new Writer().u8(response.type);
  if (response.type === SIGNAL.refused) return writer.u32(response.effort).done();
  return writer.raw(response.sealed).raw(response.tag).done();
}

/** @throws DecodeError */
export function decodeSignalResponse(bytes: Uint8Array): SignalResponse {
  const reader = new Reader(bytes, 'signal response');
  if (bytes.length > SIGNAL_RESPONSE_MAX_BYTES) reader.fail(`${bytes.length} bytes, at most ${SIGNAL_RESPONSE_MAX_BYTES} are allowed`);
  const type = reader.u8('type');
  if (type === SIGNAL.answer)
    return { type, sealed: reader.raw(Math.max(0, reader.left - TAG_BYTES), 'seal'), tag: reader.raw(TAG_BYTES, 'tag') };
  if (type !== SIGNAL.refused) reader.fail(`no response has type ${type}`);
  const effort = reader.u32('effort');
  reader.end();
  return { type: SIGNAL.refused, effort };
}

export interface Candidate {
  /** 4 bytes (IPv4), 16 (IPv6), or the 16 of the UUID in a browser's `<uuid>.local`. */
  readonly kind: (typeof CANDIDATE)[keyof typeof CANDIDATE];
  /** Seen from outside by a STUN server, not an interface's own. */
  readonly reflexive: boolean;
  readonly address: Uint8Array;
  readonly port: number;
}

export interface Description {
  readonly setup: (typeof DTLS_SETUP)[keyof typeof DTLS_SETUP];
  readonly fingerprint: Uint8Array;
  /** RFC 8839's ice-chars only: letters, digits, + and /. */
  readonly iceUfrag: string;
  readonly icePassword: string;
  readonly candidates: readonly Candidate[];
}

const ADDRESS_BYTES: Record<Candidate['kind'], number> = { [CANDIDATE.ipv4]: 4, [CANDIDATE.ipv6]: 16, [CANDIDATE.mdns]: 16 };

export function encodeDescription({ setup, fingerprint, iceUfrag, icePassword, candidates }: Description): Uint8Array {
  const writer = new Writer().u8(setup).raw(fingerprint);
  for (const text of [iceUfrag, icePassword]) writer.u8(text.length).raw(utf8(text));
  writer.u8(candidates.length);
  for (const { kind, reflexive, address, port } of candidates)
    writer
      .u8(kind)
      .u8(reflexive ? 1 : 0)
      .raw(address)
      .u16(port);
  return writer.done();
}

/** @throws DecodeError; what it yields is safe to be written into an SDP. */
export function decodeDescription(bytes: Uint8Array): Description {
  const reader = new Reader(bytes, 'description');
  if (bytes.length > SIGNAL_DESCRIPTION_MAX_BYTES)
    reader.fail(`${bytes.length} bytes, at most ${SIGNAL_DESCRIPTION_MAX_BYTES} are allowed`);
  const setup = oneOf(reader, DTLS_SETUP, 'setup');
  const fingerprint = reader.raw(HASH_BYTES, 'fingerprint');
  const iceUfrag = iceText(reader, 4, 'ICE user fragment');
  const icePassword = iceText(reader, 22, 'ICE password');
  const count = reader.u8('count');
  if (count > SIGNAL_CANDIDATES_MAX) reader.fail(`${count} candidates, at most ${SIGNAL_CANDIDATES_MAX} are allowed`);
  const candidates: Candidate[] = [];
  for (let i = 0; i < count; i++) candidates.push(decodeCandidate(reader));
  reader.end();
  return { setup, fingerprint, iceUfrag, icePassword, candidates };
}

function decodeCandidate(reader: Reader): Candidate {
  const kind = oneOf(reader, CANDIDATE, 'candidate kind');
  const reflexive = reader.u8('reflexive');
  if (reflexive > 1) reader.fail('reflexive is neither 0 nor 1');
  return { kind, reflexive: reflexive === 1, address: reader.raw(ADDRESS_BYTES[kind], 'address'), port: reader.u16('port') };
}

function oneOf<T extends number>(reader: Reader, values: Record<string, T>, field: string): T {
  const value = reader.u8(field);
  return (Object.values(values) as number[]).includes(value) ? (value as T) : reader.fail(`no ${field} is ${value}`);
}

/** RFC 8839 § 5.4: lengths up to 256, of which we take 128. Any other character could end the SDP's line and begin another. */
function iceText(reader: Reader, minBytes: number, field: string): string {
  const lengthBytes = reader.u8(field);
  if (lengthBytes < minBytes || lengthBytes > 128) reader.fail(`${field} of ${lengthBytes} bytes`);
  const bytes = reader.raw(lengthBytes, field);
  const text = bytes.every((byte) => byte < 0x80) ? fromUtf8(bytes) : '';
  if (!/^[A-Za-z0-9+/]+$/.test(text))
    throw new DecodeError('description', reader.offset, `${field} has a character that ICE does not allow`);
  return text;
}
