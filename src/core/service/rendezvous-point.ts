import { hex } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import { type Env, lookEvery } from '../env.ts';
import { CLOSE, CONNECT, ESTABLISH, MESSAGE } from '../wire/registry.ts';
import {
  decodeConnect,
  decodeEstablish,
  encodeConnectOk,
  encodeEstablished,
  encodeIncoming,
  helloPayloads,
  rendezvousTag,
  type Connect,
} from '../wire/rendezvous.ts';
import { HOST_LOOK_MS, HOST_SILENT_MS, HOST_SILENT_ROUND_TRIPS, POINT_SERVICES_MAX, POINT_VISITORS_MAX } from './constants.ts';
import type { Channels } from './ports.ts';
import { Splice } from './splice.ts';
import { workHolds } from './work.ts';

/** A hop on the service's way hangs, or the service itself: the circuit is not ended, it may only be late. */
function isSilent({ circuit }: WaitingService): boolean {
  return circuit.isSilent(HOST_SILENT_MS, HOST_SILENT_ROUND_TRIPS);
}

interface WaitingService {
  readonly tag: string;
  readonly circuit: Channels;
  effort: number;
  lastChannel: number;
  /** For want of work, since the service was told. */
  turnedAway: number;
  readonly splices: Set<Splice>;
}

export interface PointLimits {
  readonly services: number;
  readonly visitorsOfOne: number;
}

type Answer = (type: number, content: Uint8Array) => void;

/**
 * The relay's part when it is last hop of a service's or a visitor's circuit: it keeps which circuit waits under which tag, and
 * splices channels. It reads neither hello nor payloads.
 */
export class RendezvousPoint {
  readonly #env: Env;
  readonly #limits: PointLimits;
  readonly #services = new Map<string, WaitingService>();
  readonly #byCircuit = new Map<Channels, WaitingService>();
  readonly #visitors = new Map<Channels, Splice>();
  #looks = false;

  constructor(env: Env, limits: PointLimits = { services: POINT_SERVICES_MAX, visitorsOfOne: POINT_VISITORS_MAX }) {
    this.#env = env;
    this.#limits = limits;
  }

  get stats(): { services: number; visitors: number } {
    return { services: this.#services.size, visitors: this.#visitors.size };
  }

  /**
   * A message of channel 0 from a circuit's builder. False when it is none of a point's.
   * @param answer is called at most once, before this returns; for early messages its place is the reply.
   */
  onMessage(circuit: Channels, type: number, content: Uint8Array, answer: Answer): boolean {
    try {
      if (type === MESSAGE.establish) this.#establish(circuit, content, answer);
      else if (type === MESSAGE.connect) this.#connect(circuit, decodeConnect(content), answer);
      else return false;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      circuit.close(CLOSE.ended);
    }
    return true;
  }

  /** The circuit has ended. */
  onClose(circuit: Channels): void {
    const service = this.#byCircuit.get(circuit);
    if (service !== undefined) this.#drop(service);
    this.#visitors.get(circuit)?.close(CLOSE.linkLost);
  }

  #establish(circuit: Channels, content: Uint8Array, answer: Answer): void {
    const { secret, effort } = decodeEstablish(content);
    const tag = hex(rendezvousTag(secret));
    const own = this.#byCircuit.get(circuit);
    const say = (code: number, turnedAway = 0): void => answer(MESSAGE.established, encodeEstablished({ code, turnedAway }));
    if (own !== undefined && own.tag === tag) {
      const { turnedAway } = own;
      own.effort = effort;
      own.turnedAway = 0;
      return say(ESTABLISH.ok, turnedAway);
    }
    const before = this.#services.get(tag);
    const refused =
      own !== undefined || this.#visitors.has(circuit) || (before === undefined && this.#services.size >= this.#limits.services);
    if (refused) return say(ESTABLISH.full);
    // Only the service knows the secret: its circuit died on its side and has not yet on ours.
    if (before !== undefined) {
      this.#drop(before);
      before.circuit.close(CLOSE.ended);
    }
    const service: WaitingService = { tag, circuit, effort, lastChannel: 0, turnedAway: 0, splices: new Set() };
    this.#services.set(tag, service);
    this.#byCircuit.set(circuit, service);
    say(ESTABLISH.ok);
  }

  #drop(service: WaitingService): void {
    this.#services.delete(service.tag);
    this.#byCircuit.delete(service.circuit);
    for (const splice of service.splices) splice.close(CLOSE.linkLost);
  }

  #connect(circuit: Channels, connect: Connect, answer: Answer): void {
    const service = this.#services.get(hex(connect.tag));
    const say = (code: number): void => answer(MESSAGE.connectOk, encodeConnectOk({ code, effort: service?.effort ?? 0 }));
    if (service === undefined || isSilent(service)) return say(CONNECT.noSuchService);
    if (!this.#worked(service, connect)) {
      service.turnedAway++;
      return say(CONNECT.work);
    }
    const full = service.splices.size >= this.#limits.visitorsOfOne || !service.circuit.canOpen || service.lastChannel === 0xffff_ffff;
    if (full || this.#visitors.has(circuit) || this.#byCircuit.has(circuit)) return say(CONNECT.full);
    say(CONNECT.ok);
    this.#splice(circuit, service, connect);
  }

  #worked(service: WaitingService, { tag, hello, effort, work }: Connect): boolean {
    return service.effort === 0 || (effort >= service.effort && workHolds(this.#env.crypto, tag, hello, effort, work));
  }

  #splice(circuit: Channels, service: WaitingService, { effort, move, hello }: Connect): void {
    const channel = ++service.lastChannel;
    // An effort that was neither asked nor checked is not passed on.
    const checked = service.effort === 0 ? 0 : effort;
    service.circuit.sendMessage(MESSAGE.incoming, encodeIncoming({ channel, effort: checked, move }));
    const splice = new Splice(circuit.channel(1), service.circuit.channel(channel), helloPayloads(hello));
    service.splices.add(splice);
    this.#lookAfterHosts();
    this.#visitors.set(circuit, splice);
    splice.start(() => {
      service.splices.delete(splice);
      this.#visitors.delete(circuit);
    });
  }

  /** While there are visitors: those of a service whose circuit is silent hear at once that the way is broken, and take another. */
  #lookAfterHosts(): void {
    if (this.#looks) return;
    this.#looks = true;
    lookEvery(this.#env, HOST_LOOK_MS, () => {
      this.#letGo();
      this.#looks = this.#visitors.size > 0;
      return !this.#looks;
    });
  }

  #letGo(): void {
    for (const service of this.#services.values()) {
      if (service.splices.size === 0 || !isSilent(service)) continue;
      for (const splice of [...service.splices]) splice.close(CLOSE.linkLost);
    }
  }
}
