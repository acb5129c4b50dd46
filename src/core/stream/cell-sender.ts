import type { Env } from '../env.ts';
import type { CircuitEnd } from '../ports.ts';
import { bodyAround, bodyEcho } from '../wire/channel.ts';
import type { AckKeeper } from './ack-keeper.ts';
import type { CellWindow } from './cell-window.ts';
import type { ChannelPipe } from './channel-pipe.ts';
import { LINK_QUEUE_CELLS } from './constants.ts';
import { ControlCell } from './control-cell.ts';

/**
 * What one end of a circuit has to send, and whose turn it is.
 *
 * 1. A counted cell goes out only while the window has room and the link's queue is short; acks and credit go out without room.
 * 2. Messages to channel 0 go before payloads; channels take turns, a payload each.
 */
export class CellSender {
  readonly #end: CircuitEnd;
  readonly #window: CellWindow;
  readonly #acks: AckKeeper;
  readonly #cells: ControlCell;
  /** Pipes with a payload that waits, by turns. */
  #turns: ChannelPipe[] = [];
  #creditsDue = new Set<ChannelPipe>();
  #messages: Uint8Array[] = [];
  #messagesBytes = 0;
  #pumping = false;
  #stopped = false;
  #sentCells = 0;

  constructor(env: Env, end: CircuitEnd, window: CellWindow, acks: AckKeeper) {
    this.#end = end;
    this.#window = window;
    this.#acks = acks;
    this.#cells = new ControlCell(env);
  }

  get sentCells(): number {
    return this.#sentCells;
  }

  /** Bytes of messages that wait. */
  get messagesBytes(): number {
    return this.#messagesBytes;
  }

  addMessage(message: Uint8Array): void {
    this.#messages.push(message);
    this.#messagesBytes += message.length;
    this.pump();
  }

  addPayloadOf(pipe: ChannelPipe): void {
    this.#turns.push(pipe);
    this.pump();
  }

  addCreditOf(pipe: ChannelPipe): void {
    this.#creditsDue.add(pipe);
    this.pump();
  }

  dropCreditOf(pipe: ChannelPipe): void {
    this.#creditsDue.delete(pipe);
  }

  stop(): void {
    this.#stopped = true;
    this.#turns = [];
    this.#messages = [];
    this.#creditsDue.clear();
  }

  /** Sends what may go now. */
  pump(): void {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    try {
      // An ack that no cell of channel 0 is about to take along goes first: the other side's window waits for it.
      if (this.#messages.length === 0 && !this.#turns.some((pipe) => pipe.number === 0)) this.#sendDue();
      while (!this.#stopped && this.#linkHasRoom && this.#window.hasRoom) if (!this.#sendNext()) break;
      this.#sendDue();
    } finally {
      this.#pumping = false;
    }
  }

  get #linkHasRoom(): boolean {
    return this.#end.queuedCells < LINK_QUEUE_CELLS;
  }

  /** False when nothing waits. */
  #sendNext(): boolean {
    if (this.#messages.length > 0) {
      this.#beginControlCell();
      while (this.#messages[0] !== undefined && this.#cells.add(this.#messages[0])) {
        this.#messagesBytes -= (this.#messages.shift() as Uint8Array).length;
      }
      this.#sendCounted(this.#cells.done());
      return true;
    }
    const pipe = this.#turns.shift();
    const payload = pipe?.take();
    if (pipe === undefined) return false;
    if (payload === undefined) return true;
    if (pipe.number === 0) {
      this.#beginControlCell();
      this.#cells.add(payload);
      this.#sendCounted(this.#cells.done());
    } else {
      this.#sendCounted(bodyAround(pipe.number, payload));
    }
    pipe.onTaken();
    return true;
  }

  #sendCounted(body: Uint8Array): void {
    this.#window.onSent(bodyEcho(body));
    this.#sentCells++;
    this.#end.send(body);
  }

  /** Acks and credit that found no other cell. While the link's queue is full they wait, and the next says what they would have said. */
  #sendDue(): void {
    while (!this.#stopped && (this.#acks.due || this.#creditsDue.size > 0) && this.#linkHasRoom) {
      this.#beginControlCell(Number.POSITIVE_INFINITY);
      this.#sentCells++;
      this.#end.send(this.#cells.done());
    }
  }

  /** Two credits beside a payload, as CONTROL_RESERVE_BYTES has it; in a cell of their own as many as fit. */
  #beginControlCell(mostCredits = 2): void {
    this.#cells.begin();
    if (this.#acks.pending) this.#cells.addAck(this.#acks.take());
    for (const pipe of this.#creditsDue) {
      if (mostCredits-- === 0 || !this.#cells.addCredit(pipe.number, pipe)) break;
      this.#creditsDue.delete(pipe);
    }
  }
}
