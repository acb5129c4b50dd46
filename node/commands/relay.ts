import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Command, Invocation } from '../cli/command.ts';
import { dataFolderOf } from '../data-folder.ts';
import { startHeadless } from '../headless.ts';
import { logLevelOf } from '../cli/log-level.ts';

export const relay: Command = {
  name: 'relay',
  usage: '--listen <ip:port> [--join <ws url>]…',
  summary: 'Runs an open relay: others dial it, it relays for them, holds records and serves as rendezvous point.',
  options: {
    listen: { type: 'string', value: '<ip:port>', help: 'where it listens and is published; port 0 is any free one' },
    advertise: { type: 'string', value: '<ip:port>', help: 'where it is published instead: of a port forwarder before it' },
    name: { type: 'string', value: '<name>', help: 'its folder within the data folder (default: relay)' },
    stable: { type: 'boolean', help: 'it will keep this address for weeks: it may be a guard and hold records' },
    'no-webrtc': { type: 'boolean', help: 'links by WebSocket alone: where UDP does not pass' },
    operator: { type: 'string', value: '<tag>', help: 'who runs it: no path passes two relays of one operator' },
  },
  positionals: { min: 0, max: 0 },
  async run(invocation) {
    const { output, text, texts, flag, stop } = invocation;
    const name = text('name') ?? 'relay';
    const advertise = text('advertise');
    const headless = await startHeadless({
      dataFolder: dataFolderOf(text('data')),
      name,
      role: name,
      bootstraps: texts('join'),
      listen: addressOf('listen', text('listen')),
      ...(advertise === undefined ? {} : { advertise: addressOf('advertise', advertise) }),
      stable: flag('stable'),
      webRtc: !flag('no-webrtc'),
      logLevel: logLevelOf(text('log')),
      ...(text('operator') === undefined ? {} : { operator: text('operator') as string }),
    });
    output.say(`Relay ${headless.peer.id} listens at ${headless.listens}`, { listens: headless.listens, peer: headless.peer.id, pid: process.pid });
    const { blockedUntilMs } = headless.peer;
    if (blockedUntilMs !== undefined) {
      const minutes = Math.ceil((blockedUntilMs - headless.env.now()) / 60_000);
      output.say(`It was not stopped cleanly: it relays again in ${minutes} min, when its next keys may be published`, { blockedUntilMs });
    }
    await stopped(stop);
    await headless.stop();
  },
};

/** @throws GlobalNetError `malformed`. */
function addressOf(flag: string, text: string | undefined): { host: string; port: number } {
  const found = /^([\d.]+):(\d{1,5})$/.exec(text ?? '');
  const port = Number(found?.[2]);
  if (found === null || port > 65535) throw new GlobalNetError('malformed', `--${flag} wants an IPv4 address and a port, such as 203.0.113.7:9001${text === undefined ? '' : `, not '${text}'`}`);
  return { host: found[1] as string, port };
}

export function stopped(signal: Invocation['stop']): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    // Nothing else keeps a peer that only dials alive.
    const alive = setInterval(() => undefined, 1 << 30);
    signal.addEventListener('abort', () => (clearInterval(alive), resolve()), { once: true });
  });
}
