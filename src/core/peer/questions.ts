import type { PeerId } from '../bytes/brand.ts';
import { EMPTY } from '../bytes/bytes.ts';
import type { Env } from '../env.ts';
import type { Ask, ByteStream, OpenedCircuit, PeerStreams } from '../ports.ts';
import { ask, CircuitChannels, Session } from '../stream/index.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { EARLY_DATA_MAX_BYTES } from '../wire/geometry.ts';
import { CLOSE, END, type StreamKind } from '../wire/registry.ts';
import type { Circuits } from './circuits.ts';
import { ASK_TIMEOUT_MS, DIRECT_IDLE_MS } from './constants.ts';

interface Direct {
  readonly session: Session;
  readonly opened: Promise<void>;
}

/** Streams to peers for what the network itself has to ask: directory, DHT, signalling. */
export class Questions implements PeerStreams {
  /** Sessions on one-hop circuits to linked peers, kept for the next question. */
  readonly #direct = new Map<PeerId, Direct>();

  constructor(
    private readonly env: Env,
    private readonly circuits: Circuits,
    private readonly descriptorOf: (peer: PeerId) => Descriptor,
  ) {}

  async open(target: PeerId, kind: StreamKind, via: 'circuit' | 'link', request: Uint8Array): Promise<ByteStream> {
    const { session, opened } = via === 'link' ? this.#directTo(target) : { session: this.#newSession(), opened: undefined };
    const stream = session.open(kind, request);
    await (opened ?? this.#carry(session, target));
    return stream;
  }

  /** The question rides in the setup packet: it takes one round trip. */
  readonly ask: Ask = async (target, kind, via, request, maxAnswerBytes) => {
    const { session, opened } = via === 'link' ? this.#directTo(target) : { session: this.#newSession(), opened: undefined };
    const answer = ask(this.env, session.open(kind, EMPTY), request, maxAnswerBytes, ASK_TIMEOUT_MS);
    answer.catch(() => undefined); // awaited below, once there is a circuit
    try {
      await (opened ?? this.#carry(session, target));
      return await answer;
    } finally {
      if (opened === undefined) session.end(END.done);
    }
  };

  #newSession(onEnd?: () => void): Session {
    const session: Session = new Session(this.env, {
      opener: true,
      onStream: (stream) => stream.reset(END.refused),
      onDetach: () => session.end(END.sessionLost), // asked again by whoever asked, down another circuit
      ...(onEnd === undefined ? {} : { onEnd }),
    });
    this.#endWhenIdle(session);
    return session;
  }

  /** A circuit of its own for the session, so that no two questions are seen to come from one asker. */
  async #carry(session: Session, target: PeerId): Promise<void> {
    try {
      this.#join(session, await this.circuits.openTo({ peer: target }, session.takeEarly(EARLY_DATA_MAX_BYTES), 'question'));
    } catch (error) {
      session.end(END.unreachable);
      throw error;
    }
  }

  /** At once, so that what is asked in this turn rides in the setup packet. */
  #directTo(target: PeerId): Direct {
    const known = this.#direct.get(target);
    if (known !== undefined) return known;
    const session = this.#newSession(() => this.#direct.delete(target));
    const direct = { session, opened: this.#openDirect(session, target) };
    direct.opened.catch(() => undefined); // told to whoever asks
    this.#direct.set(target, direct);
    return direct;
  }

  async #openDirect(session: Session, target: PeerId): Promise<void> {
    try {
      await Promise.resolve();
      this.#join(session, await this.circuits.openDirect(target, this.descriptorOf(target), session.takeEarly(EARLY_DATA_MAX_BYTES)));
    } catch (error) {
      session.end(END.unreachable);
      throw error;
    }
  }

  #join(session: Session, { end, reply }: OpenedCircuit): void {
    const channels: CircuitChannels = new CircuitChannels(this.env, end, { onMessage: () => channels.close(CLOSE.ended) });
    session.attach(channels.control);
    channels.start(reply);
  }

  #endWhenIdle(session: Session): void {
    this.env.schedule(DIRECT_IDLE_MS, () => {
      if (session.ended) return;
      if (session.stats.streams > 0) this.#endWhenIdle(session);
      else session.end(END.done);
    });
  }
}
