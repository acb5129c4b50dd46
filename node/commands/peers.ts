import type { KnownPeer } from '../../src/shared/peer-api.ts';
import type { Command } from '../cli/command.ts';
import { askProcesses, PID_OPTION } from '../cli/processes.ts';
import { count, sayRows, shortPeer } from '../cli/table.ts';

export const peers: Command = {
  name: 'peers',
  usage: '[--pid <pid>]',
  summary: 'Tells the peers that each local process knows: roles, addresses, links, and for which epoch they signed that.',
  options: { pid: PID_OPTION },
  positionals: { min: 0, max: 0 },
  local: true,
  async run(invocation) {
    await askProcesses(invocation, { command: 'peers' }, ({ pid, role, peer, epoch, peers }) => {
      const rows = peers.map((known) => ({ cells: cellsOf(known, epoch), object: { pid, role, ...known } }));
      sayRows(invocation.output, `${role} ${shortPeer(peer)}  pid ${pid}  knows ${count(peers.length, 'peer')}`, rows);
    });
  },
};

function cellsOf({ peer, roles, addresses, epoch, vouched, guard, link, links, operator }: KnownPeer, now: number): string[] {
  const age = now - epoch;
  return [
    shortPeer(peer),
    roles.join(' ') || 'no role',
    addresses.join(' '),
    link === undefined ? 'not linked' : guard ? `guard, ${link}` : link,
    `says ${count(links.length, 'link')}`,
    age === 0 ? 'this epoch' : age < 0 ? 'next epoch' : `${count(age, 'epoch')} ago`,
    [vouched ? '' : 'not vouched', operator && `operator ${operator}`].filter(Boolean).join(', '),
  ];
}
