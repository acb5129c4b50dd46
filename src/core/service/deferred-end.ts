import type { CircuitEnd, CircuitEndHandler } from '../ports.ts';
import type { CloseReason } from '../wire/registry.ts';

/**
 * A circuit's end that gives nothing to its handler before `release`. Cells that came while the reply was being opened are handed
 * over as soon as there is a handler; on a short path the service's answer is among them, and its channel must be open by then.
 */
export class DeferredEnd implements CircuitEnd {
  readonly #end: CircuitEnd;
  #handler: CircuitEndHandler | undefined;
  #released = false;

  constructor(end: CircuitEnd) {
    this.#end = end;
  }

  get name(): string {
    return this.#end.name;
  }

  get isBuilder(): boolean {
    return this.#end.isBuilder;
  }

  get queuedCells(): number {
    return this.#end.queuedCells;
  }

  get handler(): CircuitEndHandler | undefined {
    return this.#handler;
  }

  set handler(handler: CircuitEndHandler | undefined) {
    this.#handler = handler;
    if (this.#released) this.#end.handler = handler;
  }

  send(body: Uint8Array): void {
    this.#end.send(body);
  }

  close(reason: CloseReason): void {
    this.#end.close(reason);
  }

  release(): void {
    this.#released = true;
    this.#end.handler = this.#handler;
  }
}
