import { isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { HandlerSlot } from '../src/adapters/handler-slot.ts';
import { helloIn, withHello } from '../src/adapters/hello-in-url.ts';
import { TRANSPORT_HOLD_BYTES, type TransportDialer } from '../src/core/link/index.ts';
import type { Transport, TransportHandler } from '../src/core/ports.ts';
import { LINK_MESSAGE_MAX_BYTES } from '../src/core/wire/geometry.ts';
import { spent } from './spent-buffers.ts';

/** A name server, a TCP and a TLS handshake on a bad link. */
const DIAL_TIMEOUT_MS = 10_000;

/** A dialler's proof waits so long for what it says first, so that both leave in one piece: to build a first circuit takes it 10 to 40 ms. */
const PROOF_HOLD_MS = 60;

/** No compression: it would tell lengths apart by content, and sealed bytes do not shrink. */
export const WS_OPTIONS = { perMessageDeflate: false, maxPayload: LINK_MESSAGE_MAX_BYTES, skipUTF8Validation: true } as const;

const HALF_BYTES = TRANSPORT_HOLD_BYTES.websocket / 2;

/** An open socket of the `ws` package as a transport, on either side. */
export class WsTransport implements Transport {
  readonly kind = 'websocket';
  readonly binding = undefined;
  readonly maxMessageBytes = LINK_MESSAGE_MAX_BYTES;
  readonly #slot = new HandlerSlot();
  readonly #socket: WebSocket;
  #isHigh = false;
  /** What is below the socket, until the proof is written to it. */
  #proofStream: Duplex | undefined;
  /** Lets go of what is held back. */
  #release: (() => void) | undefined;

  private constructor(
    socket: WebSocket,
    readonly dialled: boolean,
    readonly saidHello: boolean,
  ) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      // A plain view: `Buffer.slice` shares memory where `Uint8Array.slice` copies, and core takes the latter for granted.
      if (isBinary) this.#slot.message(new Uint8Array(data.buffer, data.byteOffset, data.length));
      else this.close();
      spent('received', data.length);
    });
    socket.on('close', (code) => this.#slot.close(`WebSocket closed with code ${code}`));
    socket.on('error', (error) => this.#slot.close(error.message));
  }

  /** @param stream what is below the socket. */
  static dialled(socket: WebSocket, saidHello: boolean, stream: Duplex | undefined): WsTransport {
    const transport = new WsTransport(socket, true, saidHello);
    if (saidHello) transport.#proofStream = stream;
    return transport;
  }

  /** @param target path and query that were asked for. */
  static accepted(socket: WebSocket, target: string): WsTransport {
    const transport = new WsTransport(socket, false, false);
    const hello = helloIn(target);
    if (hello !== undefined) transport.#slot.message(hello);
    return transport;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get handler(): TransportHandler | undefined {
    return this.#slot.handler;
  }

  set handler(handler: TransportHandler | undefined) {
    this.#slot.handler = handler;
  }

  send(message: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const proofStream = this.#proofStream;
    this.#proofStream = undefined;
    if (proofStream !== undefined) this.#hold(proofStream);
    this.#socket.send(message, this.#onSent);
    spent('sent', message.length);
    if (proofStream === undefined) this.#release?.();
    if (this.#socket.bufferedAmount > HALF_BYTES) this.#isHigh = true;
  }

  #hold(stream: Duplex): void {
    stream.cork();
    const release = (): void => {
      clearTimeout(timer);
      this.#release = undefined;
      stream.uncork();
    };
    const timer = setTimeout(release, PROOF_HOLD_MS);
    this.#release = release;
  }

  close(): void {
    this.#socket.close(1000);
    this.#release?.();
    this.#slot.close('closed here');
  }

  readonly #onSent = (): void => {
    if (!this.#isHigh || this.#socket.bufferedAmount > HALF_BYTES) return;
    this.#isHigh = false;
    this.#slot.drain();
  };
}

/** Dials `ws://` and `wss://` addresses from Node. */
export const wsDialer: TransportDialer = {
  handles: ({ url }) => url !== undefined && /^wss?:\/\//.test(url),
  dial: ({ url = '', ip }, signal, hello) =>
    new Promise((resolve, reject) => {
      // Masks keep a page from writing a request into a proxy's cache; our bytes are sealed, so a mask of zeros, which `ws`
      // skips, loses nothing and saves a pass over them.
      const options = { ...WS_OPTIONS, handshakeTimeout: DIAL_TIMEOUT_MS, generateMask: (mask: Buffer) => void mask.fill(0) };
      const socket = new WebSocket(
        hello === undefined ? url : withHello(url, hello),
        ip === undefined ? options : { ...options, lookup: lookupOf(ip) },
      );
      const onAbort = (): void => {
        socket.terminate();
        reject(new GlobalNetError('cancelled', 'the dial was given up'));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      socket.on('error', (cause) => {
        const kind = cause.message.includes('handshake has timed out') ? 'timeout' : 'unreachable';
        reject(new GlobalNetError(kind, whyInWords(cause), { cause }));
      });
      let stream: Duplex | undefined;
      socket.on('upgrade', (response) => {
        stream = response.socket;
      });
      socket.on('open', () => {
        signal?.removeEventListener('abort', onAbort);
        resolve(WsTransport.dialled(socket, hello !== undefined, stream));
      });
    }),
};

/** What `ws` and the system say, for somebody who wonders why nobody answers. */
function whyInWords({ message, code }: NodeJS.ErrnoException): string {
  const status = /server response: (\d+)/.exec(message)?.[1];
  if (status !== undefined) return `a web server is there, and no peer (HTTP ${status})`;
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the name is not known';
  if (message.includes('handshake has timed out')) return 'no answer in time';
  return message || code || 'it cannot be dialled'; // Node gives no message when each of several addresses has failed
}

/** Answers every look-up with one address. */
function lookupOf(ip: string): LookupFunction {
  const family = isIP(ip);
  return (_host, options, done) => {
    if (options.all === true) done(null, [{ address: ip, family }]);
    else done(null, ip, family);
  };
}
