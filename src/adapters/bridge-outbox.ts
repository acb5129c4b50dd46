import type { BridgeBatch } from '../shared/rtc-bridge.ts';

/** Gathers what one turn sends over all connections, so that it crosses threads as one message. */
export class BridgeOutbox {
  #batches = new Map<number, ArrayBuffer[]>();
  readonly #post: (batches: BridgeBatch[], transfer: ArrayBuffer[]) => void;

  constructor(post: (batches: BridgeBatch[], transfer: ArrayBuffer[]) => void) {
    this.#post = post;
  }

  /** Takes the message over. */
  add(id: number, message: Uint8Array): void {
    if (this.#batches.size === 0) queueMicrotask(() => this.flush());
    const messages = this.#batches.get(id);
    if (messages === undefined) this.#batches.set(id, [whole(message)]);
    else messages.push(whole(message));
  }

  /** Now: what is posted next must not pass what waits here. */
  flush(): void {
    if (this.#batches.size === 0) return;
    const batches = [...this.#batches].map(([id, messages]) => ({ id, messages }));
    this.#batches = new Map();
    this.#post(
      batches,
      batches.flatMap(({ messages }) => messages),
    );
  }
}

/** A buffer that holds this message and nothing else: a transfer takes all of it. */
function whole({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) return buffer;
  return (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);
}
