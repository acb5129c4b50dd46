import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { CircuitStatus } from '../../src/shared/peer-api.ts';
import type { Command, Invocation } from '../cli/command.ts';
import { bytesInWords } from '../cli/output.ts';
import { askProcesses, PID_OPTION } from '../cli/processes.ts';
import { ageInWords, count, sayRows, shortPeer } from '../cli/table.ts';

export const circuits: Command = {
  name: 'circuits',
  usage: '[--where] [--close <id>]',
  summary: 'Tells the circuits that each local process has built: hops, purpose, age, bytes. Closes one, and its user takes another path.',
  options: {
    where: { type: 'boolean', help: 'say also which address a circuit visits: it stays on your screen', flagOnly: true },
    close: { type: 'string', value: '<id>', help: 'close this one instead, by the id that the list begins with', flagOnly: true },
    pid: PID_OPTION,
  },
  positionals: { min: 0, max: 0 },
  local: true,
  async run(invocation) {
    const { output, flag, text } = invocation;
    const id = text('close');
    if (id !== undefined) return close(invocation, id);
    let listed = 0;
    const answered = await askProcesses(invocation, { command: 'circuits', where: flag('where') }, ({ pid, role, peer, circuits }) => {
      if (circuits.length === 0) return;
      listed += circuits.length;
      const rows = circuits.map((circuit) => {
        const id = `${pid}.${circuit.number}`;
        return { cells: [id, ...cellsOf(circuit)], object: { id, pid, role, ...circuit } };
      });
      sayRows(output, `${role} ${shortPeer(peer)}  ${count(circuits.length, 'circuit')}`, rows);
    });
    if (answered > 0 && listed === 0) output.note('None of them has a circuit of its own.');
  },
};

function cellsOf({ purpose, hops, ageMs, sentBytes, receivedBytes, roundTripMs }: CircuitStatus): string[] {
  return [
    purpose,
    hops.map(shortPeer).join(' → '),
    ageInWords(ageMs),
    `${bytesInWords(sentBytes)} sent, ${bytesInWords(receivedBytes)} received`,
    roundTripMs === undefined ? '' : `${Math.round(roundTripMs)} ms there and back`,
  ];
}

async function close({ output, text }: Invocation, id: string): Promise<void> {
  const [, pid, number] = /^(\d{1,10})\.(\d{1,10})$/.exec(id) ?? [];
  if (pid === undefined || number === undefined || Number(number) === 0)
    throw new GlobalNetError('malformed', `--close wants an id such as 4711.3, as 'gnet circuits' lists them, not '${id}'`);
  let closed: boolean | undefined;
  const only = (name: string): string | undefined => (name === 'pid' ? pid : text(name));
  await askProcesses({ output, text: only }, { command: 'close-circuit', circuit: Number(number) }, (answer) => (closed = answer.closed));
  if (closed === undefined) throw new GlobalNetError('timeout', `process ${pid} does not answer now`);
  if (!closed) throw new GlobalNetError('unknown', `there is no circuit ${id} any more`);
  output.say(`Circuit ${id} is closed. What went over it takes another path.`, { closed: id });
}
