import { EMPTY } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { CircuitEnd, Pipe } from '../ports.ts';
import { bodyChannel, bodyPayload } from '../wire/cell.ts';
import { bodyEcho, decodeChannelClose, decodeChannelCredit, decodeCircuitAck, encodeChannelClose, messageCounts } from '../wire/channel.ts';
import { CONTROL_PAYLOAD_BYTES } from '../wire/geometry.ts';
import { encodeMessage, type Message, messageLengthBytes } from '../wire/message.ts';
import { CLOSE, type CloseReason, MESSAGE } from '../wire/registry.ts';
import { AckKeeper } from './ack-keeper.ts';
import { CellSender } from './cell-sender.ts';
import { CellWindow } from './cell-window.ts';
import { ChannelPipe } from './channel-pipe.ts';
import { CHANNEL_GROWTH_MAX, CHANNELS_MAX, HELD_PAYLOADS_MAX, MESSAGES_MAX_BYTES } from './constants.ts';
import { GrowthBudget } from './growth.ts';
import { type ControlReader, readControl } from './control-reader.ts';
import { isSilent } from './silence.ts';
import type { ChannelsHandler, ChannelsStats } from './types.ts';

/**
 * One end of a circuit as channels with windows; `start` takes over `end.handler`. What the spec does not allow ends the circuit, with
 * `CLOSE.ended`.
 */
export class CircuitChannels {
  readonly #env: Env;
  readonly #handler: ChannelsHandler;
  readonly #window: CellWindow;
  readonly #acks: AckKeeper;
  readonly #sender: CellSender;
  readonly #cellReader = this.#reader(true);
  readonly #pipes = new Map<number, ChannelPipe>();
  readonly #control: ChannelPipe;
  readonly #growth = new GrowthBudget(CHANNEL_GROWTH_MAX);
  readonly #held = { payloads: 0 };
  #closed = false;
  #receivedCells = 0;
  #heardAtMs = 0;

  constructor(
    env: Env,
    readonly end: CircuitEnd,
    handler: ChannelsHandler,
  ) {
    this.#env = env;
    this.#handler = handler;
    this.#window = new CellWindow(() => env.now());
    this.#acks = new AckKeeper(env, () => this.#sender.pump());
    this.#sender = new CellSender(env, end, this.#window, this.#acks);
    this.#control = this.#newPipe(0);
  }

  /**
   * Once, when whoever takes what comes is in place: first the messages of early or reply data, as if they had come in channel 0 (not counted,
   * so neither acks nor credit may be among them), then the cells behind them, of which some may have come already.
   */
  start(first: Uint8Array = EMPTY): void {
    this.#guard(() => void readControl(first, this.#reader(false)));
    if (this.#closed) return;
    this.end.handler = {
      onBody: (body) => this.#guard(() => this.#onBody(body)),
      onDrain: () => this.#guard(() => this.#sender.pump()),
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
    return {
      sentCells: this.#sender.sentCells,
      receivedCells: this.#receivedCells,
      cellsInFlight: this.#window.inFlight,
      unheardMs: this.#env.now() - Math.max(this.#window.waitingSinceMs, this.#heardAtMs),
      windowCells: this.#window.control.windowCells,
      roundTripMs: this.#window.control.roundTripMs,
      minRoundTripMs: this.#window.control.leastRoundTripMs,
      channels: this.#pipes.size,
      heldPayloads: this.#held.payloads,
    };
  }

  /** As the function of this name. */
  isSilent(leastMs: number, roundTrips: number): boolean {
    return isSilent(this.stats, leastMs, roundTrips);
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
    if (lengthBytes > CONTROL_PAYLOAD_BYTES)
      throw new RangeError(`a message of ${lengthBytes} bytes, ${CONTROL_PAYLOAD_BYTES} fit in a cell`);
    if (!messageCounts(type)) throw new RangeError(`messages of type ${type} are not sent in this way`);
    if (this.#closed) return;
    this.#sender.addMessage(encodeMessage(type, content));
    if (this.#sender.messagesBytes > MESSAGES_MAX_BYTES) this.#fail('messages pile up: the other end does not ack');
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
        held: this.#held,
        onQueued: (pipe) => this.#sender.addPayloadOf(pipe),
        onCreditDue: (pipe) => this.#sender.addCreditOf(pipe),
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

  #closeFullest(): void {
    const fullest = [...this.#pipes.values()].reduce((a, b) => (b.heldPayloads > a.heldPayloads ? b : a));
    fullest.onClosedThere(CLOSE.budget);
    this.#onClosedHere(fullest, CLOSE.budget);
  }

  #remove(pipe: ChannelPipe): void {
    this.#pipes.delete(pipe.number);
    this.#sender.dropCreditOf(pipe);
  }

  // ------------------------------------------------------------ in

  #reader(inCell: boolean): ControlReader {
    return {
      closed: () => this.#closed,
      onStreams: (messages) => {
        if (!this.#control.accept(messages)) this.#fail('nobody reads the stream messages of channel 0');
      },
      onMessage: (message) => this.#onMessage(message, inCell),
    };
  }

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
    this.#heardAtMs = this.#env.now();
    const channel = bodyChannel(body);
    const echo = bodyEcho(body);
    if (channel === 0) {
      if (readControl(bodyPayload(body), this.#cellReader)) this.#acks.onCounted(echo);
      return;
    }
    this.#acks.onCounted(echo);
    // Of a channel that was closed here, payloads may still be on their way: nothing happens to them.
    const pipe = this.#pipes.get(channel);
    if (pipe !== undefined && !pipe.accept(bodyPayload(body))) this.#fail(`channel ${channel} was sent more than its credit`);
    if (this.#held.payloads > HELD_PAYLOADS_MAX) this.#closeFullest();
  }

  #onMessage({ type, content }: Message, inCell: boolean): void {
    if (type > MESSAGE.channelClose) return this.#handler.onMessage(type, content);
    if (!inCell) return this.#fail('acks and credit belong in cells');
    if (type === MESSAGE.circuitAck) {
      if (!this.#window.onAck(decodeCircuitAck(content))) return this.#fail('an ack of what was not received');
      this.#sender.pump();
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
    this.#sender.stop();
    for (const pipe of pipes) pipe.onClosedThere(reason);
    this.#handler.onClose?.(reason);
  }
}
