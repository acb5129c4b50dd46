import type { Brand } from '../bytes/brand.ts';
import { utf8 } from '../bytes/bytes.ts';
import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { labelled } from '../crypto/derive.ts';
import type { Identity } from '../crypto/identity.ts';
import type { CryptoPort } from '../ports.ts';
import {
  INBOX_ANSWER_BYTES,
  INBOX_ID_BYTES,
  INBOX_MESSAGE_HEADER_BYTES,
  INBOX_MESSAGE_STEPS_BYTES,
  INBOX_TEXT_MAX_BYTES,
  KEY_BYTES,
  SIGNATURE_BYTES,
} from './geometry.ts';
import { INBOX, INBOX_MESSAGE_FLAG, INBOX_MESSAGE_VERSION, type InboxAnswer, LABEL } from './registry.ts';

/**
 * What a visitor writes on a stream of kind `message`. § docs/spec/15-messages.md
 *
 *   version     1  INBOX_MESSAGE_VERSION
 *   flags       1  INBOX_MESSAGE_FLAG
 *   id         16  random
 *   key        32  Ed25519, the sender's; zeros where it is not signed
 *   signature  64  over labelled('gnet/1 inbox message', the inbox's key 32 ‖ id ‖ text); zeros where it is not signed
 *   length      2  of the text
 *   text           1 to INBOX_TEXT_MAX_BYTES of UTF-8
 *   zeros          up to the least of INBOX_MESSAGE_STEPS_BYTES that holds all of it
 *
 * And what it is answered: one byte of INBOX.
 */
export interface InboxDraft {
  /** INBOX_ID_BYTES. */
  readonly id: Uint8Array;
  readonly text: string;
}

/** A message that is what the spec says and, where it is signed, signed by its key for this inbox. */
export type InboxMessage = Brand<
  InboxDraft & {
    /** Whose signature it bears; undefined: it bears none. */
    readonly signedBy: Uint8Array | undefined;
    /** As it came. */
    readonly bytes: Uint8Array;
  },
  'InboxMessage'
>;

const LENGTH_AT = INBOX_MESSAGE_HEADER_BYTES - 2;

/**
 * @param inbox the key of its address, 32 bytes.
 * @throws RangeError for a text that is empty or over INBOX_TEXT_MAX_BYTES.
 */
export function encodeInboxMessage(
  crypto: Pick<CryptoPort, 'ed25519Sign'>,
  { id, text }: InboxDraft,
  inbox: Uint8Array,
  signer?: Identity,
): Uint8Array {
  const content = utf8(text);
  if (id.length !== INBOX_ID_BYTES) throw new RangeError(`a message's id is ${INBOX_ID_BYTES} bytes, not ${id.length}`);
  if (content.length < 1 || content.length > INBOX_TEXT_MAX_BYTES)
    throw new RangeError(`a text of ${content.length} bytes, wanted 1 to ${INBOX_TEXT_MAX_BYTES}`);
  const bytes = new Uint8Array(stepOf(content.length));
  const writer = new Writer(bytes.length).u8(INBOX_MESSAGE_VERSION);
  if (signer === undefined)
    writer
      .u8(0)
      .raw(id)
      .raw(new Uint8Array(KEY_BYTES + SIGNATURE_BYTES));
  else {
    writer.u8(INBOX_MESSAGE_FLAG.signed).raw(id).raw(signer.publicKey);
    writer.raw(crypto.ed25519Sign(signer.seed, signedContent(inbox, id, content)));
  }
  bytes.set(writer.bytes16(content).done());
  return bytes;
}

/** How long the whole message is, as soon as its header has come; undefined before. @throws DecodeError. */
export function inboxMessageLength(begun: Uint8Array): number | undefined {
  if (begun.length < INBOX_MESSAGE_HEADER_BYTES) return undefined;
  const textBytes = new DataView(begun.buffer, begun.byteOffset).getUint16(LENGTH_AT);
  if (textBytes < 1 || textBytes > INBOX_TEXT_MAX_BYTES)
    throw new DecodeError('inbox message', LENGTH_AT, `a text of ${textBytes} bytes, wanted 1 to ${INBOX_TEXT_MAX_BYTES}`);
  return stepOf(textBytes);
}

/**
 * @param inbox the key of the address that it came to.
 * @throws DecodeError; GlobalNetError `unverified` when it is signed, and not by its key for this inbox.
 */
export function verifyInboxMessage(crypto: Pick<CryptoPort, 'ed25519Verify'>, bytes: Uint8Array, inbox: Uint8Array): InboxMessage {
  const reader = new Reader(bytes, 'inbox message');
  const wanted = inboxMessageLength(bytes);
  if (wanted !== bytes.length) reader.fail(`${bytes.length} bytes, wanted ${wanted ?? 'a header'}`);
  const version = reader.u8('version');
  if (version !== INBOX_MESSAGE_VERSION) reader.fail(`version ${version}, wanted ${INBOX_MESSAGE_VERSION}`);
  const flags = reader.u8('flags');
  if ((flags & ~INBOX_MESSAGE_FLAG.signed) !== 0) reader.fail(`flags ${flags} are not of this version`);
  const id = reader.raw(INBOX_ID_BYTES, 'id');
  const key = reader.raw(KEY_BYTES, 'key');
  const signature = reader.raw(SIGNATURE_BYTES, 'signature');
  const text = reader.text16(INBOX_TEXT_MAX_BYTES, 'text');
  if (!isZero(reader.rest())) reader.fail('what follows the text is not zeros');
  const isSigned = flags === INBOX_MESSAGE_FLAG.signed;
  if (!isSigned && !(isZero(key) && isZero(signature))) reader.fail('key and signature of a message that is not signed are not zeros');
  if (isSigned && !crypto.ed25519Verify(key, signedContent(inbox, id, utf8(text)), signature))
    throw new GlobalNetError('unverified', 'inbox message: the signature is not of the key that it names, for this inbox and text');
  return { id, text, signedBy: isSigned ? key : undefined, bytes } as InboxMessage;
}

export function encodeInboxAnswer(answer: InboxAnswer): Uint8Array {
  return Uint8Array.of(answer);
}

/** @throws DecodeError for anything but one known byte. */
export function decodeInboxAnswer(bytes: Uint8Array): InboxAnswer {
  const [answer] = bytes;
  const known = Object.values(INBOX).find((one) => one === answer);
  if (bytes.length !== INBOX_ANSWER_BYTES || known === undefined)
    throw new DecodeError('inbox answer', 0, `${bytes.length} bytes, first ${answer ?? 'none'}, are no answer of this version`);
  return known;
}

function signedContent(inbox: Uint8Array, id: Uint8Array, text: Uint8Array): Uint8Array {
  return labelled(LABEL.inboxMessage, inbox, id, text);
}

function stepOf(textBytes: number): number {
  return INBOX_MESSAGE_STEPS_BYTES.find((step) => INBOX_MESSAGE_HEADER_BYTES + textBytes <= step) as number;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
