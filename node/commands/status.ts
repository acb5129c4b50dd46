import { existsSync } from 'node:fs';
import { bytesInWords } from '../cli/output.ts';
import type { Command } from '../cli/command.ts';
import { askControlSocket, type ProcessStatus } from '../control-socket.ts';
import { controlSockets, dataFolderOf } from '../data-folder.ts';

export const status: Command = {
  name: 'status',
  usage: '',
  summary: 'Tells links, circuits, services and bytes of every local process.',
  options: {},
  positionals: { min: 0, max: 0 },
  local: true,
  async run({ output, text }) {
    const folder = dataFolderOf(text('data'));
    let running = 0;
    const asked = controlSockets(folder).map(async ({ pid, path }) => ({ pid, path, found: await askControlSocket(path) }));
    for (const { pid, path, found } of await Promise.all(asked)) {
      if (found !== undefined) output.say(inWords(found), found);
      else if (existsSync(path)) output.note(`Process ${pid} does not answer now.`);
      else continue;
      running++;
    }
    if (running === 0) output.note(`No peer runs on the data folder ${folder}. 'npm start' starts a local network.`);
  },
};

function inWords({ pid, role, rssBytes, listens, peer }: ProcessStatus): string {
  const moved = peer.links.reduce((sum, link) => sum + link.sentBytes + link.receivedBytes, 0);
  const lines = [
    `${role} ${peer.peer.slice(0, 8)}  pid ${pid}${listens ? `  ${listens}` : ''}`,
    `  ${peer.join.step}, ${count(peer.links.length, 'link')}, ${count(peer.circuits.length, 'circuit')} of its own, ${peer.relayedCircuits} relayed` +
      `; ${bytesInWords(moved)} over links, ${bytesInWords(peer.relayedBytes)} for others; memory ${bytesInWords(rssBytes)}`,
  ];
  for (const service of peer.services) {
    lines.push(
      `  serves ${service.title || 'a site'} at ${service.address} (${count(service.points.length, 'rendezvous point')}, ${count(service.visitors, 'visitor')})`,
    );
  }
  return lines.join('\n');
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
