import { DecodeError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { CircuitEnd, Pipe } from '../ports.ts';
import { bodyChannel, bodyPayload } from '../wire/cell.ts';
import { bodyEcho, decodeChannelClose, decodeChannelCredit, decodeCircuitAck, encodeChannelClose, messageCounts, newBody } from '../wire/channel.ts';
import { CHANNEL_BYTES, CONTROL_PAYLOAD_BYTES, MESSAGE_HEADER_BYTES } from '../wire/geometry.ts';
import { encodeMessage, type Message, messageLengthBytes, readMessages } from '../wire/message.ts';
import { CLOSE, type CloseReason, MESSAGE } from '../wire/registry.ts';
import { AckKeeper } from './ack-keeper.ts';
import { CellWindow } from './cell-window.ts';
import { ChannelPipe } from './channel-pipe.ts';
import { CHANNEL_GROWTH_MAX, CHANNELS_MAX, LINK_QUEUE_CELLS, MESSAGES_MAX_BYTES } from './constants.ts';
import { ControlCell } from './control-cell.ts';
import type { ChannelsHandler, ChannelsStats } from './types.ts';

/**
 * One end of a circuit as channels with windows; takes over `end.handler`.
 *
 * 1. A counted cell goes out only while the window has room and the link's queue is short; acks and credit go out without room.
 * 2. Messages to channel 0 go before payloads; channels take turns, a payload each.
 * 3. What the spec does not allow ends the circuit, with `CLOSE.ended`.
 */
export class CircuitChannels {
  readonly #env: Env;
  readonly #handler: ChannelsHandler;
  readonly #window: CellWindow;
  readonly #acks: AckKeeper;
  readonly #cells: ControlCell;
  readonly #pipes = new Map<number, ChannelPipe>();
  readonly #control: ChannelPipe;
  /** Pipes with a payload that waits, by turns. */
  #turns: ChannelPipe[] = [];
  #creditsDue = new Set<ChannelPipe>();
  #messages: Uint8Array[] = [];
  #messagesBytes = 0;
  readonly #growth = { left: CHANNEL_GROWTH_MAX };
  #pumping = false;
  #closed = false;
  #sentCells = 0;
  #receivedCells = 0;

  constructor(
    env: Env,
    readonly end: CircuitEnd,
    handler: ChannelsHandler,
  ) {
    this.#env = env;
    this.#handler = handler;
    this.#window = new CellWindow(() => env.now());
    this.#acks = new AckKeeper(env, () => this.#pump());
    this.#cells = new ControlCell(env);
    this.#control = this.#newPipe(0);
    end.handler = {
      onBody: (body) => this.#guard(() => this.#onBody(body)),
      onDrain: () => this.#guard(() => this.#pump()),
      onClose: (reason) => this.#finish(reason),
    };
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Stream messages of channel 0; has no credit of its own (each stream has). Payloads come in any length up to the cell's. */
  get control(): Pipe {
    return this.#control;
  }

  get canOpen(): boolean {
    return !this.#closed && this.#pipes.size < CHANNELS_MAX;
  }

  get stats(): ChannelsStats {
    let heldPayloads = 0;
    for (const pipe of this.#pipes.values()) heldPayloads += pipe.heldPayloads;
    return {
      sentCells: this.#sentCells,
      receivedCells: this.#receivedCells,
      cellsInFlight: this.#window.inFlight,
      windowCells: this.#window.control.windowCells,
      roundTripMs: this.#window.control.roundTripMs,
      minRoundTripMs: this.#window.control.leastRoundTripMs,
      channels: this.#pipes.size,
      heldPayloads,
    };
  }

  /**
   * The pipe of a channel ≥ 1, the same at every call while it stands; opens it where it is new. A number is used once per circuit.
   * Payloads that come before `handler` is set wait for it.
   * @throws RangeError for 0, a closed circuit, or more than CHANNELS_MAX (see `canOpen`).
   */
  channel(number: number): Pipe {
    const known = this.#pipes.get(number);
    if (known !== undefined) return known;
    if (number === 0 || !this.canOpen) throw new RangeError(`channel ${number} cannot be opened: ${this.#pipes.size} are open`);
    const pipe = this.#newPipe(number);
    this.#pipes.set(number, pipe);
    return pipe;
  }

  /** Queues a message for the other end's `onMessage`. @throws RangeError when it does not fit in a cell, or is of a type that does not count. */
  sendMessage(type: number, content: Uint8Array): void {
    const lengthBytes = messageLengthBytes(content.length);
    if (lengthBytes > CONTROL_PAYLOAD_BYTES) throw new RangeError(`a message of ${lengthBytes} bytes, ${CONTROL_PAYLOAD_BYTES} fit in a cell`);
    if (!messageCounts(type)) throw new RangeError(`messages of type ${type} are not sent in this way`);
    if (this.#closed) return;
    this.#messages.push(encodeMessage(type, content));
    this.#messagesBytes += lengthBytes;
    if (this.#messagesBytes > MESSAGES_MAX_BYTES) this.#fail('messages pile up: the other end does not ack');
    else this.#pump();
  }

  /** Messages of early or reply data, as if they had come in channel 0; not counted, so neither acks nor credit may be among them. */
  acceptMessages(messages: Uint8Array): void {
    this.#guard(() => {
      this.#acceptControl(messages, false);
    });
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.end.close(reason);
    this.#finish(reason);
  }

  #newPipe(number: number): ChannelPipe {
    const window = this.#window;
    return new ChannelPipe(
      {
        now: () => this.#env.now(),
        get roundTripMs() {
          return window.control.roundTripMs;
        },
        growth: this.#growth,
        onQueued: (pipe) => {
          this.#turns.push(pipe);
          this.#pump();
        },
        onCreditDue: (pipe) => {
          this.#creditsDue.add(pipe);
          this.#pump();
        },
        onClosedHere: (pipe, reason) => this.#onClosedHere(pipe, reason),
      },
      number,
    );
  }

  #onClosedHere(pipe: ChannelPipe, reason: CloseReason): void {
    if (pipe.number === 0) return this.close(reason);
    this.#remove(pipe);
    this.sendMessage(MESSAGE.channelClose, encodeChannelClose({ channel: pipe.number, reason }));
  }

  #remove(pipe: ChannelPipe): void {
    this.#pipes.delete(pipe.number);
    this.#creditsDue.delete(pipe);
  }

  // ------------------------------------------------------------ in

  /** Bad bytes are the other side's doing, anything else a fault of ours; neither may reach the link. */
  #guard(take: () => void): void {
    if (this.#closed) return;
    try {
      take();
    } catch (error) {
      if (!(error instanceof DecodeError)) this.#env.log('error', 'stream', `${this.end.name}: ${String(error)}`);
      this.#fail(error instanceof DecodeError ? error.message : 'a handler failed');
    }
  }

  #fail(why: string): void {
    this.#env.log('debug', 'stream', `${this.end.name} ends: ${why}`);
    this.close(CLOSE.ended);
  }

  #onBody(body: Uint8Array): void {
    this.#receivedCells++;
    const channel = bodyChannel(body);
    const echo = bodyEcho(body);
    if (channel === 0) {
      if (this.#acceptControl(bodyPayload(body), true)) this.#acks.onCounted(echo);
      return;
    }
    this.#acks.onCounted(echo);
    // Of a channel that was closed here, payloads may still be on their way: nothing happens to them.
    const pipe = this.#pipes.get(channel);
    if (pipe !== undefined && !pipe.accept(bodyPayload(body))) this.#fail(`channel ${channel} was sent more than its credit`);
  }

  /** True when the cell counts. Stream messages that stand together are passed on together. */
  #acceptControl(payload: Uint8Array, inCell: boolean): boolean {
    let counts = false;
    let start = 0;
    let end = 0;
    const flush = (): void => {
      if (end > start && !this.#control.accept(payload.subarray(start, end))) this.#fail('nobody reads the stream messages of channel 0');
    };
    for (const message of readMessages(payload)) {
      if (this.#closed) return false;
      counts ||= messageCounts(message.type);
      const at = message.content.byteOffset - payload.byteOffset - MESSAGE_HEADER_BYTES;
      if (message.type >= MESSAGE.streamOpen) {
        if (at !== end) start = at;
        end = at + MESSAGE_HEADER_BYTES + message.content.length;
        continue;
      }
      flush();
      start = end = 0;
      this.#onMessage(message, inCell);
    }
    flush();
    return counts;
  }

  #onMessage({ type, content }: Message, inCell: boolean): void {
    if (type > MESSAGE.channelClose) return this.#handler.onMessage(type, content);
    if (!inCell) return this.#fail('acks and credit belong in cells');
    if (type === MESSAGE.circuitAck) {
      if (!this.#window.onAck(decodeCircuitAck(content))) return this.#fail('an ack of what was not received');
      this.#pump();
    } else if (type === MESSAGE.channelCredit) {
      const credit = decodeChannelCredit(content);
      this.#pipes.get(credit.channel)?.onCredit(credit.limit);
    } else {
      const close = decodeChannelClose(content);
      const pipe = this.#pipes.get(close.channel);
      if (pipe === undefined) return;
      this.#remove(pipe);
      pipe.onClosedThere(close.reason);
    }
  }

  #finish(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#acks.stop();
    const pipes = [this.#control, ...this.#pipes.values()];
    this.#pipes.clear();
    this.#turns = [];
    this.#messages = [];
    for (const pipe of pipes) pipe.onClosedThere(reason);
    this.#handler.onClose?.(reason);
  }

  // ------------------------------------------------------------ out

  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    try {
      // An ack that no cell of channel 0 is about to take along goes first: the other side's window waits for it.
      if (this.#messages.length === 0 && !this.#turns.includes(this.#control)) this.#sendDue();
      while (!this.#closed && this.#linkHasRoom && this.#window.hasRoom) if (!this.#sendNext()) break;
      this.#sendDue();
    } finally {
      this.#pumping = false;
    }
  }

  get #linkHasRoom(): boolean {
    return this.end.queuedCells < LINK_QUEUE_CELLS;
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
    if (pipe === this.#control) {
      this.#beginControlCell();
      this.#cells.add(payload);
      this.#sendCounted(this.#cells.done());
    } else {
      const body = newBody(pipe.number);
      body.set(payload, CHANNEL_BYTES);
      this.#sendCounted(body);
    }
    pipe.onTaken();
    return true;
  }

  #sendCounted(body: Uint8Array): void {
    this.#window.onSent(bodyEcho(body));
    this.#sentCells++;
    this.end.send(body);
  }

  /** Acks and credit that found no other cell. While the link's queue is full they wait, and the next says what they would have said. */
  #sendDue(): void {
    while (!this.#closed && (this.#acks.due || this.#creditsDue.size > 0) && this.#linkHasRoom) {
      this.#beginControlCell(Number.POSITIVE_INFINITY);
      this.#sentCells++;
      this.end.send(this.#cells.done());
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
