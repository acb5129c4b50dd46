import type { Env } from '../env.ts';
import { type CircuitAck, encodeChannelCredit, encodeCircuitAck, newBody, setBodyEcho } from '../wire/channel.ts';
import { CHANNEL_BYTES, CHANNEL_CREDIT_BYTES, ECHO_BYTES } from '../wire/geometry.ts';
import { messageLengthBytes, writeMessage } from '../wire/message.ts';
import { MESSAGE } from '../wire/registry.ts';

/** Random bytes are drawn for so many cells at a time: a call for each would show on the hot path. */
const ECHOES_DRAWN = 64;

/** Builds bodies of channel 0, one after another: messages, padding, and an echo that nobody can guess. */
export class ControlCell {
  readonly #env: Env;
  #body = newBody(0);
  #offset = CHANNEL_BYTES;
  #echoes: DataView = new DataView(new ArrayBuffer(0));
  #echoAt = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  begin(): void {
    this.#body = newBody(0);
    this.#offset = CHANNEL_BYTES;
  }

  addAck(ack: CircuitAck): void {
    this.#offset = writeMessage(this.#body, this.#offset, MESSAGE.circuitAck, encodeCircuitAck(ack));
  }

  /** False, and the limit is not told, when it does not fit. */
  addCredit(channel: number, pipe: { tellLimit(): number }): boolean {
    if (messageLengthBytes(CHANNEL_CREDIT_BYTES) > this.#leftBytes) return false;
    this.#offset = writeMessage(this.#body, this.#offset, MESSAGE.channelCredit, encodeChannelCredit({ channel, limit: pipe.tellLimit() }));
    return true;
  }

  /** Whole messages as they are; false when they do not fit. */
  add(messages: Uint8Array): boolean {
    if (messages.length > this.#leftBytes) return false;
    this.#body.set(messages, this.#offset);
    this.#offset += messages.length;
    return true;
  }

  done(): Uint8Array {
    setBodyEcho(this.#body, this.#nextEcho());
    return this.#body;
  }

  get #leftBytes(): number {
    return this.#body.length - ECHO_BYTES - 1 - this.#offset;
  }

  #nextEcho(): number {
    if (this.#echoAt === this.#echoes.byteLength) {
      const drawn = this.#env.random(ECHOES_DRAWN * ECHO_BYTES);
      this.#echoes = new DataView(drawn.buffer, drawn.byteOffset, drawn.length);
      this.#echoAt = 0;
    }
    const echo = this.#echoes.getUint32(this.#echoAt);
    this.#echoAt += ECHO_BYTES;
    return echo;
  }
}
