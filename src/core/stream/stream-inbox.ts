import { DecodeError } from '../bytes/errors.ts';
import { STREAMS_MAX } from '../wire/geometry.ts';
import type { Message } from '../wire/message.ts';
import { type EndReason, MESSAGE } from '../wire/registry.ts';
import {
  decodeStreamConnected,
  decodeStreamCredit,
  decodeStreamData,
  decodeStreamEnd,
  decodeStreamOpen,
  decodeStreamReset,
} from '../wire/stream.ts';
import type { StreamHead, StreamState } from './session-stream.ts';
import type { StreamTable } from './stream-table.ts';

/** What the inbox asks of its session. */
export interface InboxOwner {
  /** The session's own streams have odd ids. */
  readonly opener: boolean;
  readonly streams: StreamTable;
  nextOwnId(): number;
  accept(head: StreamHead): void;
  refuse(stream: number): void;
  onReceived(stream: StreamState, freshBytes: number): void;
  onCredit(stream: StreamState): void;
  onReset(stream: StreamState, reason: EndReason): void;
}

/** Takes the other side's messages about streams. Throws DecodeError for all that it had no right to send. */
export class StreamInbox {
  readonly #owner: InboxOwner;
  #seen = 0;

  constructor(owner: InboxOwner) {
    this.#owner = owner;
  }

  /** The highest id that the other side has opened. */
  get seen(): number {
    return this.#seen;
  }

  take({ type, content }: Message): void {
    switch (type) {
      case MESSAGE.streamOpen:
        return this.#onOpen(content);
      case MESSAGE.streamConnected:
        return this.#find(decodeStreamConnected(content))?.onConnected();
      case MESSAGE.streamData:
        return this.#onData(content);
      case MESSAGE.streamCredit:
        return this.#onCredit(content);
      case MESSAGE.streamEnd:
        return this.#onEnd(content);
      case MESSAGE.streamReset:
        return this.#onReset(content);
      case MESSAGE.sessionMove:
        return; // reserved
      default:
        throw new DecodeError('session', 0, `message type ${type} does not belong here`);
    }
  }

  #isOurs(id: number): boolean {
    return (id % 2 === 1) === this.#owner.opener;
  }

  /** Undefined for a stream that is over. @throws DecodeError for one that never was. */
  #find(id: number): StreamState | undefined {
    const stream = this.#owner.streams.get(id);
    if (stream !== undefined) {
      stream.known = true;
      return stream;
    }
    const lowest = this.#isOurs(id) ? this.#owner.nextOwnId() : this.#seen + 1;
    if (id >= lowest) throw new DecodeError('stream', 0, `stream ${id} was never opened`);
    return undefined;
  }

  #onOpen(content: Uint8Array): void {
    const open = decodeStreamOpen(content);
    if (this.#isOurs(open.stream)) throw new DecodeError('stream open', 0, `stream ${open.stream} is not the other side's to open`);
    if (open.stream <= this.#seen) return; // sent again
    this.#seen = open.stream;
    if (this.#owner.streams.theirs >= STREAMS_MAX) return this.#owner.refuse(open.stream);
    this.#owner.accept({ id: open.stream, kind: open.kind, request: open.request.slice(), ours: false, sendLimit: open.creditBytes });
  }

  #onData(content: Uint8Array): void {
    const data = decodeStreamData(content);
    const stream = this.#find(data.stream);
    if (stream === undefined) return;
    const freshBytes = stream.receive.onData(data.offset, data.bytes);
    if (freshBytes === undefined) throw new DecodeError('stream data', 0, 'is over its credit, behind its end, or leaves a gap');
    stream.onConnected();
    this.#owner.onReceived(stream, freshBytes);
  }

  #onCredit(content: Uint8Array): void {
    const credit = decodeStreamCredit(content);
    const stream = this.#find(credit.stream);
    if (stream === undefined) return;
    if (!stream.onCredit(credit.received, credit.limit)) throw new DecodeError('stream credit', 0, 'acknowledges what was never sent');
    this.#owner.onCredit(stream);
  }

  #onEnd(content: Uint8Array): void {
    const end = decodeStreamEnd(content);
    const stream = this.#find(end.stream);
    if (stream === undefined) return;
    if (!stream.onEnd(end.final)) throw new DecodeError('stream end', 0, 'is not where the bytes end');
    stream.onConnected();
    this.#owner.onReceived(stream, 0);
  }

  /** A stream whose open was lost may be reset too: its id need not have been seen. */
  #onReset(content: Uint8Array): void {
    const reset = decodeStreamReset(content);
    const stream = this.#owner.streams.get(reset.stream);
    if (stream !== undefined) this.#owner.onReset(stream, reset.reason);
  }
}
