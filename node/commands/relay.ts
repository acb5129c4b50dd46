import { isIPv4 } from 'node:net';
import { equal } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { epochStartMs } from '../../src/core/wire/descriptor.ts';
import { encodeExitSummary, type ExitSummary } from '../../src/core/wire/exit.ts';
import type { Command, Invocation, Option } from '../cli/command.ts';
import { exitTargetOf } from '../cli/exit-target.ts';
import { sayJoining } from '../cli/joining.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { metricsOf, METRICS_OPTION, sayMetrics } from '../cli/metrics-option.ts';
import { once } from '../cli/once.ts';
import type { Output } from '../cli/output.ts';
import type { HostAndPort } from '../cli/tcp-target.ts';
import { dataFolderOf, joinUrls, peerNameOf } from '../data-folder.ts';
import { EXIT_CONNECTIONS_MAX } from '../exit/constants.ts';
import { type ExitJudge, exitService, GrantJudge } from '../exit/index.ts';
import { type Headless, type HeadlessExit, startHeadless } from '../headless.ts';
import { connectionsHere } from '../open-files.ts';
import { stopped } from '../until.ts';

/** Of whatever listens and relays. `name` is also the default of its folder. */
export function relayOptions(name: string): Record<string, Option> {
  return {
    listen: {
      type: 'string',
      value: '<ip:port>',
      help: 'where it listens and is published; port 0 is any free one',
      check: (text) => addressOf('listen', text),
    },
    advertise: {
      type: 'string',
      value: '<ip:port>',
      help: 'where it is published instead: of a port forwarder before it',
      check: (text) => addressOf('advertise', text),
    },
    name: { type: 'string', value: '<name>', help: `its folder within the data folder (default: ${name})`, check: peerNameOf },
    stable: { type: 'boolean', help: 'it will keep this address for weeks: it may be a guard and hold records' },
    'no-webrtc': { type: 'boolean', help: 'links by WebSocket alone: where UDP does not pass' },
    metrics: METRICS_OPTION,
    operator: { type: 'string', value: '<tag>', help: 'who runs it: no path passes two relays of one operator', check: operatorOf },
    grant: {
      type: 'string',
      value: '<host:port>',
      multiple: true,
      help: 'opens this very host and port, private or not, to everybody who asks for it by a tunnel; may be repeated. It must guard itself',
      check: exitTargetOf,
    },
  };
}

export const relay: Command = {
  name: 'relay',
  usage: '--listen <ip:port> [--join <ws url>]…',
  summary: 'Runs an open relay: others dial it, it relays for them, holds records and serves as rendezvous point.',
  options: relayOptions('relay'),
  positionals: { min: 0, max: 0 },
  serves: true,
  run: (invocation) => runRelay(invocation, { kind: 'relay' }),
};

export interface RelayKind {
  readonly kind: 'relay' | 'exit';
  /** Opens connections to the clear network. */
  readonly exit?: { readonly judge: ExitJudge; readonly summary: ExitSummary };
}

/** Until it is stopped. */
export async function runRelay(invocation: Invocation, { kind, exit }: RelayKind): Promise<void> {
  const { output, text, texts, flag, stop } = invocation;
  const name = text('name') ?? kind;
  const joins = joinUrls(texts('join'));
  const operator = text('operator');
  const advertise = advertisedOf(text);
  const grants = texts('grant');
  const opens = openerOf(grants, exit, output);
  const headless = await startHeadless({
    dataFolder: dataFolderOf(text('data')),
    name,
    role: name,
    bootstraps: joins,
    listen: listenAddressOf(text),
    ...(advertise === undefined ? {} : { advertise }),
    stable: flag('stable'),
    webRtc: !flag('no-webrtc'),
    metrics: metricsOf(text('metrics')),
    logLevel: logLevelOf(text('log')),
    ...(operator === undefined ? {} : { operator }),
    ...(opens === undefined ? {} : { exit: opens }),
  });
  try {
    sayStarted(invocation, headless, exit?.summary);
    if (joins.length > 0) sayJoining(headless.peer, output, true);
    else output.note('It joins nobody (no --join): it is the first of its network, and others join by it. Ctrl-C ends it.');
    await stopped(stop);
  } finally {
    await headless.stop();
  }
}

function sayStarted({ output, texts }: Invocation, headless: Headless, summary: ExitSummary | undefined): void {
  const { peer, listens } = headless;
  const grants = texts('grant');
  const what = summary === undefined ? 'Relay' : 'Exit';
  output.say(`${what} ${peer.id} listens at ${listens}`, {
    listens,
    peer: peer.id,
    pid: process.pid,
    ...(summary === undefined ? {} : { exit: summary }),
    ...(grants.length === 0 ? {} : { grants }),
  });
  sayMetrics(headless, output);
  if (grants.length > 0) output.note(`Whoever asks this peer reaches ${grants.join(', ')}.`);
  sayWaiting(headless, output, summary);
}

/** @throws GlobalNetError `malformed` (a grant). */
function openerOf(grants: readonly string[], exit: RelayKind['exit'], output: Output): HeadlessExit | undefined {
  if (grants.length === 0 && exit === undefined) return undefined;
  const warn = once((why) => output.say(why, { warning: why }));
  const judge = new GrantJudge(grants.map(exitTargetOf), exit?.judge);
  return { service: exitService(judge, connectionsHere(EXIT_CONNECTIONS_MAX, warn), warn), summary: exit?.summary };
}

/** What an earlier run has signed for this epoch holds until the next. */
function sayWaiting({ peer, env }: Headless, output: Output, summary: ExitSummary | undefined): void {
  const { blockedUntilMs } = peer;
  if (blockedUntilMs !== undefined) {
    const minutes = Math.ceil((blockedUntilMs - env.now()) / 60_000);
    output.say(`It was not stopped cleanly: it relays again in ${minutes} min, when its next keys may be published`, { blockedUntilMs });
    return;
  }
  const own = peer.directory.own;
  if (summary === undefined || own === undefined || equal(own.extension, encodeExitSummary(summary))) return;
  const minutes = Math.ceil((epochStartMs(own.epoch + 1) - env.now()) / 60_000);
  output.note(`It ran before with another policy, or as a relay: others learn of this one in ${minutes} min.`);
}

/** @throws GlobalNetError `malformed`. */
function operatorOf(text: string): string {
  if (/^[!-~]{1,32}$/.test(text)) return text;
  throw new GlobalNetError('malformed', `--operator wants up to 32 letters, digits and signs of ASCII, not '${text}'`);
}

/** Where it listens. @throws GlobalNetError `malformed`. */
export function listenAddressOf(text: Invocation['text']): HostAndPort {
  return addressOf('listen', text('listen'));
}

/** Where it is published, where that is another place. @throws GlobalNetError `malformed`. */
export function advertisedOf(text: Invocation['text']): HostAndPort | undefined {
  const advertise = text('advertise');
  return advertise === undefined ? undefined : addressOf('advertise', advertise);
}

/** @throws GlobalNetError `malformed`. */
function addressOf(flag: string, text: string | undefined): HostAndPort {
  const found = /^([\d.]+):(\d{1,5})$/.exec(text ?? '');
  const port = Number(found?.[2]);
  if (found === null || port > 65535 || !isIPv4(found[1] as string))
    throw new GlobalNetError(
      'malformed',
      `--${flag} wants an IPv4 address and a port, such as 203.0.113.7:9001${text === undefined ? '' : `, not '${text}'`}`,
    );
  return { host: found[1] as string, port };
}
