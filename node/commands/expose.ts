import { createHash } from 'node:crypto';
import type { Command } from '../cli/command.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { portOf, targetOf } from '../cli/tcp-target.ts';
import { bootstrapsFor, dataFolderOf, peerNameOf } from '../data-folder.ts';
import { startHeadless } from '../headless.ts';
import { keptIdentity } from '../kept-identity.ts';
import { exposed } from '../tcp/index.ts';
import { stopped, untilPublished } from '../until.ts';

const HTTP_PORT = 80;
const KEY = 'service/key';

export const expose: Command = {
  name: 'expose',
  usage: '<port | host:port>',
  summary:
    'Makes a TCP service of this machine reachable by a .gnet address, until Ctrl-C; the same service has the same address next time.',
  options: {
    port: {
      type: 'string',
      value: '<port>',
      multiple: true,
      help: 'where visitors find it; may be repeated (default: 80, and the local port’s number)',
    },
    name: { type: 'string', value: '<name>', help: 'its folder within the data folder, with its key (default: one for each service)' },
  },
  positionals: { min: 1, max: 1 },
  async run({ output, text, texts, positionals, stop }) {
    const target = targetOf(positionals[0] as string);
    const given = texts('port').map((port) => portOf(port));
    const ports = new Set(given.length > 0 ? given : [HTTP_PORT, target.port]);
    const dataFolder = dataFolderOf(text('data'));
    const headless = await startHeadless({
      dataFolder,
      name: peerNameOf(text('name') ?? nameOf(target)),
      role: 'expose',
      bootstraps: bootstrapsFor(dataFolder, texts('join')),
      logLevel: logLevelOf(text('log')),
    });
    try {
      const { env, peer, records } = headless;
      const host = peer.hostTcp(await keptIdentity(env, records, KEY), exposed({ ...target, ports }));
      output.note('Publishing…');
      await untilPublished(env, peer, host, stop, output);
      const { address } = host.status;
      const where = `${target.host}:${target.port}`;
      output.say(`Address  ${address}\nPorts    ${[...ports].join(', ')} → ${where}`, { address, ports: [...ports], target: where });
      output.note(`A program reaches it through 'gnet proxy'. Served until Ctrl-C.`);
      await stopped(stop);
    } finally {
      await headless.stop();
    }
  },
};

/** One service is exposed by one process only. */
function nameOf({ host, port }: { host: string; port: number }): string {
  return `expose-${createHash('sha256').update(`${host}:${port}`).digest('hex').slice(0, 12)}`;
}
