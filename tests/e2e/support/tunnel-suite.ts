/** What a user does with `gnet tunnel`, on a network that runs already. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { it } from 'node:test';
import { curl } from './curl.ts';
import { type Gnet, gnet, type Line } from './gnet.ts';
import type { Network } from './network.ts';
import { until } from './until.ts';

/** Where it listens, as a grant or a target says it. */
export function here(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function dial(at: string): Socket {
  const [host, port] = at.split(':');
  return connect({ host: host as string, port: Number(port) });
}

export interface TunnelPlace {
  readonly network: Network;
  start(...args: string[]): Gnet;
  /** A relay whose owner grants both servers. */
  readonly owner: string;
  /** Answers by HTTP with the request's line, or with `piece`. */
  readonly web: Server;
  /** Says what it hears. */
  readonly echo: Server;
  readonly piece: Uint8Array;
}

/** @returns what is to come last, for it kills a relay. */
export function tunnelSuite(place: () => TunnelPlace): () => void {
  let tunnel: Gnet;
  /** Hops of the circuits that the tunnels have for this purpose. */
  const circuitsOf = async (purpose: string): Promise<unknown[]> => {
    const told = await gnet(['circuits', '--where', '--pid', String(tunnel.pid), '--json', '--data', place().network.dataFolder]);
    return told.lines.flatMap((circuit) => (circuit['purpose'] === purpose ? [circuit['hops']] : []));
  };

  it('a tunnel goes through exactly the hops that were named, to a host that the last one’s owner grants', async () => {
    const { network, start, owner, web, echo, piece } = place();
    const statuses = await network.statuses();
    const first = statuses.find(({ role }) => role === 'relay-1')?.peer.peer as string;
    const chains = [
      `0>rand>rand>${owner}>${here(web)}`,
      `0>${first.slice(0, 8)}>${owner.slice(0, 8)}>${here(web)}`,
      `0>rand>rand>${owner}>${here(echo)}`,
    ];
    tunnel = start('tunnel', ...chains);
    const lines = await until('all tunnels listen', () => tunnel.lines.length === 3 && tunnel.lines);
    const drawn = ['rand', 'rand', owner];
    assert.deepEqual(
      lines.map(({ hops }) => hops),
      [drawn, [first, owner], drawn],
    );
    const [byChance, named] = lines.map(({ listens }) => String(listens)) as [string, string];
    assert.equal(String((await curl(`http://${byChance}/a`)).body), `GET /a of ${byChance}`);
    const got = await curl(`http://${named}/piece`);
    assert.ok(got.body.equals(Buffer.from(piece)), `${got.words} ${got.body.length} ${JSON.stringify(tunnel.lines.slice(3))}`);
    const waiting = dial(named);
    await until('a circuit for a connection', async () => (await circuitsOf(`tunnel ${named}`)).length === 1);
    assert.deepEqual(await circuitsOf(`tunnel ${named}`), [[first, owner]]);
    waiting.destroy();
    await until('the circuit has gone with its connection', async () => (await circuitsOf(`tunnel ${named}`)).length === 0);
  });

  it('more connections of a tunnel at once than a first hop builds circuits: each waits for its turn, and none fails', async () => {
    const at = String(tunnel.lines[2]?.['listens']);
    const failures = (): Line[] => tunnel.lines.filter((line) => 'failed' in line);
    const before = failures().length;
    const answers = Array.from({ length: 100 }, async (_, i) => {
      const socket = dial(at);
      socket.write(`number ${i}`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return String(answer);
    });
    assert.deepEqual(
      await Promise.all(answers),
      Array.from({ length: 100 }, (_, i) => `number ${i}`),
    );
    assert.equal(failures().length, before);
  });

  return () =>
    it('a relay on a tunnel’s path dies: the connection ends, the reason is said, and the next one works', async () => {
      const at = String(tunnel.lines[2]?.['listens']);
      const answered = async (): Promise<Socket> => {
        const socket = dial(at);
        socket.write('are you there');
        const answer = await once(socket, 'data').catch((error) => `${error}: ${JSON.stringify(tunnel.lines.slice(-3))}`);
        assert.equal(String(answer), 'are you there');
        return socket;
      };
      const first = await answered();
      const [hops] = (await circuitsOf(`tunnel ${at}`)) as string[][];
      const middle = (await place().network.statuses()).find(({ peer }) => peer.peer === hops?.[1]);
      const broken = once(first, 'error');
      process.kill(middle?.pid as number, 'SIGKILL');
      assert.match(String(await broken), /ECONNRESET/);
      assert.match(String((await tunnel.line('failed'))['why']), /the circuit broke/);
      (await answered()).destroy();
    });
}
