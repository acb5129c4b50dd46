import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Exits, Fits, Peer } from '../../src/core/peer/index.ts';
import { hasRole } from '../../src/core/wire/descriptor.ts';
import { ROLE } from '../../src/core/wire/registry.ts';
import { CERTIFIED, refuseUncertified } from '../cli/certificates.ts';
import type { Command, Invocation } from '../cli/command.ts';
import { type ChainForm, type HopChain, inChain, parseChain } from '../cli/hop-chain.ts';
import { acceptInvitations, INVITED } from '../cli/inviting.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { metricsOf, METRICS_OPTION, sayMetrics } from '../cli/metrics-option.ts';
import { sayJoining } from '../cli/joining.ts';
import { once, seldom } from '../cli/once.ts';
import { type HostAndPort, hostAndPort, isLoopback, listenOf } from '../cli/tcp-target.ts';
import type { Output } from '../cli/output.ts';
import { bootstrapsFor, dataFolderOf, peerNameOf } from '../data-folder.ts';
import { type Headless, startHeadless } from '../headless.ts';
import { connectionsHere } from '../open-files.ts';
import { PROXY_CONNECTIONS_MAX } from '../tcp/constants.ts';
import { startProxy } from '../tcp/index.ts';
import { stopped, unlessStopped, untilAsked, untilJoined } from '../until.ts';

const FORM: ChainForm = { target: 'internet', example: '8080>rand>rand>rand>internet' };

export const proxy: Command = {
  name: 'proxy',
  usage: '[<port> | "<port>><hop>>…>internet"] [--invitation <file or text>]',
  summary:
    'Lets any program reach .gnet addresses, and through exits the clear network, by SOCKS5 or HTTP CONNECT: curl --socks5-hostname 127.0.0.1:9050 http://<address>.gnet/ ' +
    'A chain says by which hops the clear network is reached, as in gnet tunnel; the last one is the exit.',
  options: {
    listen: {
      type: 'string',
      value: '<[ip:]port>',
      help: 'where programs find it (default: 127.0.0.1:9050); port 0 is any free one',
      check: listenOf,
    },
    strict: {
      type: 'boolean',
      help: 'says yes to a program only when the service or exit has: one round trip more, and the exact reason of a no',
    },
    metrics: METRICS_OPTION,
    name: { type: 'string', value: '<name>', help: 'its folder within the data folder (default: proxy)', check: peerNameOf },
    ...CERTIFIED,
    ...INVITED,
  },
  positionals: { min: 0, max: 1 },
  serves: true,
  async run(invocation) {
    const { output, positionals, text, texts } = invocation;
    const { listen, chain } = askedFor(positionals[0], invocation);
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
    try {
      sayMetrics(headless, output);
      sayJoining(headless.peer, output);
      headless.peer.events.listen((event) => event?.kind === 'invitation' && output.say(event.text, { warning: event.text }));
      const exits = chain === undefined ? headless.clearNetwork.exits : await exitsAlong(headless, chain, invocation);
      await serve(invocation, headless, { dataFolder, listen, exits }).finally(() => exits.stop());
    } finally {
      await headless.stop();
    }
  },
};

interface Serving {
  readonly dataFolder: string;
  readonly listen: HostAndPort;
  readonly exits: Exits;
}

/** Until it is stopped. */
async function serve({ output, flag, stop }: Invocation, headless: Headless, { dataFolder, listen, exits }: Serving): Promise<void> {
  const { peer } = headless;
  const tell = once((text) => output.note(text));
  const warn = once((text) => output.say(text, { warning: text }));
  const listening = await startProxy({
    ...listen,
    visits: flag('certified') ? certifiedVisits(headless, dataFolder) : peer.tcp,
    exits,
    strict: flag('strict'),
    connectionsMax: connectionsHere(PROXY_CONNECTIONS_MAX, warn),
    onIpTarget: () => tell(LOOKS_UP_ITSELF),
    onExit: sayExit(output),
    onBroken: seldom((why) => output.tell(`Connections ended: ${why}.`, { ended: why })),
    onNothingThere: seldom((why) => output.tell(why, { failed: why })),
    onRefused: (why) => warn(`${withoutAddresses(why)} ('gnet proxy --help' tells of --invitation and --certified)`),
    onWarning: warn,
  });
  try {
    // Where nobody can be reached programs are told so by its port, until it has joined.
    await untilAsked(peer, stop, output);
    const at = hostAndPort(listening);
    output.say(`SOCKS5 and HTTP CONNECT at ${at}`, { listens: at, pid: process.pid });
    if (!isLoopback(listen.host)) output.note('Whoever reaches this port uses the network as you.');
    output.note(`curl --socks5-hostname ${at} http://<address>.gnet/\nUntil Ctrl-C.`);
    await stopped(stop);
  } finally {
    listening.close();
  }
}

/** Says when programs ask for the clear network and there is no way to it, and when there is again. */
function sayExit(output: Output): (lacking: string | undefined) => void {
  let said: string | undefined;
  return (lacking) => {
    if (lacking === said) return;
    said = lacking;
    if (lacking === undefined) output.tell('There is an exit again.', { exit: true });
    else output.tell(`A program asked for something outside of .gnet: ${lacking}`, { exit: false, why: lacking });
  };
}

/** @throws GlobalNetError `malformed`. */
function askedFor(place: string | undefined, { text, said }: Invocation): { listen: HostAndPort; chain?: HopChain } {
  if (place === undefined) return { listen: listenOf(text('listen') ?? '127.0.0.1:9050') };
  if (said.some(({ name, source }) => name === 'listen' && source.from === 'flag'))
    throw new GlobalNetError('malformed', `'${place}' says already where to listen: leave --listen out`);
  if (!place.includes('>')) return { listen: listenOf(place) };
  const chain = chainOf(place);
  return { listen: chain.listen, chain };
}

/** @throws GlobalNetError `malformed`. */
function chainOf(text: string): HopChain {
  const chain = parseChain(text, FORM);
  if (chain.target !== FORM.target)
    throw new GlobalNetError(
      'malformed',
      `'${text}': the chain of a proxy ends in '${FORM.target}', not in '${chain.target}'; gnet tunnel leads to one host`,
    );
  return chain;
}

/** What a proxy says may be kept by whoever runs it, and says not where its programs went. */
function withoutAddresses(text: string): string {
  return text.replaceAll(/[a-z2-7]{56}\.gnet/g, 'a service');
}

/** Sessions of which a program hears when somebody whom the user trusts speaks for the service. */
function certifiedVisits({ env, peer }: Headless, dataFolder: string): Pick<Peer['tcp'], 'visit'> {
  return {
    async visit(address, isolation) {
      const session = await peer.tcp.visit(address, isolation);
      await refuseUncertified(env, dataFolder, session);
      return session;
    },
  };
}

async function exitsAlong({ env, peer, clearNetwork }: Headless, chain: HopChain, { output, stop }: Invocation): Promise<Exits> {
  await untilJoined(env, peer, stop, output);
  const { namedPaths } = clearNetwork;
  const found = output.waiting(() => `Looking for the hops of ${chain.text}`);
  const isExit: Fits = (one) => hasRole(one, ROLE.exit);
  const path = await inChain(chain, () => unlessStopped(namedPaths.find(chain.hops, isExit), stop).finally(found));
  return namedPaths.exits(path);
}

const LOOKS_UP_ITSELF =
  'A program asked for an IP address, not a name. If it looked a name up itself, who runs the name server knows where it goes: give curl --socks5-hostname, Firefox “Proxy DNS”.';
