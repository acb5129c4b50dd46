import { GlobalNetError } from '../core/bytes/errors.ts';
import { TRANSPORT_HOLD_BYTES } from '../core/link/constants.ts';
import type { Transport, TransportHandler } from '../core/ports.ts';
import type { RtcAnswer, RtcOffer, RtcPort } from '../core/signal/types.ts';
import { HASH_BYTES } from '../core/wire/geometry.ts';
import type { BridgeEvent, BridgeRequest } from '../shared/rtc-bridge.ts';
import { BridgeOutbox } from './bridge-outbox.ts';
import { HandlerSlot } from './handler-slot.ts';
import { listenTo, type WorkerPort } from './worker-port.ts';

type Bind = (offererFingerprint: Uint8Array, answererFingerprint: Uint8Array) => Uint8Array;
type Settle<T> = { resolve(value: T): void; reject(error: Error): void };

/** A connection whose page has not said yet how it went. */
interface Waiting {
  readonly dialled: boolean;
  readonly described: Settle<Uint8Array>;
  readonly opened: Settle<Transport>;
}

/** The worker's side of the bridge: the page's WebRTC as if it were here. `bind` is `rtcBinding`. */
export class WebRtcBridge implements RtcPort {
  attemptsLeft = 0;
  readonly #port: WorkerPort;
  readonly #bind: Bind;
  readonly #waiting = new Map<number, Waiting>();
  readonly #open = new Map<number, BridgedTransport>();
  readonly #outbox: BridgeOutbox;
  #lastId = 0;

  constructor(port: WorkerPort, bind: Bind) {
    this.#port = port;
    this.#bind = bind;
    this.#outbox = new BridgeOutbox((batches, transfer) => port.postMessage({ do: 'send', batches } satisfies BridgeRequest, transfer));
    listenTo<BridgeEvent>(port, (event) => this.#on(event));
  }

  async offer(): Promise<RtcOffer> {
    const id = ++this.#lastId;
    const { described, opened } = this.#wait(id, true);
    this.#ask({ do: 'offer', id });
    return {
      description: await described,
      accept: (answer) => {
        this.#ask({ do: 'accept', id, answer });
        return opened;
      },
      cancel: () => {
        if (this.#waiting.delete(id)) this.#ask({ do: 'close', id });
      },
    };
  }

  async answer(offer: Uint8Array): Promise<RtcAnswer> {
    const id = ++this.#lastId;
    const { described, opened } = this.#wait(id, false);
    this.#ask({ do: 'answer', id, offer });
    return { description: await described, transport: opened };
  }

  #wait(id: number, dialled: boolean): { described: Promise<Uint8Array>; opened: Promise<Transport> } {
    const [described, describedSettle] = deferred<Uint8Array>();
    const [opened, openedSettle] = deferred<Transport>();
    this.#waiting.set(id, { dialled, described: describedSettle, opened: openedSettle });
    return { described, opened };
  }

  #ask(request: BridgeRequest): void {
    this.#outbox.flush();
    this.#port.postMessage(request, []);
  }

  #on(event: BridgeEvent): void {
    if (event.is === 'attempts') this.attemptsLeft = event.left;
    else if (event.is === 'received') {
      for (const { id, messages } of event.batches) for (const message of messages) this.#open.get(id)?.receive(new Uint8Array(message));
    } else if (event.is === 'taken') this.#open.get(event.id)?.taken(event.bytes);
    else if (event.is === 'closed') {
      this.#open.get(event.id)?.lose(event.why);
      this.#open.delete(event.id);
    } else this.#onWaited(event);
  }

  #onWaited(event: Extract<BridgeEvent, { is: 'described' | 'opened' | 'failed' }>): void {
    const waiting = this.#waiting.get(event.id);
    if (waiting === undefined) return;
    if (event.is === 'described') waiting.described.resolve(event.description);
    else {
      this.#waiting.delete(event.id);
      if (event.is === 'opened') waiting.opened.resolve(this.#transport(event, waiting.dialled));
      else {
        const error = new GlobalNetError(event.kind, event.message);
        waiting.described.reject(error);
        waiting.opened.reject(error);
      }
    }
  }

  #transport({ id, fingerprints, maxMessageBytes }: Extract<BridgeEvent, { is: 'opened' }>, dialled: boolean): Transport {
    const binding = this.#bind(fingerprints.subarray(0, HASH_BYTES), fingerprints.subarray(HASH_BYTES));
    const transport = new BridgedTransport(dialled, binding, maxMessageBytes, {
      send: (message) => this.#outbox.add(id, message),
      close: () => {
        this.#open.delete(id);
        this.#ask({ do: 'close', id });
      },
    });
    this.#open.set(id, transport);
    return transport;
  }
}

/** A data channel of the page's. What the page has not yet passed on counts as buffered here. */
class BridgedTransport implements Transport {
  readonly kind = 'webrtc';
  bufferedBytes = 0;
  readonly #slot = new HandlerSlot();
  readonly #effects: { send(message: Uint8Array): void; close(): void };
  #sentBytes = 0;

  constructor(
    readonly dialled: boolean,
    readonly binding: Uint8Array,
    readonly maxMessageBytes: number,
    effects: { send(message: Uint8Array): void; close(): void },
  ) {
    this.#effects = effects;
  }

  get handler(): TransportHandler | undefined {
    return this.#slot.handler;
  }

  set handler(handler: TransportHandler | undefined) {
    this.#slot.handler = handler;
  }

  send(message: Uint8Array): void {
    if (this.#slot.closed) return;
    this.#sentBytes += message.length;
    this.bufferedBytes += message.length;
    this.#effects.send(message);
  }

  close(): void {
    if (this.#slot.closed) return;
    this.#slot.close('closed here');
    this.#effects.close();
  }

  receive(message: Uint8Array): void {
    this.#slot.message(message);
  }

  lose(why: string): void {
    this.#slot.close(why);
  }

  taken(bytes: number): void {
    const half = TRANSPORT_HOLD_BYTES.webrtc / 2;
    const wasHigh = this.bufferedBytes > half;
    this.bufferedBytes = this.#sentBytes - bytes;
    if (wasHigh && this.bufferedBytes <= half) this.#slot.drain();
  }
}

function deferred<T>(): [Promise<T>, Settle<T>] {
  let settle: Settle<T> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {}); // one of the two may have nobody who waits
  return [promise, settle as unknown as Settle<T>];
}
