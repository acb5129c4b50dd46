import type { Command } from '../cli/command.ts';
import { bytesInWords } from '../cli/output.ts';
import { askProcesses, PID_OPTION } from '../cli/processes.ts';
import { count, shortPeer } from '../cli/table.ts';
import type { ProcessStatus } from '../control/index.ts';

export const status: Command = {
  name: 'status',
  usage: '[--pid <pid>]',
  summary: 'Tells links, circuits, services and bytes of every local process.',
  options: { pid: PID_OPTION },
  positionals: { min: 0, max: 0 },
  local: true,
  async run(invocation) {
    await askProcesses(invocation, { command: 'status' }, (found) => invocation.output.say(inWords(found), found));
  },
};

function inWords({ pid, role, rssBytes, listens, peer }: ProcessStatus): string {
  const moved = peer.links.reduce((sum, link) => sum + link.sentBytes + link.receivedBytes, 0);
  const lines = [
    `${role} ${shortPeer(peer.peer)}  pid ${pid}${listens ? `  ${listens}` : ''}`,
    `  ${peer.join.step}, ${count(peer.links.length, 'link')}, ${count(peer.circuits.length, 'circuit')} of its own, ${peer.relayedCircuits} relayed${peer.exitConnections > 0 ? `, ${count(peer.exitConnections, 'connection')} to the clear network for others` : ''}` +
      `; ${bytesInWords(moved)} over links, ${bytesInWords(peer.relayedBytes)} for others; memory ${bytesInWords(rssBytes)}`,
  ];
  for (const service of peer.services) {
    const { title, address, points, visitors, effort } = service;
    const busy = effort === 0 ? '' : `; too many come: visitors work ${effort.toLocaleString('en')} hashes each`;
    lines.push(
      `  serves ${title || 'a site'} at ${address} (${count(points.length, 'rendezvous point')}, ${count(visitors, 'visitor')}${busy})`,
    );
  }
  return lines.join('\n');
}
