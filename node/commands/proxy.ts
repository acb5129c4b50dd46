import type { Command } from '../cli/command.ts';
import { acceptInvitations, INVITED } from '../cli/inviting.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { metricsOf, METRICS_OPTION, sayMetrics } from '../cli/metrics-option.ts';
import { hostAndPort, isLoopback, listenOf } from '../cli/tcp-target.ts';
import { bootstrapsFor, dataFolderOf, peerNameOf } from '../data-folder.ts';
import { startHeadless } from '../headless.ts';
import { startSocksProxy } from '../tcp/index.ts';
import { stopped, untilReady } from '../until.ts';

export const proxy: Command = {
  name: 'proxy',
  usage: '[--listen <ip:port>] [--invitation <file or text>]',
  summary:
    'Lets any program reach .gnet addresses, and through exits the clear network, by SOCKS5: curl --socks5-hostname 127.0.0.1:9050 http://<address>.gnet/',
  options: {
    listen: {
      type: 'string',
      value: '<ip:port>',
      help: 'where programs find it (default: 127.0.0.1:9050); port 0 is any free one',
      check: listenOf,
    },
    strict: {
      type: 'boolean',
      help: 'says yes to a program only when the service or exit has: one round trip more, and the exact reason of a no',
    },
    metrics: METRICS_OPTION,
    name: { type: 'string', value: '<name>', help: 'its folder within the data folder (default: proxy)', check: peerNameOf },
    ...INVITED,
  },
  positionals: { min: 0, max: 0 },
  serves: true,
  async run({ output, text, texts, flag, stop }) {
    const listen = listenOf(text('listen') ?? '127.0.0.1:9050');
    const dataFolder = dataFolderOf(text('data'));
    await acceptInvitations(dataFolder, texts('invitation'), output);
    const headless = await startHeadless({
      dataFolder,
      name: text('name') ?? 'proxy',
      role: 'proxy',
      bootstraps: bootstrapsFor(dataFolder, texts('join')),
      metrics: metricsOf(text('metrics')),
      logLevel: logLevelOf(text('log')),
    });
    sayMetrics(headless, output);
    const tell = once((text) => output.note(text));
    const warn = once((text) => output.say(text, { warning: text }));
    headless.peer.events.listen(
      (event) => event?.kind === 'invitation' && output.say(event.text, { warning: event.text, address: event.address }),
    );
    try {
      const socks = await startSocksProxy({
        ...listen,
        visits: headless.peer.tcp,
        exits: headless.peer.exits,
        strict: flag('strict'),
        onIpTarget: () => tell(LOOKS_UP_ITSELF),
        onNoExit: (why) => tell(`A program asked for something outside of .gnet: ${why}`),
        onRefused: (why) => warn(`${why} ('gnet proxy --help' says what --invitation is)`),
      });
      try {
        await untilReady(headless.peer, stop, output);
        const at = hostAndPort({ host: listen.host, port: socks.port });
        output.say(`SOCKS5 at ${at}`, { listens: at, pid: process.pid });
        if (!isLoopback(listen.host)) output.note('Whoever reaches this port uses the network as you.');
        output.note(`curl --socks5-hostname ${at} http://<address>.gnet/\nUntil Ctrl-C.`);
        await stopped(stop);
      } finally {
        socks.close();
      }
    } finally {
      await headless.stop();
    }
  },
};

const LOOKS_UP_ITSELF =
  'A program asked for an IP address, not a name. If it looked a name up itself, who runs the name server knows where it goes: give curl --socks5-hostname, Firefox “Proxy DNS”.';

/** Says each thing once, however often programs give cause. */
function once(say: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (!said.has(text)) say(text);
    said.add(text);
  };
}
