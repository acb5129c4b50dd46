import { fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import { readAll, type SessionStream, StreamReset } from '../../src/core/stream/index.ts';
import { hasRole } from '../../src/core/wire/descriptor.ts';
import type { ExitSummary, ExitTarget } from '../../src/core/wire/exit.ts';
import { type EndReason, ROLE } from '../../src/core/wire/registry.ts';
import type { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { until, untilReady } from './sim-site.ts';

const bootstraps = [relayUrl(0), relayUrl(1)];
export const WEB: ExitSummary = { ipv6: false, ports: [[80, 80]] };
export const ALL: ExitSummary = { ipv6: false, ports: [[1, 65535]] };

export interface SimExit {
  readonly summary: ExitSummary;
  readonly asked: ExitTarget[];
  /** What it does instead of opening a connection. */
  no: EndReason | 'silence' | undefined;
  /** So long it takes for one. */
  readonly afterMs: number;
}

export function simExit(summary: ExitSummary, no?: SimExit['no'], afterMs = 0): SimExit {
  return { summary, asked: [], no, afterMs };
}

/** Says back what it hears, behind the name that it was asked for. */
function serviceOf(network: SimNetwork, exit: SimExit) {
  return {
    get connections() {
      return exit.asked.length;
    },
    onConnection(stream: SessionStream, target: ExitTarget): void {
      exit.asked.push(target);
      if (exit.no === 'silence') return;
      if (exit.no !== undefined) return stream.reset(exit.no);
      const open = (): void => {
        stream.accept();
        void readAll(stream, 1000).then(
          async (heard) => {
            await stream.write(utf8(`${String(target.host)} ${fromUtf8(heard)}`));
            stream.end();
          },
          () => undefined,
        );
      };
      if (exit.afterMs === 0) open();
      else network.clock.schedule(exit.afterMs, open);
    },
  };
}

export interface ExitHouse {
  readonly network: SimNetwork;
  readonly client: SimPeer;
  /** Of the exits, in order. */
  readonly relays: SimPeer[];
  /** All relays, the exits too. */
  readonly all: readonly SimPeer[];
}

/** Ten relays, the last of them these exits; a client that has joined. */
export async function exitHouse(network: SimNetwork, exits: readonly SimExit[]): Promise<ExitHouse> {
  const relays: SimPeer[] = [];
  for (let i = 0; i < 10; i++) {
    const exit = exits[i - (10 - exits.length)];
    relays.push(
      await simRelay(network, i, {
        bootstraps: bootstraps.slice(0, i),
        ...(exit === undefined ? {} : { exit: { service: serviceOf(network, exit), summary: exit.summary } }),
      }),
    );
  }
  for (const relay of relays) await untilReady(network, relay);
  const client = await simTab(network, 'client', { bootstraps, relaying: false });
  await untilReady(network, client);
  const known = (): number => [...client.peer.directory.relays()].filter(({ descriptor }) => hasRole(descriptor, ROLE.exit)).length;
  await until(network, () => known() === exits.length);
  return { network, client, relays: relays.slice(10 - exits.length), all: relays };
}

export async function say({ client }: ExitHouse, isolation: string, host: string, words: string, port = 80): Promise<string> {
  const stream = await client.clearNetwork.exits.connect({ host, port }, isolation, utf8(words));
  stream.end();
  return fromUtf8(await readAll(stream, 1000));
}

/** Hops of the client's circuits to exits, the oldest first. */
export function circuits({ client }: ExitHouse): string[][] {
  const own = [...client.peer.circuits.own()].filter(({ note }) => note.purpose === 'exit');
  return own.sort((a, b) => a.note.number - b.note.number).map(({ circuit }) => [...circuit.hops]);
}

export function isReset(reason: EndReason): (error: unknown) => boolean {
  return (error) => error instanceof StreamReset && error.reason === reason;
}
