import { type ClearNetwork, type Fits, isExitFor, type NamedPath } from '../../src/core/peer/index.ts';
import { encodeExitTarget, type ExitTarget } from '../../src/core/wire/exit.ts';
import type { Command, Invocation } from '../cli/command.ts';
import { exitTargetOf } from '../cli/exit-target.ts';
import { type ChainForm, type HopChain, inChain, parseChain } from '../cli/hop-chain.ts';
import { sayJoining } from '../cli/joining.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { METRICS_OPTION, metricsOf, sayMetrics } from '../cli/metrics-option.ts';
import { once } from '../cli/once.ts';
import { hostAndPort, isLoopback } from '../cli/tcp-target.ts';
import { bootstrapsFor, dataFolderOf, peerNameOf } from '../data-folder.ts';
import { startHeadless } from '../headless.ts';
import { connectionsHere } from '../open-files.ts';
import { TUNNEL_CONNECTIONS_MAX } from '../tcp/constants.ts';
import { startTunnel, type Tunnel } from '../tcp/index.ts';
import { stopped, unlessStopped, untilJoined } from '../until.ts';

const FORM: ChainForm = { target: 'host:port', example: '1000>rand>rand>rand>example.org:80' };
/** Each is a port to listen at; more are a mistake in a script. */
const TUNNELS_MAX = 100;

/** A chain of which all has been checked that needs no network. */
interface Wanted {
  readonly chain: HopChain;
  readonly target: ExitTarget;
  readonly request: Uint8Array;
}

export const tunnel: Command = {
  name: 'tunnel',
  usage: '"<port>><hop>>…><host:port>"…',
  summary:
    'Leads a local port through exactly these hops to a host that the last of them reaches: an exit, or a peer whose owner grants that host. ' +
    'A hop is a peer id, its first letters as gnet peers and gnet status show them, or rand: one drawn by the usual rules.',
  options: {
    share: { type: 'boolean', help: 'one circuit for all connections of a tunnel, instead of one for each: for programs that open many' },
    metrics: METRICS_OPTION,
    name: {
      type: 'string',
      value: '<name>',
      help: 'its folder within the data folder, of one process at a time (default: tunnel)',
      check: peerNameOf,
    },
  },
  positionals: { min: 1, max: TUNNELS_MAX },
  serves: true,
  async run(invocation) {
    const { output, positionals, text, texts, stop } = invocation;
    const wanted = positionals.map(wantedOf);
    const dataFolder = dataFolderOf(text('data'));
    const headless = await startHeadless({
      dataFolder,
      name: text('name') ?? 'tunnel',
      role: 'tunnel',
      bootstraps: bootstrapsFor(dataFolder, texts('join')),
      metrics: metricsOf(text('metrics')),
      logLevel: logLevelOf(text('log')),
    });
    sayMetrics(headless, output);
    sayJoining(headless.peer, output);
    const tunnels: Tunnel[] = [];
    try {
      await untilJoined(headless.env, headless.peer, stop, output);
      for (const one of wanted) tunnels.push(await start(headless.clearNetwork, one, invocation));
      output.note('Until Ctrl-C.');
      await stopped(stop);
    } finally {
      for (const started of tunnels) started.close();
      await headless.stop();
    }
  },
};

/** @throws GlobalNetError `malformed`. */
function wantedOf(text: string): Wanted {
  const chain = parseChain(text, FORM);
  return inChain(chain, () => {
    const target = exitTargetOf(chain.target);
    return { chain, target, request: encodeExitTarget(target) };
  });
}

async function start(
  { namedPaths }: ClearNetwork,
  { chain, target, request }: Wanted,
  { output, flag, stop }: Invocation,
): Promise<Tunnel> {
  // A last hop that was named may have a grant, of which its descriptor says nothing.
  const lastFits: Fits = (one) => chain.hops.at(-1) !== 'rand' || isExitFor(one, target);
  const found = output.waiting(() => `Looking for the hops of ${chain.text}`);
  const path = await inChain(chain, () => unlessStopped(namedPaths.find(chain.hops, lastFits), stop).finally(found));
  let at = hostAndPort(chain.listen);
  const say = (why: string): void => output.say(`${at}: a connection failed: ${why}`, { failed: at, why });
  const warn = once((why) => output.say(`${at}: ${why}`, { warning: why, tunnel: at }));
  const started = await startTunnel({
    ...chain.listen,
    request,
    share: flag('share'),
    newSession: () => namedPaths.session(path, lastFits, `tunnel ${at}`),
    connectionsMax: connectionsHere(TUNNEL_CONNECTIONS_MAX, warn),
    onFailure: say,
    onWarning: warn,
  });
  at = hostAndPort(started);
  const { hops } = path;
  output.say([at, ...hops, chain.target].join(' > '), { listens: at, hops, target: chain.target, pid: process.pid });
  for (const warning of warningsOf(path, chain)) output.note(warning);
  return started;
}

/** What the user may not have had in mind. */
function warningsOf({ hops: [first, second] }: NamedPath, { listen }: HopChain): string[] {
  const warnings = isLoopback(listen.host) ? [] : ['Whoever reaches this port uses the tunnel as you.'];
  if (second === undefined) warnings.push('One hop alone sees both this machine’s address and where the tunnel leads.');
  else if (first !== 'rand') warnings.push(`Hop 1, ${first}, learns this machine’s address, as your guards do.`);
  return warnings;
}
