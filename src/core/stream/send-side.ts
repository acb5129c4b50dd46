import { MESSAGE_HEADER_BYTES, STREAM_DATA_FIELDS_BYTES } from '../wire/geometry.ts';
import { MESSAGE } from '../wire/registry.ts';
import { encodeStreamEnd, writeStreamDataHeader } from '../wire/stream.ts';
import { writeMessage } from '../wire/message.ts';
import { Bell } from './bell.ts';
import { ByteQueue } from './byte-queue.ts';
import { SEND_BUFFER_BYTES, SEND_BUFFER_LEAST_BYTES, UNSENT_MAX_BYTES } from './constants.ts';

const DATA_HEADER_BYTES = MESSAGE_HEADER_BYTES + STREAM_DATA_FIELDS_BYTES;
const END_MESSAGE_BYTES = MESSAGE_HEADER_BYTES + 10;
/** Less than this is not worth a message, unless it is all there is. */
const LEAST_DATA_BYTES = 64;

/**
 * The bytes one end sends on one stream. Kept until the other side has them:
 *
 *   acked ≤ next ≤ written      acked: the other side has said so     next: sent on this path
 *
 * The end counts as one byte behind the last, so that it is acknowledged and sent again like one.
 */
export class SendSide {
  readonly #queue = new ByteQueue();
  readonly #room = new Bell();
  #next = 0;
  #acked = 0;
  /** The highest mark ever sent, on any path: an acknowledgement of more is a lie. */
  #highest = 0;
  #limit: number;
  #ended = false;

  /** What this side has added to `kept`, and to `unsent`. */
  #kept = 0;
  #unsent = 0;

  /**
   * @param kept counts what all streams of the session keep.
   * @param unsent counts what waits to be sent on all streams that share a sender's memory.
   */
  constructor(
    limit: number,
    readonly kept: { bytes: number },
    readonly unsent: { bytes: number },
  ) {
    this.#limit = limit;
  }

  get acked(): number {
    return this.#acked;
  }

  /** Bytes that were sent, each counted once. */
  get sentBytes(): number {
    return Math.min(this.#highest, this.#queue.end);
  }

  /** Sent on this path and not acknowledged. */
  get unackedBytes(): number {
    return Math.max(0, Math.min(this.#next, this.#queue.end) - this.#queue.start);
  }

  #count(): void {
    const unackedBytes = this.unackedBytes;
    this.kept.bytes += unackedBytes - this.#kept;
    this.#kept = unackedBytes;
    const unsentBytes = this.#queue.end - Math.min(this.#next, this.#queue.end);
    this.unsent.bytes += unsentBytes - this.#unsent;
    this.#unsent = unsentBytes;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The other side has everything, the end too. */
  get finished(): boolean {
    return this.#ended && this.#acked === this.#queue.end + 1;
  }

  /** Everything, the end too, has been sent once. */
  get sentWhole(): boolean {
    return this.#ended && this.#highest === this.#queue.end + 1;
  }

  /** Everything that was ever sent counts as received. */
  acknowledgeAll(): void {
    this.onCredit(this.#highest, 0);
  }

  get hasWork(): boolean {
    return this.sendableBytes > 0 || this.#endIsNext;
  }

  get sendableBytes(): number {
    return Math.max(0, Math.min(this.#queue.end, this.#limit) - this.#next);
  }

  get #endIsNext(): boolean {
    return this.#ended && this.#next === this.#queue.end;
  }

  get hasRoom(): boolean {
    return this.#unsent < (this.unsent.bytes < UNSENT_MAX_BYTES ? SEND_BUFFER_BYTES : SEND_BUFFER_LEAST_BYTES);
  }

  write(bytes: Uint8Array): void {
    this.#queue.append(bytes);
    this.#count();
  }

  end(): void {
    this.#ended = true;
  }

  /** Resolves at the next change of room. */
  whenRoom(): Promise<void> {
    return this.#room.wait();
  }

  /** Writes what is due into the payload, at most `mostBytes` of stream bytes; answers the offset behind it. */
  fill(payload: Uint8Array, offset: number, stream: number, mostBytes: number): number {
    const roomBytes = payload.length - offset - DATA_HEADER_BYTES;
    const lengthBytes = Math.min(roomBytes, this.sendableBytes, mostBytes);
    if (lengthBytes >= Math.min(LEAST_DATA_BYTES, this.sendableBytes) && lengthBytes > 0) {
      payload[offset] = MESSAGE.streamData;
      payload[offset + 1] = (STREAM_DATA_FIELDS_BYTES + lengthBytes) >>> 8;
      payload[offset + 2] = STREAM_DATA_FIELDS_BYTES + lengthBytes;
      writeStreamDataHeader(payload, offset + MESSAGE_HEADER_BYTES, stream, this.#next);
      const start = offset + DATA_HEADER_BYTES;
      this.#queue.copyTo(payload.subarray(start, start + lengthBytes), this.#next);
      this.#advance(lengthBytes);
      offset = start + lengthBytes;
    }
    if (this.#endIsNext && payload.length - offset >= END_MESSAGE_BYTES) {
      offset = writeMessage(payload, offset, MESSAGE.streamEnd, encodeStreamEnd({ stream, final: this.#queue.end }));
      this.#advance(1);
    }
    return offset;
  }

  #advance(count: number): void {
    this.#next += count;
    this.#highest = Math.max(this.#highest, this.#next);
    this.#count();
    if (this.hasRoom) this.#room.ring();
  }

  /** False when it cannot be true: more than was sent. */
  onCredit(received: number, limit: number): boolean {
    if (received > this.#highest) return false;
    this.#acked = Math.max(this.#acked, received);
    this.#queue.dropBefore(Math.min(this.#acked, this.#queue.end));
    this.#next = Math.max(this.#next, this.#acked);
    this.#limit = Math.max(this.#limit, limit);
    this.#count();
    return true;
  }

  /** Goes back to `mark`: what came after it is sent again. */
  rewind(mark: number): void {
    this.#next = mark;
    this.#count();
  }

  /** After a reset nothing of it is wanted any more. */
  clear(): void {
    this.#queue.clear();
    this.#count();
    this.#room.ring();
  }
}
