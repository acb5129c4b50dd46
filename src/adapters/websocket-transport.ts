import { GlobalNetError } from '../core/bytes/errors.ts';
import { TRANSPORT_HOLD_BYTES, type TransportDialer } from '../core/link/index.ts';
import type { Transport, TransportHandler } from '../core/ports.ts';
import { LINK_MESSAGE_MAX_BYTES } from '../core/wire/geometry.ts';
import { HandlerSlot } from './handler-slot.ts';
import { withHello } from './hello-in-url.ts';

/** A name server, a TCP and a TLS handshake on a bad link. */
const DIAL_TIMEOUT_MS = 10_000;
/** The platform's WebSocket has no drain event. A hidden tab's worker is given a timer ten times a second at worst. */
const DRAIN_POLL_MS = 5;

const HALF_BYTES = TRANSPORT_HOLD_BYTES.websocket / 2;

/** An open WebSocket of a page or worker as a transport. */
class WebSocketTransport implements Transport {
  readonly kind = 'websocket';
  readonly dialled = true;
  readonly binding = undefined;
  readonly maxMessageBytes = LINK_MESSAGE_MAX_BYTES;
  readonly #slot = new HandlerSlot();
  readonly #socket: WebSocket;
  #isHigh = false;

  constructor(
    socket: WebSocket,
    readonly saidHello: boolean,
  ) {
    this.#socket = socket;
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer)) {
        this.close();
        return;
      }
      this.#drained(); // what comes in is often the answer to what has drained
      this.#slot.message(new Uint8Array(data));
    };
    socket.onclose = ({ code }) => this.#slot.close(`WebSocket closed with code ${code}`);
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
    this.#socket.send(message as Uint8Array<ArrayBuffer>);
    if (this.#isHigh || this.#socket.bufferedAmount <= HALF_BYTES) return;
    this.#isHigh = true;
    const poll = setInterval(() => {
      if (this.#drained() || this.#slot.closed) clearInterval(poll);
    }, DRAIN_POLL_MS);
  }

  close(): void {
    this.#socket.close(1000);
    this.#slot.close('closed here');
  }

  /** Tells of a drain once; true when nothing is to be waited for. */
  #drained(): boolean {
    if (!this.#isHigh) return true;
    if (this.#socket.bufferedAmount > HALF_BYTES) return false;
    this.#isHigh = false;
    this.#slot.drain();
    return true;
  }
}

/** An https page may open plain `ws` to loopback only (mixed content). */
function mayDial(url: string): boolean {
  if (url.startsWith('wss://')) return true;
  return (
    url.startsWith('ws://') && (globalThis.location?.protocol !== 'https:' || /^ws:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(url))
  );
}

/** Dials `ws://` and `wss://` addresses from a page or worker. */
export const webSocketDialer: TransportDialer = {
  handles: ({ url }) => url !== undefined && mayDial(url),
  dial: ({ url = '' }, signal, hello) =>
    new Promise((resolve, reject) => {
      let socket: WebSocket;
      try {
        socket = new WebSocket(hello === undefined ? url : withHello(url, hello));
      } catch (cause) {
        reject(new GlobalNetError('unsupported', `this page may not open ${url}`, { cause }));
        return;
      }
      socket.binaryType = 'arraybuffer';
      const fail = (error: GlobalNetError): void => {
        clearTimeout(deadline);
        socket.onclose = null;
        socket.close();
        reject(error);
      };
      const deadline = setTimeout(
        () => fail(new GlobalNetError('timeout', `${url} did not answer in ${DIAL_TIMEOUT_MS} ms`)),
        DIAL_TIMEOUT_MS,
      );
      const onAbort = (): void => fail(new GlobalNetError('cancelled', 'the dial was given up'));
      signal?.addEventListener('abort', onAbort, { once: true });
      socket.onclose = () => fail(new GlobalNetError('unreachable', `${url} does not answer`));
      socket.onopen = () => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', onAbort);
        resolve(new WebSocketTransport(socket, hello !== undefined));
      };
    }),
};
