import { concat } from '../bytes/bytes.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import {
  HELLO_ANSWER_HEADER_BYTES,
  HELLO_BYTES,
  HELLO_FIELDS_BYTES,
  HELLO_HEADER_BYTES,
  HELLO_KEY_ID_BYTES,
  HELLO_MESSAGES_BYTES,
  HELLO_SEALED_BYTES,
  HOLDER_BYTES,
  INVITATION_PROOF_BYTES,
  KEM_CIPHERTEXT_BYTES,
  KEM_PUBLIC_BYTES,
  KEY_BYTES,
  PAYLOAD_BYTES,
  SESSION_ID_BYTES,
  TAG_BYTES,
} from './geometry.ts';
import { HELLO_FLAG } from './registry.ts';

/**
 * A visitor's first words to a service, HELLO_BYTES:
 *
 *   key id      8   which of the service's hello keys; from its record
 *   E          32   X25519, ephemeral
 *   C        1088   ML-KEM-768 ciphertext to the service's hello key
 *   K        1184   ML-KEM-768 public key, ephemeral
 *   sealed          HELLO_SEALED_BYTES
 *   tag        16   over all of the above
 *
 * Sealed:
 *
 *   session    16   session id
 *   flags       1   HELLO_FLAG
 *   reserved    3
 *   number      4   1 for the first hello of a session, one more for each that follows
 *   reserved    8
 *   holder     16   random name of the running program, where it uses an invitation
 *   proof      32   that it is invited; without an invitation both are zero
 *   messages        HELLO_MESSAGES_BYTES, padded with zeros
 *
 * The service's first payload back, PAYLOAD_BYTES:
 *
 *   E′         32   X25519, ephemeral
 *   C′       1088   ML-KEM-768 ciphertext to K
 *   sealed          HELLO_ANSWER_MESSAGES_BYTES of messages, padded with zeros
 *   tag        16   over all of the above
 */
export interface HelloHeader {
  readonly keyId: Uint8Array;
  readonly x25519: Uint8Array;
  readonly kemCiphertext: Uint8Array;
  readonly kemPublic: Uint8Array;
}

export interface HelloParts extends HelloHeader {
  /** The fields above as one stretch: what the tag covers beside the sealed part. */
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
  readonly tag: Uint8Array;
}

export function encodeHelloHeader(header: HelloHeader): Uint8Array {
  return concat(header.keyId, header.x25519, header.kemCiphertext, header.kemPublic);
}

/** Views of `bytes`. @throws DecodeError. */
export function decodeHello(bytes: Uint8Array): HelloParts {
  const reader = new Reader(bytes, 'hello');
  if (bytes.length !== HELLO_BYTES) reader.fail(`${bytes.length} bytes, wanted ${HELLO_BYTES}`);
  return {
    header: bytes.subarray(0, HELLO_HEADER_BYTES),
    keyId: reader.raw(HELLO_KEY_ID_BYTES, 'key id'),
    x25519: reader.raw(KEY_BYTES, 'E'),
    kemCiphertext: reader.raw(KEM_CIPHERTEXT_BYTES, 'C'),
    kemPublic: reader.raw(KEM_PUBLIC_BYTES, 'K'),
    sealed: reader.raw(HELLO_SEALED_BYTES, 'sealed'),
    tag: reader.raw(TAG_BYTES, 'tag'),
  };
}

const FIRST_RESERVED_BYTES = 3;
const RESERVED_BYTES = HELLO_FIELDS_BYTES - SESSION_ID_BYTES - 1 - FIRST_RESERVED_BYTES - 4 - HOLDER_BYTES - INVITATION_PROOF_BYTES;

export interface HelloContent {
  readonly sessionId: Uint8Array;
  /** The session existed before: its first message says where it stands. */
  readonly resumes: boolean;
  /** Another way to the same service has failed just before. */
  readonly missed: boolean;
  /** Which hello of its session: 1 to 2^32 - 1. */
  readonly number: number;
  /** HOLDER_BYTES and INVITATION_PROOF_BYTES, zeros without an invitation. */
  readonly holder: Uint8Array;
  readonly proof: Uint8Array;
  /** At most HELLO_MESSAGES_BYTES; whoever reads them stops at the padding. */
  readonly messages: Uint8Array;
}

export function encodeHelloContent({ sessionId, resumes, missed, number, holder, proof, messages }: HelloContent): Uint8Array {
  if (sessionId.length !== SESSION_ID_BYTES) throw new RangeError(`a session id is ${SESSION_ID_BYTES} bytes`);
  if (messages.length > HELLO_MESSAGES_BYTES)
    throw new RangeError(`${messages.length} bytes of messages, ${HELLO_MESSAGES_BYTES} fit in a hello`);
  const out = new Writer(HELLO_SEALED_BYTES)
    .raw(sessionId)
    .u8((resumes ? HELLO_FLAG.resumes : 0) | (missed ? HELLO_FLAG.missed : 0))
    .raw(new Uint8Array(FIRST_RESERVED_BYTES))
    .u32(number)
    .raw(new Uint8Array(RESERVED_BYTES));
  out.raw(holder).raw(proof);
  if (out.length !== HELLO_FIELDS_BYTES) throw new RangeError(`${out.length} bytes of fields, a hello has ${HELLO_FIELDS_BYTES}`);
  out.raw(messages);
  return out.raw(new Uint8Array(HELLO_SEALED_BYTES - out.length)).done();
}

/** @throws DecodeError. */
export function decodeHelloContent(bytes: Uint8Array): HelloContent {
  const reader = new Reader(bytes, 'hello content');
  if (bytes.length !== HELLO_SEALED_BYTES) reader.fail(`${bytes.length} bytes, wanted ${HELLO_SEALED_BYTES}`);
  const sessionId = reader.raw(SESSION_ID_BYTES, 'session id').slice();
  const flags = reader.u8('flags');
  reader.raw(FIRST_RESERVED_BYTES, 'reserved');
  const number = reader.u32('number');
  reader.raw(RESERVED_BYTES, 'reserved');
  const holder = reader.raw(HOLDER_BYTES, 'holder').slice();
  const proof = reader.raw(INVITATION_PROOF_BYTES, 'proof').slice();
  const [resumes, missed] = [(flags & HELLO_FLAG.resumes) !== 0, (flags & HELLO_FLAG.missed) !== 0];
  return { sessionId, resumes, missed, number, holder, proof, messages: reader.rest() };
}

export interface AnswerHeader {
  readonly x25519: Uint8Array;
  readonly kemCiphertext: Uint8Array;
}

export function encodeAnswerHeader(header: AnswerHeader): Uint8Array {
  return concat(header.x25519, header.kemCiphertext);
}

export interface AnswerParts extends AnswerHeader {
  readonly header: Uint8Array;
  /** Sealed messages and their tag: what stands behind the header. */
  readonly sealed: Uint8Array;
}

/** Views of `payload`. @throws DecodeError. */
export function decodeAnswer(payload: Uint8Array): AnswerParts {
  const reader = new Reader(payload, 'answer to a hello');
  if (payload.length !== PAYLOAD_BYTES) reader.fail(`${payload.length} bytes, wanted ${PAYLOAD_BYTES}`);
  return {
    header: payload.subarray(0, HELLO_ANSWER_HEADER_BYTES),
    x25519: reader.raw(KEY_BYTES, 'E′'),
    kemCiphertext: reader.raw(KEM_CIPHERTEXT_BYTES, 'C′'),
    sealed: reader.rest(),
  };
}
