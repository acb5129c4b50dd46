/** Chains of relays in processes of their own, with and without onion layers, and a source of cells before them. */
import { readFileSync } from 'node:fs';
import { RELAY_NODE_FLAGS } from '../node/child.ts';
import type { HopKeys } from '../src/core/circuit/index.ts';
import type { Link } from '../src/core/ports.ts';
import type { ChainMode, HopText } from './chain-hop.ts';
import { ChainSource, hopKeysOf } from './chain-source.ts';
import { Child } from './testbed.ts';

export const CHAIN_RELAYS = 3;

export interface Chain {
  readonly relays: readonly Child[];
  readonly urls: readonly string[];
  /** Of each relay. */
  readonly keys: readonly HopText[];
  readonly hops: readonly HopKeys[];
  readonly source: ChainSource;
  /** To the first relay. */
  readonly link: Link;
  stop(): Promise<void>;
}

export interface ChainOptions {
  readonly nodeFlags?: readonly string[];
  /** Where a relay that listens at `url` is reached by who comes before it. */
  readonly reachedAt?: (url: string) => Promise<string>;
  readonly cellsPerAnswer?: number;
}

export async function startChain(mode: ChainMode, options: ChainOptions = {}): Promise<Chain> {
  const { nodeFlags = [], reachedAt = async (url) => url, cellsPerAnswer } = options;
  const relays: Child[] = [];
  const urls: string[] = [];
  const keys: HopText[] = [];
  for (let i = 0; i < CHAIN_RELAYS; i++) {
    const next = keys[0] === undefined ? [] : [urls[0] as string, keys[0].peer];
    const flags = [...RELAY_NODE_FLAGS, ...nodeFlags, '--import', 'tsx'];
    const relay = new Child(`${mode} relay`, [...flags, 'bench/chain-relay.ts', mode, ...next]);
    relays.unshift(relay);
    const said = (await relay.line('peer')) as unknown as HopText & { url: string };
    urls.unshift(await reachedAt(said.url));
    keys.unshift({ peer: said.peer, x25519: said.x25519, kem: said.kem, descriptorHash: said.descriptorHash });
  }
  const hops = keys.map(hopKeysOf);
  const source = new ChainSource(mode);
  const link = await source.links.linkTo({ peer: hops[0]?.peer, url: urls[0] });
  await source.begin(link, hops, cellsPerAnswer);
  return { relays, urls, keys, hops, source, link, stop: async () => void (await Promise.all(relays.map((relay) => relay.stop()))) };
}

/** Of /proc: USER_HZ, which Linux fixes for programs. */
const TICKS_PER_SECOND = 100;

/** Of one of them, on average. */
export function cpuSecondsOf(relays: readonly Child[]): number {
  const ticks = relays.map(({ process: { pid } }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / ticks.length / TICKS_PER_SECOND;
}
