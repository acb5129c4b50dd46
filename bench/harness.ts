/**
 * What every bench is: a file bench/<name>.bench.ts whose default export measures and reports. Each runs in a process of its own,
 * one after the other: see tools/bench.ts.
 */
export interface Measure {
  readonly value: number;
  readonly unit: string;
  /** What it is held against, measured in the same run. */
  readonly versus?: string;
  /** value ÷ the other's value: for rates more is better, for times less. */
  readonly ratio?: number;
}

/** The figure that a bench is named after has no name of its own: ''. */
export type Report = (name: string, measure: Measure) => void;

export type Bench = (report: Report) => void | Promise<void>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/**
 * CPU seconds that one synchronous call takes: the median of rounds, each long enough for the clock, after a first round that is not
 * counted. CPU and not wall time, which would count what else the machine does; contenders take turns, so that its caches and clock
 * rates are the same for all. What the collector's threads burn is in it.
 */
export function secondsPerCall(contenders: readonly (() => void)[], { rounds = 11, roundMs = 50 } = {}): number[] {
  const calls = contenders.map((contender) => callsWithin(contender, roundMs / 1000));
  const seconds = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const count = calls[i] as number;
      const start = cpuSeconds();
      for (let n = 0; n < count; n++) contender();
      seconds[i]?.push((cpuSeconds() - start) / count);
    }
  }
  return seconds.map(median);
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The first round: warms up, and finds how many calls fill it. */
function callsWithin(call: () => void, roundSeconds: number): number {
  const end = cpuSeconds() + roundSeconds;
  let calls = 0;
  while (cpuSeconds() < end) {
    call();
    calls++;
  }
  return Math.max(1, calls);
}
