import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { labelled } from '../crypto/derive.ts';
import {
  CONNECT_FIELDS_BYTES,
  CONNECT_OK_BYTES,
  ESTABLISH_BYTES,
  ESTABLISHED_BYTES,
  HELLO_BYTES,
  HELLO_PAYLOADS,
  INCOMING_BYTES,
  MOVE_BYTES,
  PAYLOAD_BYTES,
  RENDEZVOUS_SECRET_BYTES,
  RENDEZVOUS_TAG_BYTES,
  WORK_BYTES,
} from './geometry.ts';
import { LABEL } from './registry.ts';

/**
 * What a service, its rendezvous point and a visitor say on channel 0. Reserved bytes are sent as zeros and not looked at.
 *
 * establish (service → point), ESTABLISH_BYTES
 *   secret     32   the tag is SHA-256(label ‖ secret), so that who read the tag in a record cannot take the place
 *   effort      4   work to ask of visitors
 *   reserved   28
 *
 * established (point → service), ESTABLISHED_BYTES
 *   code        1   ESTABLISH
 *   turned away 4   visitors that were refused for want of work since the last `established` on this circuit
 *   reserved   11
 *
 * connect (visitor → point), CONNECT_FIELDS_BYTES + HELLO_BYTES
 *   tag        32   rendezvous tag
 *   effort      4   the work that was done
 *   work        8
 *   move       64   peer id 32, tag 32: reserved, zero
 *   reserved   20
 *   hello           HELLO_BYTES
 *
 * connectOk (point → visitor), CONNECT_OK_BYTES
 *   code        1   CONNECT
 *   effort      4   the work that is asked
 *   reserved   11
 *
 * incoming (point → service), INCOMING_BYTES; the hello follows in the channel's first HELLO_PAYLOADS payloads
 *   channel     4   1 or more, not used before on this circuit
 *   effort      4   the work that was done
 *   move       64   as in connect
 *   reserved   24
 */

export interface Establish {
  readonly secret: Uint8Array;
  readonly effort: number;
}

export function encodeEstablish({ secret, effort }: Establish): Uint8Array {
  return padded(new Writer(ESTABLISH_BYTES).raw(secret).u32(effort), ESTABLISH_BYTES);
}

/** The tag that stands in records, 32 bytes, of the secret that only the service and its point know. */
export function rendezvousTag(secret: Uint8Array): Uint8Array {
  return sha256(labelled(LABEL.rendezvousTag, secret));
}

/** @throws DecodeError. */
export function decodeEstablish(content: Uint8Array): Establish {
  const reader = fixed(content, ESTABLISH_BYTES, 'establish');
  return { secret: reader.raw(RENDEZVOUS_SECRET_BYTES, 'secret').slice(), effort: reader.u32('effort') };
}

export interface Established {
  readonly code: number;
  readonly turnedAway: number;
}

export function encodeEstablished({ code, turnedAway }: Established): Uint8Array {
  return padded(new Writer(ESTABLISHED_BYTES).u8(code).u32(turnedAway), ESTABLISHED_BYTES);
}

/** @throws DecodeError. */
export function decodeEstablished(content: Uint8Array): Established {
  const reader = fixed(content, ESTABLISHED_BYTES, 'established');
  return { code: reader.u8('code'), turnedAway: reader.u32('turned away') };
}

export interface Connect {
  readonly tag: Uint8Array;
  readonly effort: number;
  readonly work: Uint8Array;
  readonly move: Uint8Array;
  readonly hello: Uint8Array;
}

export function encodeConnect({ tag, effort, work, move, hello }: Connect): Uint8Array {
  const fields = new Writer(CONNECT_FIELDS_BYTES + HELLO_BYTES).raw(tag).u32(effort).raw(work).raw(move);
  fields.raw(new Uint8Array(CONNECT_FIELDS_BYTES - fields.length));
  return padded(fields.raw(hello), CONNECT_FIELDS_BYTES + HELLO_BYTES);
}

/** Copies nothing. @throws DecodeError. */
export function decodeConnect(content: Uint8Array): Connect {
  const reader = fixed(content, CONNECT_FIELDS_BYTES + HELLO_BYTES, 'connect');
  const tag = reader.raw(RENDEZVOUS_TAG_BYTES, 'tag');
  const effort = reader.u32('effort');
  const work = reader.raw(WORK_BYTES, 'work');
  const move = reader.raw(MOVE_BYTES, 'move');
  reader.raw(CONNECT_FIELDS_BYTES - reader.offset, 'reserved');
  return { tag, effort, work, move, hello: reader.rest() };
}

export interface ConnectOk {
  readonly code: number;
  readonly effort: number;
}

export function encodeConnectOk({ code, effort }: ConnectOk): Uint8Array {
  return padded(new Writer(CONNECT_OK_BYTES).u8(code).u32(effort), CONNECT_OK_BYTES);
}

/** @throws DecodeError. */
export function decodeConnectOk(content: Uint8Array): ConnectOk {
  const reader = fixed(content, CONNECT_OK_BYTES, 'connectOk');
  return { code: reader.u8('code'), effort: reader.u32('effort') };
}

export interface Incoming {
  readonly channel: number;
  readonly effort: number;
  readonly move: Uint8Array;
}

export function encodeIncoming({ channel, effort, move }: Incoming): Uint8Array {
  return padded(new Writer(INCOMING_BYTES).u32(channel).u32(effort).raw(move), INCOMING_BYTES);
}

/** @throws DecodeError. */
export function decodeIncoming(content: Uint8Array): Incoming {
  const reader = fixed(content, INCOMING_BYTES, 'incoming');
  const channel = reader.u32('channel');
  if (channel === 0) reader.fail('channel 0 is the circuit itself');
  return { channel, effort: reader.u32('effort'), move: reader.raw(MOVE_BYTES, 'move').slice() };
}

/** A hello as the payloads that a point puts into the service's channel. */
export function helloPayloads(hello: Uint8Array): Uint8Array[] {
  return Array.from({ length: HELLO_PAYLOADS }, (_, i) => {
    const payload = new Uint8Array(PAYLOAD_BYTES);
    payload.set(hello.subarray(i * PAYLOAD_BYTES, (i + 1) * PAYLOAD_BYTES));
    return payload;
  });
}

function fixed(content: Uint8Array, lengthBytes: number, what: string): Reader {
  const reader = new Reader(content, what);
  if (content.length !== lengthBytes) reader.fail(`${content.length} bytes, wanted ${lengthBytes}`);
  return reader;
}

function padded(writer: Writer, lengthBytes: number): Uint8Array {
  if (writer.length > lengthBytes) throw new RangeError(`${writer.length} bytes where ${lengthBytes} fit`);
  return writer.raw(new Uint8Array(lengthBytes - writer.length)).done();
}
