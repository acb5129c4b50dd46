/**
 * `npm run bench:tor [-- --rtt MS]… [--cc NAME] [--runs N] [--worn-in SECONDS] [--json FILE]`: a private Tor network and a GlobalNet one, side by side on this machine with
 * the same delays on every link (0 and 50 ms, when none is given), measured by one program in turns. Prints a table with the aims beside the
 * figures. Linux, root; see README.md beside this.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../tools/paths.ts';
import { ensureBuilt } from '../../tools/ensure.mjs';

/** Least, median, largest. */
type Spread = readonly [number, number, number];
type Figures = Record<string, Spread>;

interface Measured {
  readonly tor: Figures;
  readonly globalnet: Figures;
  readonly rtt_ms_per_link: number;
  readonly congestion_control: string;
  readonly machine: string;
  readonly tor_version: string;
  readonly load_after: number;
  readonly failures: readonly string[];
}

interface Row {
  readonly figure: string;
  readonly label: string;
  /** At no delay, and at 50 ms on each link: of the ratio to Tor's, or of the value itself. */
  readonly aims: readonly [Aim | undefined, Aim | undefined];
}

interface Aim {
  readonly of: 'ratio' | 'value';
  readonly least?: number;
  readonly most?: number;
}

const ratio = (bound: Omit<Aim, 'of'>): Aim => ({ of: 'ratio', ...bound });
const value = (bound: Omit<Aim, 'of'>): Aim => ({ of: 'value', ...bound });

const ROWS: readonly Row[] = [
  { figure: 'new_circuit_first_byte_s', label: 'first byte, fresh circuit, s', aims: [ratio({ most: 1 }), value({ most: 0.4 })] },
  { figure: 'cold_first_byte_s', label: 'first byte, cold client, s', aims: [ratio({ most: 1 }), value({ most: 1.6 })] },
  { figure: 'site_1MB_20_files_s', label: 'site of 1 MB, 20 files, HTTP, s', aims: [ratio({ most: 0.5 }), value({ most: 2.4 })] },
  { figure: 'small_gets_per_s', label: '100 GETs, 20 at a time, a second', aims: [ratio({ least: 2 }), value({ least: 40 })] },
  { figure: 'bulk_MB_per_s', label: '20 MB of a hidden service, MB/s', aims: [ratio({ least: 3 }), ratio({ least: 5 })] },
  { figure: 'exit_bulk_MB_per_s', label: '20 MB through an exit, MB/s', aims: [ratio({ least: 3 }), ratio({ least: 3 })] },
  { figure: 'relay_cpu_s_per_MB_relayed', label: 'relay CPU, s per MB relayed', aims: [undefined, ratio({ most: 0.5 })] },
  { figure: 'relay_MB_after_all_this', label: 'memory of a relay, MB', aims: [ratio({ most: 1 }), ratio({ most: 1 })] },
];

const { values } = parseArgs({
  options: {
    rtt: { type: 'string', multiple: true },
    cc: { type: 'string' },
    runs: { type: 'string' },
    'worn-in': { type: 'string' },
    json: { type: 'string' },
  },
});
// The scripts are Python's: what it compiles does not belong in the tree.
const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };

function script(name: string, ...args: readonly string[]): string {
  const { status, stdout, error } = spawnSync(join(root, 'bench', 'tor', name), args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error !== undefined || status !== 0) throw new Error(`${name} failed${error === undefined ? ', see above' : `: ${error.message}`}`);
  return stdout.trim();
}

function option(name: 'runs' | 'worn-in'): string[] {
  const value = values[name];
  return value === undefined ? [] : [`--${name}`, value];
}

function need(): void {
  if (process.getuid?.() !== 0) throw new Error('a network namespace needs root: run this as root');
  const missing = ['python3', 'tor', 'nginx', 'curl', 'ip', 'iptables'].filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
  );
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}; see bench/tor/README.md`);
}

function measured(roundTripMs: number): Measured {
  const state = script('up-tor', '--rtt', String(roundTripMs), ...(values.cc === undefined ? [] : ['--cc', values.cc]));
  try {
    script('up-globalnet', state);
    return JSON.parse(script('measure', state, ...option('runs'), ...option('worn-in'))) as Measured;
  } finally {
    script('down', state);
  }
}

function met({ of, least = 0, most = Number.POSITIVE_INFINITY }: Aim, figure: number, toTor: number): string {
  const is = of === 'ratio' ? toTor : figure;
  const wanted = `${least > 0 ? `≥ ${least}` : `≤ ${most}`}${of === 'ratio' ? ' ×' : ''}`;
  return `${wanted.padEnd(8)} ${is >= least && is <= most ? 'met' : 'missed'}`;
}

function table({ tor, globalnet, rtt_ms_per_link, congestion_control, machine, tor_version, load_after, failures }: Measured): string {
  const head = `\n${rtt_ms_per_link} ms on each link, TCP ${congestion_control}; ${machine}, Tor ${tor_version}, Node ${process.versions.node}, load ${load_after.toFixed(1)}`;
  const lines = ROWS.flatMap(({ figure, label, aims }) => {
    const [theirs, ours] = [tor[figure]?.[1], globalnet[figure]?.[1]];
    if (theirs === undefined || ours === undefined) return [];
    const aim = aims[rtt_ms_per_link === 0 ? 0 : 1];
    const cells = [theirs, ours].map((one) => String(Number(one.toPrecision(3))).padStart(10)).join('');
    return [`${label.padEnd(36)}${cells}${(ours / theirs).toFixed(2).padStart(8)}   ${aim ? met(aim, ours, ours / theirs) : ''}`];
  });
  const columns = `${'medians'.padEnd(36)}${'Tor'.padStart(10)}${'GlobalNet'.padStart(10)}${'ratio'.padStart(8)}   aim`;
  return [head, columns, ...lines, ...(failures.length > 0 ? [`requests that failed: ${failures.join('; ')}`] : [])].join('\n');
}

try {
  need();
  await ensureBuilt();
  const all: Measured[] = [];
  for (const roundTripMs of values.rtt ?? ['0', '50']) {
    all.push(measured(Number(roundTripMs)));
    console.log(table(all.at(-1) as Measured));
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(all, null, 1)}\n`);
  }
} catch (error) {
  console.error(`bench:tor: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
