import type { StreamStatus } from '../../src/shared/peer-api.ts';
import type { Command } from '../cli/command.ts';
import { bytesInWords } from '../cli/output.ts';
import { askProcesses, PID_OPTION } from '../cli/processes.ts';
import { ageInWords, count, sayRows, shortPeer } from '../cli/table.ts';

export const streams: Command = {
  name: 'streams',
  usage: '[--where]',
  summary: 'Tells the streams of each local process: connections through a proxy, those to an exposed service, readers of a seeded site.',
  options: {
    where: { type: 'boolean', help: 'say also which address and port a stream goes to: it stays on your screen', flagOnly: true },
    pid: PID_OPTION,
  },
  positionals: { min: 0, max: 0 },
  local: true,
  async run(invocation) {
    const { output, flag } = invocation;
    let listed = 0;
    const answered = await askProcesses(invocation, { command: 'streams', where: flag('where') }, ({ pid, role, peer, streams }) => {
      if (streams.length === 0) return;
      listed += streams.length;
      const rows = streams.map((stream) => ({ cells: cellsOf(stream), object: { pid, role, ...stream } }));
      sayRows(output, `${role} ${shortPeer(peer)}  pid ${pid}  ${count(streams.length, 'stream')}`, rows);
    });
    if (answered > 0 && listed === 0) output.note('None of them has a stream now.');
  },
};

function cellsOf({ ours, kind, address, port, ageMs, sentBytes, receivedBytes }: StreamStatus): string[] {
  const place = address === undefined ? '' : ` ${address}${port === undefined ? '' : `:${port}`}`;
  return [
    kind ?? 'unknown',
    `${ours ? 'to' : 'from a visitor of'}${place || ' a service'}`,
    ageInWords(ageMs),
    `${bytesInWords(sentBytes)} sent, ${bytesInWords(receivedBytes)} received`,
  ];
}
