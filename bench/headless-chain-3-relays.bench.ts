/** Three headless relays in a row: what onion layers cost a chain of processes. Chains take turns; CPU seconds beside the clock's. */
import { CELL_BODY_BYTES } from '../src/core/wire/geometry.ts';
import { type Chain, cpuSecondsOf, startChain } from './chain.ts';
import { type Bench, median } from './harness.ts';

const ROUNDS = 9;
const CELLS = 6144;
const MEGABYTES = (CELLS * CELL_BODY_BYTES) / 1e6;

interface Round {
  readonly seconds: number;
  /** Of one relay, on average. */
  readonly cpuSeconds: number;
}

async function round(chain: Chain): Promise<Round> {
  const [startMs, startCpu] = [performance.now(), cpuSecondsOf(chain.relays)];
  await chain.source.send(CELLS);
  return { seconds: (performance.now() - startMs) / 1000, cpuSeconds: cpuSecondsOf(chain.relays) - startCpu };
}

const bench: Bench = async (report) => {
  const [onion, plain] = [await startChain('onion'), await startChain('plain')];
  try {
    const [onions, plains]: [Round[], Round[]] = [[], []];
    for (let i = 0; i <= ROUNDS; i++) {
      const [first, second] = [await round(onion), await round(plain)];
      if (i === 0) continue; // the code is not compiled yet
      onions.push(first);
      plains.push(second);
    }
    const seconds = (rounds: Round[]): number => median(rounds.map((one) => one.seconds));
    const cpu = (rounds: Round[]): number => median(rounds.map((one) => one.cpuSeconds));
    const ratio = median(onions.map((one, i) => (plains[i] as Round).seconds / one.seconds));
    report('', { value: MEGABYTES / seconds(onions), unit: 'MB/s', versus: 'the same chain and link encryption, no onion layer', ratio });
    report('no onion layer', { value: MEGABYTES / seconds(plains), unit: 'MB/s' });
    report('a relay', { value: cpu(onions) / MEGABYTES, unit: 'CPU s per MB', versus: 'no onion layer', ratio: cpu(onions) / cpu(plains) });
  } finally {
    await Promise.all([onion.stop(), plain.stop()]);
  }
};

export default bench;
