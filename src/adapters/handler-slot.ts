import type { TransportHandler } from '../core/ports.ts';

/**
 * What every transport does with its handler: keep what comes before one is set (a dial resolves a microtask after the
 * socket has opened), tell the end once, and nothing after it.
 */
export class HandlerSlot {
  #handler: TransportHandler | undefined;
  #early: Uint8Array[] = [];
  #closed: string | undefined;

  get handler(): TransportHandler | undefined {
    return this.#handler;
  }

  set handler(handler: TransportHandler | undefined) {
    const isFirst = this.#handler === undefined;
    this.#handler = handler;
    if (!isFirst || handler === undefined) return;
    const early = this.#early;
    this.#early = [];
    // By way of the slot, not of `handler`: the first message may end the handshake and hand over to a link.
    for (const message of early) this.message(message);
    if (this.#closed !== undefined) handler.onClose(this.#closed);
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  message(message: Uint8Array): void {
    if (this.#closed !== undefined) return;
    if (this.#handler === undefined) this.#early.push(message);
    else this.#handler.onMessage(message);
  }

  drain(): void {
    if (this.#closed === undefined) this.#handler?.onDrain();
  }

  close(why: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = why;
    this.#handler?.onClose(why);
  }
}
