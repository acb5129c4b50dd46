import type { Env, LogLevel } from '../core/env.ts';
import type { CryptoPort, DialTarget, Transport } from '../core/ports.ts';
import type { SimNetwork } from './network.ts';
import { seededRandom } from './random.ts';

export interface NodeOptions {
  /** How far its clock is off. */
  clockOffsetMs?: number;
  /** Where others dial it; unless said nobody can, as with a tab. */
  url?: string;
}

/** One node of a simulated network: what a peer needs of its platform. */
export class SimNode {
  readonly env: Env;
  readonly url: string | undefined;
  /** Opens transports to nodes by their url: fits wherever a peer takes dialers. */
  readonly dialer: { handles(target: DialTarget): boolean; dial(target: DialTarget): Promise<Transport> };
  /** Takes what others dial; a node without it is not listening. */
  onTransport: ((transport: Transport) => void) | undefined;
  alive = true;

  constructor(
    network: SimNetwork,
    readonly name: string,
    /** 1, and one more each time it came back. */
    readonly life: number,
    { clockOffsetMs = 0, url }: NodeOptions,
  ) {
    this.url = url;
    this.env = {
      crypto: network.crypto as CryptoPort,
      random: seededRandom(`${network.seed}/${name}/${life}`),
      now: () => network.clock.now() + clockOffsetMs,
      schedule: (delayMs, task) => network.clock.schedule(delayMs, () => this.alive && task()),
      log: (level: LogLevel, area, message) => network.note(`${name} ${level} ${area}: ${message}`),
    };
    this.dialer = {
      handles: (target) => target.url !== undefined,
      dial: (target) => network.dial(this, target),
    };
  }
}
