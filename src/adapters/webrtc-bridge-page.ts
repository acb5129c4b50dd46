import { type ErrorKind, GlobalNetError, messageOf } from '../core/bytes/errors.ts';
import type { Transport } from '../core/ports.ts';
import type { RtcOffer, RtcPort } from '../core/signal/types.ts';
import type { BridgeEvent, BridgeRequest } from '../shared/rtc-bridge.ts';
import { BridgeOutbox } from './bridge-outbox.ts';
import { listenTo, type WorkerPort } from './worker-port.ts';

/** One connection of the worker's, on the page. */
interface Held {
  offer?: RtcOffer;
  transport?: Transport;
  /** Handed to the transport since it opened. */
  givenBytes: number;
  /** The last that the worker was told. */
  toldBytes: number;
}

/**
 * The page's side of the bridge: does with `rtc` what the worker at the other end of `port` asks. The transports' bindings
 * must be both fingerprints as they are (`bind: concat`): the worker hashes them.
 */
export class WebRtcBridgePage {
  readonly #port: WorkerPort;
  readonly #rtc: RtcPort;
  readonly #held = new Map<number, Held>();
  readonly #outbox: BridgeOutbox;

  constructor(port: WorkerPort, rtc: RtcPort) {
    this.#port = port;
    this.#rtc = rtc;
    this.#outbox = new BridgeOutbox((batches, transfer) => port.postMessage({ is: 'received', batches } satisfies BridgeEvent, transfer));
    listenTo<BridgeRequest>(port, (request) => this.#on(request));
    this.#tellAttempts();
  }

  /** Closes all connections of the worker at the other end: it has gone. */
  close(): void {
    for (const id of [...this.#held.keys()]) this.#close(id);
    this.#port.close();
  }

  #tell(event: BridgeEvent): void {
    this.#outbox.flush();
    this.#port.postMessage(event, []);
  }

  #tellAttempts(): void {
    this.#tell({ is: 'attempts', left: this.#rtc.attemptsLeft });
  }

  #on(request: BridgeRequest): void {
    if (request.do === 'send') this.#send(request);
    else if (request.do === 'close') this.#close(request.id);
    else
      void this.#connect(request).catch((error: unknown) => {
        if (!this.#held.delete(request.id)) return; // given up by the worker
        const kind: ErrorKind = error instanceof GlobalNetError ? error.kind : 'internal';
        this.#tell({ is: 'failed', id: request.id, kind, message: messageOf(error) });
      });
  }

  async #connect(request: Exclude<BridgeRequest, { do: 'send' } | { do: 'close' }>): Promise<void> {
    const { id } = request;
    if (request.do === 'accept') {
      const offer = this.#held.get(id)?.offer;
      if (offer !== undefined) this.#opened(id, await offer.accept(request.answer));
      return;
    }
    const held: Held = { givenBytes: 0, toldBytes: 0 };
    this.#held.set(id, held);
    const made = await (request.do === 'offer' ? this.#rtc.offer() : this.#rtc.answer(request.offer)).finally(() => this.#tellAttempts());
    if ('accept' in made) held.offer = made;
    if (!this.#held.has(id)) held.offer?.cancel();
    else this.#tell({ is: 'described', id, description: made.description });
    if ('transport' in made) this.#opened(id, await made.transport);
  }

  #opened(id: number, transport: Transport): void {
    const held = this.#held.get(id);
    if (held === undefined) {
      transport.close();
      return;
    }
    held.transport = transport;
    const fingerprints = transport.binding as Uint8Array;
    this.#tell({ is: 'opened', id, fingerprints, maxMessageBytes: transport.maxMessageBytes });
    transport.handler = {
      onMessage: (message) => this.#outbox.add(id, message),
      onDrain: () => this.#tellTaken(id, held, transport),
      onClose: (why) => {
        if (this.#held.delete(id)) this.#tell({ is: 'closed', id, why });
      },
    };
  }

  #send({ batches }: Extract<BridgeRequest, { do: 'send' }>): void {
    for (const { id, messages } of batches) {
      const held = this.#held.get(id);
      if (held?.transport === undefined) continue;
      for (const message of messages) {
        held.givenBytes += message.byteLength;
        held.transport.send(new Uint8Array(message));
      }
      this.#tellTaken(id, held, held.transport);
    }
  }

  #tellTaken(id: number, held: Held, transport: Transport): void {
    const bytes = held.givenBytes - transport.bufferedBytes;
    if (bytes <= held.toldBytes) return;
    held.toldBytes = bytes;
    this.#tell({ is: 'taken', id, bytes });
  }

  #close(id: number): void {
    const held = this.#held.get(id);
    this.#held.delete(id);
    held?.transport?.close();
    if (held?.transport === undefined) held?.offer?.cancel();
  }
}
