/** Circuits built over chains of relay processes: in round trips of the path, and what they do to a stream that the same relays carry. */
import { setTimeout as wait } from 'node:timers/promises';
import { RELAY_NODE_FLAGS } from '../node/child.ts';
import { CHAIN_RELAYS, type Chain, startChain } from './chain.ts';
import { median, type Report } from './harness.ts';
import { Child, freePorts } from './testbed.ts';

const LINK_ROUND_TRIP_MS = 50;
const OPENINGS = 15;
/** The stream: a cell so often, each answered by a cell. */
const CELL_EVERY_MS = 2;
const STREAM_MS = 5000;
/** A relay takes 30 a second from one link. */
const SETUPS_PER_SECOND = 20;

/** A circuit of three hops, all links standing, each link behind a delay. */
export async function measureRoundTrips(report: Report): Promise<void> {
  const proxies: Child[] = [];
  const reachedAt = async (url: string): Promise<string> => {
    const at = `127.0.0.1:${(await freePorts(1))[0]}`;
    const route = `${at}=${new URL(url).host}`;
    const proxy = new Child('delay proxy', ['--import', 'tsx', 'bench/delay-proxy.ts', String(LINK_ROUND_TRIP_MS / 2), route]);
    proxies.push(proxy);
    await proxy.line('text');
    return `ws://${at}`;
  };
  const chain = await startChain('onion', { reachedAt });
  try {
    const times: number[] = [];
    for (let i = 0; i < OPENINGS; i++) times.push(await chain.source.openMs(chain.link, chain.hops));
    const pathMs = CHAIN_RELAYS * LINK_ROUND_TRIP_MS;
    report('a circuit of 3 hops, links standing', { value: median(times) / pathMs, unit: `path round trips of ${pathMs} ms` });
  } finally {
    await chain.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  }
}

/** The longest time without a cell in a steady stream over three relays: alone, and while circuits are built through two of them. */
export async function measureGaps(report: Report): Promise<void> {
  const chain = await startChain('onion', { cellsPerAnswer: 1 });
  try {
    await gaps(chain); // the code is not compiled yet
    const alone = await gaps(chain);
    const through = JSON.stringify([0, 1].map((i) => ({ url: chain.urls[i], keys: chain.keys[i] })));
    const load = new Child('setups', [...RELAY_NODE_FLAGS, '--import', 'tsx', 'bench/setup-load.ts', String(SETUPS_PER_SECOND), through]);
    await load.line('text');
    await gaps(chain);
    const busy = await gaps(chain);
    await load.stop();
    const versus = 'no setups';
    report(`longest gap in a stream, ${SETUPS_PER_SECOND} setups a second`, {
      value: busy.longest,
      unit: 'ms',
      versus,
      ratio: busy.longest / alone.longest,
    });
    report('longest gap, no setups', { value: alone.longest, unit: 'ms' });
    report('its 99th of 100 gaps', { value: busy.most, unit: 'ms', versus, ratio: busy.most / alone.most });
  } finally {
    await chain.stop();
  }
}

async function gaps({ source }: Chain): Promise<{ longest: number; most: number }> {
  const found: number[] = [];
  let lastMs = performance.now();
  source.onAnswer = () => {
    const nowMs = performance.now();
    found.push(nowMs - lastMs);
    lastMs = nowMs;
  };
  const timer = setInterval(() => source.burst(1), CELL_EVERY_MS);
  await wait(STREAM_MS);
  clearInterval(timer);
  await wait(100);
  found.sort((a, b) => a - b);
  return { longest: found.at(-1) as number, most: found[Math.floor(found.length * 0.99)] as number };
}
