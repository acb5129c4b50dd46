import type { CircuitEnd, CircuitEndHandler } from '../ports.ts';
import { CELL_BODY_BYTES } from '../wire/geometry.ts';
import type { CloseReason } from '../wire/registry.ts';

/** What the circuit does for its end. */
export interface LastHopCircuit {
  queuedCells(): number;
  sendOwn(body: Uint8Array): void;
  close(): void;
}

/** The last hop's end of a circuit, as its owner holds it. Over when the circuit is, or when the builder has grown it past this peer. */
export class LastHopEnd implements CircuitEnd {
  readonly isBuilder = false;
  handler: CircuitEndHandler | undefined;
  #circuit: LastHopCircuit | undefined;
  /** Until the reply has gone: a cell before it would fail the circuit at its builder. */
  #waiting: Uint8Array[] | undefined = [];

  constructor(
    readonly name: string,
    circuit: LastHopCircuit,
  ) {
    this.#circuit = circuit;
  }

  get queuedCells(): number {
    return this.#circuit === undefined ? 0 : this.#circuit.queuedCells() + (this.#waiting?.length ?? 0);
  }

  send(body: Uint8Array): void {
    if (body.length !== CELL_BODY_BYTES) throw new RangeError(`a body of ${body.length} bytes: wanted ${CELL_BODY_BYTES}`);
    if (this.#waiting !== undefined) this.#waiting.push(body);
    else this.#circuit?.sendOwn(body);
  }

  close(_reason: CloseReason): void {
    const circuit = this.#circuit;
    this.handler = undefined;
    this.#circuit = undefined;
    this.#waiting = undefined;
    circuit?.close();
  }

  /** The reply has gone. */
  onAnswered(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const body of waiting) this.#circuit?.sendOwn(body);
  }

  /** The circuit has ended or left this peer behind. */
  onOver(reason: CloseReason): void {
    const { handler } = this;
    this.handler = undefined;
    this.#circuit = undefined;
    this.#waiting = undefined;
    handler?.onClose(reason);
  }
}
