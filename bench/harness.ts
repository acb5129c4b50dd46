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

export type Report = (name: string, measure: Measure) => void;

export type Bench = (report: Report) => void | Promise<void>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/**
 * Seconds that one call takes: the median of rounds, each long enough for the clock, after a first round that is not counted.
 * Contenders measured by turns see the same noise of the machine.
 */
export function secondsPerCall(contenders: readonly (() => void)[], { rounds = 9, roundMs = 40 } = {}): number[] {
  const calls = contenders.map((contender) => callsWithin(contender, roundMs));
  const seconds = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const count = calls[i] as number;
      const startMs = performance.now();
      for (let n = 0; n < count; n++) contender();
      seconds[i]?.push((performance.now() - startMs) / 1000 / count);
    }
  }
  return seconds.map(median);
}

/** The first round: warms up, and finds how many calls fill `roundMs`. */
function callsWithin(call: () => void, roundMs: number): number {
  const endMs = performance.now() + roundMs;
  let calls = 0;
  while (performance.now() < endMs) {
    call();
    calls++;
  }
  return Math.max(1, calls);
}
