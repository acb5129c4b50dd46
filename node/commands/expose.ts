import { createHash } from 'node:crypto';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { type Identity, identityFromSeed } from '../../src/core/crypto/identity.ts';
import type { Env } from '../../src/core/env.ts';
import type { RecordStore } from '../../src/core/ports.ts';
import type { Command } from '../cli/command.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { portOf, targetOf } from '../cli/tcp-target.ts';
import { bootstrapsFor, dataFolderOf } from '../data-folder.ts';
import { startHeadless } from '../headless.ts';
import { exposed } from '../tcp/index.ts';
import { untilPublished } from '../until.ts';
import { stopped } from '../until.ts';

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
      name: text('name') ?? nameOf(target),
      role: 'expose',
      bootstraps: bootstrapsFor(dataFolder, texts('join')),
      logLevel: logLevelOf(text('log')),
    });
    try {
      const { env, peer, records } = headless;
      const host = peer.hostTcp(await serviceKey(env, records), exposed({ ...target, ports }));
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

/** Made once; who has it is the service. */
async function serviceKey(env: Env, records: RecordStore): Promise<Identity> {
  const seed = await records.get(KEY);
  if (seed?.length === 32) return identityFromSeed(env.crypto, seed);
  if (seed !== undefined) throw new GlobalNetError('internal', `the key of this service is damaged: ${seed.length} bytes instead of 32`);
  const fresh = env.random(32);
  await records.set(KEY, fresh);
  return identityFromSeed(env.crypto, fresh);
}
