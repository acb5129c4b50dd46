import type { Output } from './output.ts';

/** Rows with their columns under one another; the last column is as long as it is. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  return rows.map((row) => `  ${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ')}`.trimEnd());
}

export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** An age: `12 s`, `5 min`, `3 h`, `2 d`. */
export function ageInWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** Enough of a peer id to tell it from its neighbours. */
export function shortPeer(peer: string): string {
  return peer.slice(0, 8);
}

export interface Row {
  readonly cells: readonly string[];
  /** The same for programs. */
  readonly object: object;
}

/** A heading and what stands below it; for programs an object for each row. */
export function sayRows(output: Output, heading: string, rows: readonly Row[]): void {
  if (output.json) for (const { object } of rows) output.say('', object);
  else output.say([heading, ...columns(rows.map(({ cells }) => cells))].join('\n'), {});
}
