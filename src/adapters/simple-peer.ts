/** What we use of simple-peer 9.11, two of its inner parts included: its own types would bring Node's into the page. */

export interface SimplePeer {
  readonly destroyed: boolean;
  /** Bytes that wait in the data channel. */
  readonly bufferSize: number;
  /** From `connect` on until it is destroyed. */
  readonly _channel: DataChannel;
  on(event: 'signal', listener: (data: SignalData) => void): void;
  on(event: 'connect' | 'close', listener: () => void): void;
  on(event: 'data', listener: (data: Uint8Array) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  /** @throws Error when destroyed. */
  signal(data: SignalData): void;
  /** @throws when the channel is not open. */
  send(message: Uint8Array): void;
  destroy(): void;
}

export interface DataChannel {
  bufferedAmountLowThreshold: number;
  addEventListener(event: 'bufferedamountlow', listener: () => void): void;
  close(): void;
}

export interface SignalData {
  type: 'offer' | 'answer';
  sdp: string;
}

export interface SimplePeerOptions {
  initiator: boolean;
  /** False: one description with all candidates instead of many messages. */
  trickle: boolean;
  iceCompleteTimeout: number;
  /** Keeps the stream from joining messages. */
  objectMode: boolean;
  channelName: string;
  config: { iceServers: { urls: string }[] };
  /** The WebRTC of Node; a page has its own. */
  wrtc?: object;
}

export type SimplePeerConstructor = new (options: SimplePeerOptions) => SimplePeer;
