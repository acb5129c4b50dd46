/** What a user does with `gnet expose` and `gnet proxy`: a local web server, curl, and relays between. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { buildPeer } from './support/build-peer.ts';
import { curl, CURL_PROXY, CURL_RESET } from './support/curl.ts';
import { Gnet, gnet, type Line } from './support/gnet.ts';
import { invitedSuite } from './support/invited-suite.ts';
import { liveSuite } from './support/live-suite.ts';
import { type Network, noise, startNetwork } from './support/network.ts';
import { here, tunnelSuite } from './support/tunnel-suite.ts';
import { until } from './support/until.ts';

const LARGE = noise('tcp', 20_000_000);
const PIECE = LARGE.subarray(0, 2_000_000);
/** Well formed, and nobody has ever published anything there. */
const UNKNOWN = encodeAddress(nobleCrypto.ed25519Public(new Uint8Array(32).fill(8)));

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST')
    response.end(
      `posted ${createHash('sha256')
        .update(await bodyOf(request))
        .digest('hex')}`,
    );
  else if (request.url === '/large') response.end(LARGE);
  else if (request.url === '/piece') response.end(PIECE);
  else response.end(`${request.method} ${request.url} of ${request.headers.host}`);
}

describe('any program, by gnet expose and gnet proxy', { timeout: 280_000 }, () => {
  const web = createServer((request, response) => void serve(request, response));
  const echo = createTcpServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => undefined).pipe(socket));
  const started: Gnet[] = [];
  let network: Network;
  let exposed: Gnet;
  let proxy: Gnet;
  let address: string;
  let socks: string;
  let strict: string;
  /** A relay whose owner grants both servers. */
  let owner: string;

  const start = (...args: string[]): Gnet => {
    const process = new Gnet([...args, '--json', '--data', network.dataFolder]);
    started.push(process);
    return process;
  };
  const listens = async (process: Gnet): Promise<string> => String((await process.line('listens'))['listens']);

  before(async () => {
    await Promise.all([web, echo].map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
    network = await startNetwork();
    const joins = network.bootstraps.flatMap((url) => ['--join', url]);
    const relay = start('relay', '--listen', '127.77.0.1:0', '--name', 'owner', ...joins, '--grant', here(web), '--grant', here(echo));
    owner = String((await relay.line('peer'))['peer']);
    exposed = start('expose', String((web.address() as AddressInfo).port));
    proxy = start('proxy', '--listen', '127.0.0.1:0', '--log', 'debug');
    const exact = start('proxy', '0', '--strict', '--name', 'strict');
    [socks, strict] = [await listens(proxy), await listens(exact)];
    address = String((await exposed.line('address'))['address']);
  });
  after(async () => {
    web.close();
    echo.close();
    web.closeAllConnections();
    await Promise.all(started.map((process) => process.stop()));
    await network?.close();
  });

  it('curl gets a page by the address alone, and on the port’s own number', async () => {
    assert.match(address, /^[a-z2-7]{56}\.gnet$/);
    const page = await curl('--socks5-hostname', socks, `http://${address}/a/page?x=1`);
    assert.equal(String(page.body), `GET /a/page?x=1 of ${address}`, page.words);
    const { port } = web.address() as AddressInfo;
    const other = await curl('--socks5-hostname', strict, `http://${address}:${port}/`);
    assert.equal(String(other.body), `GET / of ${address}:${port}`, other.words);
  });

  it('curl by SOCKS4a, with a user and password, by CONNECT of HTTP, and what it posts', async () => {
    const old = await curl('--socks4a', socks, `http://${address}/old`);
    assert.equal(String(old.body), `GET /old of ${address}`, old.words);
    const user = await curl('--socks5-hostname', socks, '--proxy-user', 'anna:secret', `http://${address}/user`);
    assert.equal(String(user.body), `GET /user of ${address}`, user.words);
    const tunnelled = await curl('--proxy', `http://${socks}`, '--proxytunnel', '--proxy-user', 'anna:http', `http://${address}/connect`);
    assert.equal(String(tunnelled.body), `GET /connect of ${address}`, tunnelled.words);
    assert.match(String((await curl('--proxy', `http://${socks}`, `http://${address}/`)).body), /carries connections, and forwards no/);
    const bytes = 'x'.repeat(100_000);
    const posted = await curl('--socks5-hostname', socks, '--data-binary', bytes, `http://${address}/`);
    assert.equal(String(posted.body), `posted ${createHash('sha256').update(bytes).digest('hex')}`, posted.words);
  });

  it('users are kept apart: each has a circuit to the service of its own', async () => {
    const circuits = async (): Promise<number> => {
      const told = await gnet(['circuits', '--where', '--pid', String(proxy.pid), '--json', '--data', network.dataFolder]);
      return told.lines.filter(({ purpose }) => purpose === `visit ${address}`).length;
    };
    const before = await circuits();
    for (const user of ['bob', 'carol', 'bob']) {
      assert.equal((await curl('--socks5-hostname', socks, '--proxy-user', `${user}:x`, `http://${address}/`)).code, 0);
    }
    assert.equal(await circuits(), before + 2);
  });

  it('20 MB arrive as they were sent', async () => {
    const large = await curl('--socks5-hostname', socks, `http://${address}/large`);
    assert.equal(large.code, 0, large.words);
    assert.ok(large.body.equals(Buffer.from(LARGE)));
  });

  it('200 connections at once, each with its own answer', async () => {
    const out = (i: number): string => join(network.folder, `answer-${i}`);
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    const urls = numbers.flatMap((i) => [`http://${address}/number/${i}`, '-o', out(i)]);
    const all = await curl(
      '--parallel',
      '--parallel-immediate',
      '--parallel-max',
      '200',
      '-H',
      'Connection: close',
      '--socks5-hostname',
      socks,
      ...urls,
    );
    assert.equal(all.code, 0, all.words);
    for (const i of numbers) assert.equal(readFileSync(out(i), 'utf8'), `GET /number/${i} of ${address}`);
  });

  it('two services of one process have an address each, which they keep; a client that ends its side still hears the answer', async () => {
    const echo = createTcpServer({ allowHalfOpen: true }, (socket) => {
      const parts: Buffer[] = [];
      socket.on('data', (part) => parts.push(part)).on('end', () => socket.end(Buffer.concat(parts)));
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const named = `web=${(web.address() as AddressInfo).port}`;
    const services = start('expose', `echo=127.0.0.1:${(echo.address() as AddressInfo).port}@7`, named);
    await until('both services', () => services.lines.length === 2);
    const [{ address: echoing, ports }, { address: alike }] = ['echo', 'web'].map((name) =>
      services.lines.find((line) => line['name'] === name),
    ) as [Line, Line];
    assert.deepEqual(ports, [7]);
    const page = await curl('--socks5-hostname', socks, `http://${alike}/two`);
    assert.equal(String(page.body), `GET /two of ${alike}`, page.words);
    const [, port] = socks.split(':');
    const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
    const heard: Buffer[] = [];
    socket.on('data', (part) => heard.push(part));
    const told = async (...flags: string[]): Promise<Line[]> =>
      (await gnet(['streams', '--json', '--pid', String(proxy.pid), ...flags, '--data', network.dataFolder])).lines;
    const ended = new Promise((resolve) => socket.once('end', resolve));
    socket.write(
      Buffer.concat([Buffer.from([5, 1, 0, 5, 1, 0, 3, 61]), Buffer.from(String(echoing)), Buffer.from([0, 7]), Buffer.from('to the end')]),
    );
    await until('gnet streams lists it', async () =>
      (await told('--where')).some(({ address, port }) => address === echoing && port === 7),
    );
    assert.doesNotMatch(JSON.stringify(await told()), /gnet"/, 'where it goes, unasked');
    socket.end();
    await ended;
    assert.equal(String(Buffer.concat(heard).subarray(12)), 'to the end');
    echo.close();
    await services.stop();
    const alone = start('expose', named);
    assert.equal((await alone.line('address'))['address'], alike);
    await alone.stop();
  });

  const takeOver = invitedSuite(() => ({ network, start, address, proxy, socks }));

  it('an address that two processes serve: visitors come to either, and to the one that is left when the other is killed', async () => {
    const other = createServer((_, response) => response.end('the other'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const [one, two] = [web, other].map((server) => String((server.address() as AddressInfo).port));
    const first = start('expose', `one=${one}`);
    const { address: shared } = await first.line('address');
    const key = join(network.dataFolder, 'peers', 'one', 'records', 'service.key');
    const second = start('expose', `two=${two}`, '--key', key);
    assert.equal((await second.line('address'))['address'], shared);
    let visitors = 0;
    const heard = async (): Promise<string> => {
      const answer = await curl('--socks5-hostname', socks, '--proxy-user', `host:${visitors++}`, `http://${String(shared)}/`);
      return String(answer.body) || answer.words;
    };
    const answers = new Set<string>();
    while (answers.size < 2 && visitors < 40) answers.add(await heard());
    assert.deepEqual([...answers].sort(), [`GET / of ${String(shared)}`, 'the other']);
    await first.stop('SIGKILL');
    for (const _ of [1, 2, 3]) assert.equal(await heard(), 'the other');
    await second.stop();
    other.close();
  });

  it('says what is wrong in SOCKS: an unknown address, no address, a port that is not there, the clear network', async () => {
    for (const [url, asked, words] of [
      [`http://${UNKNOWN}/`, socks, /Host unreachable|\(4\)/i],
      ['http://abc.gnet/', socks, /Host unreachable|\(4\)/i],
      [`http://${address}:81/`, strict, /refused|\(5\)/i],
      ['http://example.org/', socks, /unreachable|\(3\)/i],
    ] as const) {
      const failed = await curl('--socks5-hostname', asked, url);
      assert.equal(failed.code, CURL_PROXY, `${url}: ${failed.words}`);
      assert.match(failed.words, words);
    }
  });

  it('says plainly what is wrong with a command', async () => {
    for (const [args, exitCode, words] of [
      [['expose', 'http'], 2, /a local service is a port, or host:port, not 'http'/],
      [['expose', '80', '--port', '70000'], 2, /a port is a number from 1 to 65535, not '70000'/],
      [
        ['proxy', 'localhost:9050'],
        2,
        /where to listen is a port, or an IP address and a port, such as 127\.0\.0\.1:9050; not 'localhost:9050'/,
      ],
      [['tunnel', '1000'], 2, /a chain is port>hop>…>host:port, such as '1000>rand>rand>rand>example\.org:80', in quotes/],
      [['tunnel', '0>rand>example.org'], 2, /'0>rand>example\.org': 'example\.org' is no target/],
      [['tunnel', '0>aaaaaaaa>rand>example.org:80', '--name', 'wrong'], 3, /hop 1: no peer is known whose id begins with 'aaaaaaaa'/],
      [['proxy', `0>rand>${owner}>internet`, '--name', 'wrong'], 1, /hop 2, .* is no exit/],
      [['proxy', '0>rand>rand>example.org:80'], 2, /the chain of a proxy ends in 'internet', not in 'example\.org:80'/],
      [['proxy', '--listen', socks, '--name', 'second'], 1, /is in use by another program: choose another with --listen/],
    ] as const) {
      const failed = await gnet([...args, '--data', network.dataFolder]);
      assert.match(failed.stderr, words);
      assert.equal(failed.exitCode, exitCode);
    }
  });

  takeOver();

  const killRelay = tunnelSuite(() => ({ network, start, owner, web, echo, piece: PIECE }));

  liveSuite(() => network, start);

  it('a hop on the service’s own path hangs, and tells nobody: who is there and who comes take another way to it', async () => {
    const ask = (user: string): ReturnType<typeof curl> => curl('--socks5-hostname', socks, '--proxy-user', user, `http://${address}/`);
    await ask('there:1');
    const told = await gnet(['circuits', '--where', '--pid', String(exposed.pid), '--json', '--data', network.dataFolder]);
    const [own] = told.lines.filter(({ purpose }) => purpose === `host ${address} 0`) as { hops?: string[] }[];
    const second = (await network.statuses()).find(({ peer }) => peer.peer === own?.hops?.[1])?.pid as number;
    process.kill(second, 'SIGSTOP');
    try {
      const answers = await Promise.all(['there:1', 'new:1', 'new:2', 'new:3'].map(ask));
      for (const { body, words } of answers) assert.equal(String(body), `GET / of ${address}`, `${words}, ${proxy.stderr.slice(-2_000)}`);
    } finally {
      process.kill(second, 'SIGCONT');
    }
  });

  it('a flood of hellos that nobody worked for: the service asks for work, and who does it comes in while the flood goes on', async () => {
    const effort = async (): Promise<number> => {
      const statuses = await network.statuses();
      return statuses.flatMap(({ peer }) => peer.services).find((service) => service.address === address)?.effort ?? 0;
    };
    assert.equal(await effort(), 0);
    const flood = new Gnet([address, network.dataFolder], { program: await buildPeer('flooding-peer') });
    started.push(flood);
    await flood.line('flooding');
    const asked = await until('the service asks for work', effort);
    for (const user of ['dave', 'erin']) {
      const page = await curl('--socks5-hostname', socks, '--proxy-user', `${user}:x`, `http://${address}/${user}`);
      assert.equal(String(page.body), `GET /${user} of ${address}`, `${page.words}, at ${asked} hashes`);
    }
    const before = flood.lines.length;
    await until('the flood has gone on', () => flood.lines.length > before);
    assert.ok((await effort()) > 0);
    await flood.stop();
  });

  it('a proxy with nothing to reach says so at once, to its user and to programs, and joins when there is somebody', async () => {
    const [bootstrap] = network.bootstraps.map((url) => new URL(url));
    const door = createTcpServer((socket) => {
      const inside = connect(Number(bootstrap?.port), bootstrap?.hostname);
      for (const [from, to] of [[socket, inside] as const, [inside, socket] as const]) from.on('error', () => to.destroy()).pipe(to);
    });
    const open = (port: number): Promise<void> => new Promise((resolve) => door.listen(port, '127.0.0.1', resolve));
    await open(0);
    const { port } = door.address() as AddressInfo;
    await new Promise((resolve) => door.close(resolve));
    const lost = start('proxy', '--listen', '127.0.0.1:0', '--name', 'lost', '--join', `ws://127.0.0.1:${port}`);
    const at = await listens(lost);
    assert.match(String((await lost.line('joined'))['why']), /no bootstrap answers .*nobody listens there/);
    assert.deepEqual(
      lost.lines.flatMap(({ joined = [] }) => joined),
      [false],
    );
    for (const url of [`http://${address}/`, 'http://site.example/']) {
      const refused = await curl('--socks5-hostname', at, url);
      assert.equal(refused.code, CURL_PROXY, refused.words);
      assert.match(refused.words, /Network unreachable|\(3\)/i);
    }
    await open(port);
    await until('it joins', () => lost.lines.some(({ joined }) => joined === true), { now: () => lost.lines });
    const page = await curl('--socks5-hostname', at, `http://${address}/found`);
    assert.equal(String(page.body), `GET /found of ${address}`, page.words);
    await lost.stop();
    door.close();
  });

  it('the local service is down: the exact reply with --strict, a reset without', async () => {
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
    const exact = await curl('--socks5-hostname', strict, `http://${address}/`);
    assert.equal(exact.code, CURL_PROXY, exact.words);
    assert.match(exact.words, /refused|\(5\)/i);
    const late = await curl('--socks5-hostname', socks, `http://${address}/`);
    assert.equal(late.code, CURL_RESET, late.words);
    assert.match(String((await exposed.line('warning'))['warning']), /is exposed, and nobody listens there: a visitor was refused$/);
    // It was started with --log debug, and has been asked for all of these addresses.
    assert.doesNotMatch(proxy.stdout + proxy.stderr, /[a-z2-7]{56}|example\.org/);
  });

  it('an exposed service has the address it had; while it is away its visitors are told so', async () => {
    const { target } = await exposed.line('address');
    await exposed.stop();
    const away = await curl('--socks5-hostname', strict, `http://${address}/`);
    assert.equal(away.code, CURL_PROXY, away.words);
    const again = start('expose', String(target));
    assert.equal((await again.line('address'))['address'], address);
    await until('gnet status names it', async () => {
      const statuses = await network.statuses();
      return statuses.some(({ peer }) => peer.services.some((service) => service.address === address && service.kind === 'tcp'));
    });
  });

  killRelay();
});
