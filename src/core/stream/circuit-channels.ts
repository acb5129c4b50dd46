import type { Env } from '../env.ts';
import type { CircuitEnd, Pipe } from '../ports.ts';
import type { CloseReason } from '../wire/registry.ts';
import type { ChannelsHandler, ChannelsStats } from './types.ts';

/** One end of a circuit as channels with windows; takes over `end.handler`. */
export declare class CircuitChannels {
  constructor(env: Env, end: CircuitEnd, handler: ChannelsHandler);
  readonly end: CircuitEnd;
  readonly closed: boolean;
  readonly stats: ChannelsStats;
  /** Stream messages of channel 0; has no credit of its own (each stream has). Received payloads are of any length up to the cell's. */
  readonly control: Pipe;
  /** The pipe of a channel ≥ 1; opens it where it is new. A number is used once per circuit. Payloads that come before `handler`
   * is set wait for it. @throws RangeError for 0, a closed circuit, or CHANNELS_MAX open ones (see `canOpen`). */
  channel(number: number): Pipe;
  readonly canOpen: boolean;
  /** Queues a message for the other end's `onMessage`. @throws RangeError when it is longer than a cell. */
  sendMessage(type: number, content: Uint8Array): void;
  /** Messages of early or reply data, as if they had come in channel 0. */
  acceptMessages(messages: Uint8Array): void;
  close(reason: CloseReason): void;
}
