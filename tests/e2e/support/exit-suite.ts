/** Run by `exit.test.ts`, in its namespace: relays, two exits, a proxy, a name server, a web server, curl. */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket as TcpSocket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ipBytes } from '../../../node/ip.ts';
import type { CircuitStatus } from '../../../src/core/peer/index.ts';
import { curl, CURL_EMPTY, CURL_PROXY, CURL_RESET } from './curl.ts';
import { dnsAnswer, dnsQuestion } from '../../support/dns.ts';
import { Gnet, gnet } from './gnet.ts';
import { type Network, noise, startNetwork } from './network.ts';
import { until } from './until.ts';

const WEB = '203.0.113.7';
const WEB_IPV6 = '2001:db8:7::7';
const LARGE = noise('exit', 5_000_000);
/** What the exits' name server knows. */
const NAMES: Record<string, readonly string[]> = {
  'site.example': [WEB],
  'six.example': [WEB_IPV6],
  'home.example': ['127.0.0.1', '::1'],
  'own.example': ['2001:db8:1::1'],
  'rejected.example': ['203.0.113.66'],
};
/** Every other time it leads to what is the exit's own. */
const REBINDING = 'rebinding.example';
/** What a page sends its reader to, who follows. */
const REDIRECTS: Record<string, string> = {
  '/to-loopback': 'http://127.0.0.1/',
  '/to-name': 'http://home.example/',
  '/to-number': 'http://2130706433/',
};
const POLICY = 'reject 203.0.113.66:*, accept *:80-81, accept 203.0.113.0/24:7000-7010';

/** A name server on loopback, and the names it was asked for. */
async function nameServer(port: number): Promise<{ asked: string[]; socket: Socket }> {
  const asked: string[] = [];
  const socket = createSocket('udp4', (query, from) => {
    const { name, type } = dnsQuestion(query);
    asked.push(name);
    const length = type === 1 ? 4 : 16;
    const turn = asked.filter((other) => other === REBINDING).length;
    const known = (name === REBINDING ? [turn % 4 < 2 ? WEB : '127.0.0.1'] : NAMES[name])?.flatMap((text) => ipBytes(text) ?? []);
    socket.send(
      dnsAnswer(
        query,
        known?.filter((ip) => ip.length === length),
      ),
      from.port,
      from.address,
    );
  });
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  return { asked, socket };
}

describe('the clear network, by gnet exit and gnet proxy', () => {
  const web = createServer((request, response) => {
    const elsewhere = REDIRECTS[String(request.url)];
    if (elsewhere !== undefined) response.writeHead(302, { location: elsewhere }).end();
    else if (request.url === '/large') response.end(LARGE);
    else response.end(`${request.method} ${request.headers.host} from ${request.socket.remoteAddress}`);
  });
  let intruders = 0;
  const own = createTcpServer((socket) => {
    intruders++;
    socket.destroy();
  });
  /** Connections that are never answered. */
  const waiting: TcpSocket[] = [];
  const hung = createTcpServer((socket) => void waiting.push(socket.on('error', () => undefined)));
  const exits: Gnet[] = [];
  const proxies: Gnet[] = [];
  let network: Network;
  let here: Awaited<ReturnType<typeof nameServer>>;
  let there: Awaited<ReturnType<typeof nameServer>>;
  let socks: string;
  let strict: string;

  const start = (...args: string[]): Gnet => new Gnet([...args, '--json', '--data', network.dataFolder]);
  const listens = async (process: Gnet): Promise<string> => String((await process.line('listens'))['listens']);
  const exitCircuits = async (of = proxies[0]): Promise<CircuitStatus[]> => {
    const mine = (await network.statuses()).find(({ pid }) => pid === of?.pid);
    return mine?.peer.circuits.filter(({ purpose }) => purpose === 'exit') ?? [];
  };

  before(async () => {
    // Whoever in here asks the system for a name asks `here`; the exits were told of `there`.
    [here, there] = [await nameServer(53), await nameServer(5353)];
    for (const host of [WEB, WEB_IPV6]) {
      const server = host === WEB ? web : createServer((_, response) => response.end('by IPv6'));
      // Linux lets nobody listen at an IPv6 address that is no interface's; at all of them it does.
      await new Promise<void>((resolve) =>
        server.listen(host === WEB ? { host, port: 80 } : { host: '::', ipv6Only: true, port: 80 }, resolve),
      );
      server.unref();
    }
    await new Promise<void>((resolve) => own.listen({ host: '127.0.0.1', port: 80 }, resolve));
    await new Promise<void>((resolve) => hung.listen({ host: WEB, port: 7001 }, resolve));
    network = await startNetwork();
    const joins = network.bootstraps.flatMap((url) => ['--join', url]);
    const policy = ['--policy', POLICY, '--resolver', '127.0.0.1:5353', '--log', 'debug'];
    for (const i of [1, 2])
      exits.push(start('exit', '--listen', `127.${60 + i}.0.1:0`, '--name', `exit-${i}`, '--no-webrtc', ...joins, ...policy));
    for (const exit of exits) await exit.line('listens');
    proxies.push(start('proxy', '--listen', '127.0.0.1:0'), start('proxy', '--listen', '127.0.0.1:0', '--strict', '--name', 'strict'));
    [socks, strict] = (await Promise.all(proxies.map(listens))) as [string, string];
    for (const port of [socks, strict])
      await until('an exit is known', async () => (await curl('--socks5-hostname', port, 'http://site.example/')).code === 0, {
        patienceMs: 60_000,
      });
  });
  after(async () => {
    await Promise.all([...exits, ...proxies].map((process) => process.stop()));
    await network?.close();
    web.close();
    hung.close();
    own.close();
    here.socket.close();
    there.socket.close();
  });

  it('a name, by SOCKS5, SOCKS4a and CONNECT: it is looked up by the exit, and nowhere here', async () => {
    there.asked.length = 0;
    for (const how of [
      ['--socks5-hostname', socks],
      ['--socks4a', socks],
      ['--proxytunnel', '--proxy', `http://${socks}`],
      ['--socks5-hostname', strict],
    ] as const) {
      const answer = await curl(...how, 'http://site.example/');
      assert.match(String(answer.body), /^GET site\.example from 203\.0\.113\.\d+$/, answer.words);
    }
    assert.ok(there.asked.includes('site.example'));
    for (const host of [network.demo, 'abc.gnet']) await curl('--socks5-hostname', socks, `http://${host}/`);
    assert.deepEqual(here.asked, []);
  });

  it('IPv4 and IPv6 addresses, and a name that has IPv6 alone', async () => {
    assert.match(String((await curl('--socks5', socks, `http://${WEB}/`)).body), /^GET 203\.0\.113\.7 from/);
    for (const host of [`[${WEB_IPV6}]`, 'six.example']) {
      const answer = await curl('--socks5-hostname', socks, `http://${host}/`);
      assert.equal(String(answer.body), 'by IPv6', answer.words);
    }
  });

  it('a large download, and a POST', async () => {
    const large = await curl('--socks5-hostname', socks, 'http://site.example/large');
    assert.ok(large.body.equals(LARGE));
    const posted = await curl('--socks5-hostname', socks, '--data', 'words', 'http://site.example/');
    assert.match(String(posted.body), /^POST/);
  });

  it('each failure has its reply', async () => {
    for (const [url, words] of [
      ['http://nobody.example/', /unreachable|\(4\)/i],
      ['http://site.example:81/', /refused|\(5\)/i],
      ['http://site.example:8080/', /Network unreachable|\(3\)/i], // no exit says that it opens this port
      ['http://rejected.example/', /not allowed|\(2\)/i],
      ['http://home.example/', /not allowed|\(2\)/i],
      ['http://own.example/', /not allowed|\(2\)/i],
      ['http://[64:ff9b::7f00:1]/', /not allowed|\(2\)/i],
      ['http://192.168.0.1/', /not allowed|\(2\)/i],
      ['http://localhost/', /not allowed|\(2\)/i],
    ] as const) {
      const failed = await curl('--socks5-hostname', strict, url);
      assert.equal(failed.code, CURL_PROXY, `${url}: ${failed.words}`);
      assert.match(failed.words, words, url);
    }
    const late = await curl('--socks5-hostname', socks, 'http://nobody.example/');
    assert.equal(late.code, CURL_RESET, late.words);
  });

  it('nothing leads to what is the exit’s own: no redirect, no name that leads elsewhere the next time, no client without a check of its own', async () => {
    for (const path of Object.keys(REDIRECTS)) {
      const followed = await curl('--socks5-hostname', strict, '--location', `http://site.example${path}`);
      assert.equal(followed.code, CURL_PROXY, followed.words);
    }
    for (let i = 0; i < 4; i++) await curl('--socks5-hostname', strict, `http://${REBINDING}/`);
    assert.ok(there.asked.filter((name) => name === REBINDING).length > 4, 'it was led elsewhere');
    const { peer } = await (exits[0] as Gnet).line('peer');
    const targets = ['127.0.0.1:80', '[::1]:80', 'home.example:80', '127.61.0.1:80'];
    const past = start('tunnel', ...targets.map((target) => `0>rand>rand>${peer}>${target}`));
    try {
      await until('all tunnels', () => past.lines.length === targets.length, { now: () => past.stdout });
      for (const { listens: at } of past.lines.slice(0, targets.length)) assert.notEqual((await curl(`http://${at}/`)).code, 0);
      const refused = (): number => past.lines.filter(({ why }) => /does not go there/.test(String(why))).length;
      await until('each is refused', () => refused() === targets.length, { now: () => past.stdout });
    } finally {
      await past.stop();
    }
    assert.equal(intruders, 0);
  });

  it('a hop that hangs, and tells nobody: the next connection takes another path', async () => {
    const ask = (): ReturnType<typeof curl> => curl('--socks5-hostname', socks, '--proxy-user', 'hangs:1', 'http://site.example/');
    const before = (await exitCircuits()).map(({ number }) => number);
    await ask();
    const [, middle] = (await exitCircuits()).find(({ number }) => !before.includes(number))?.hops ?? [];
    const { pid } = (await network.statuses()).find(({ peer }) => peer.peer === middle) as { pid: number };
    process.kill(pid, 'SIGSTOP');
    try {
      const again = await ask();
      assert.match(String(again.body), /^GET site\.example/, again.words);
      // Of the proxy alone: the one that hangs answers nobody.
      const told = await gnet(['circuits', '--pid', String(proxies[0]?.pid), '--json', '--data', network.dataFolder]);
      const last = told.lines.filter(({ purpose }) => purpose === 'exit').at(-1) as unknown as CircuitStatus;
      assert.ok(!last.hops.includes(String(middle)));
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('users of the proxy are kept apart: each has circuits of its own', async () => {
    const before = (await exitCircuits()).length;
    for (const user of ['ada:1', 'ada:2', 'ada:1']) await curl('--socks5-hostname', socks, '--proxy-user', user, 'http://site.example/');
    const circuits = await exitCircuits();
    assert.equal(circuits.length, before + 2);
    for (const { hops } of circuits) assert.equal(hops.length, 3);
  });

  it('gnet proxy by a chain: circuits of so many hops, to the exit that was named or to one that is drawn', async () => {
    const named = String((await exits[1]?.line('peer'))?.['peer']);
    for (const [chain, count, last] of [
      [`0>rand>rand>${named.slice(0, 8)}>internet`, 3, [named]],
      ['0>rand>rand>rand>rand>rand>internet', 5, await Promise.all(exits.map(async (exit) => String((await exit.line('peer'))['peer'])))],
    ] as const) {
      const chained = start('proxy', chain, '--name', 'chained');
      proxies.push(chained);
      const answer = await curl('--socks5-hostname', await listens(chained), 'http://site.example/');
      assert.match(String(answer.body), /^GET site\.example from/, answer.words);
      const circuits = await exitCircuits(chained);
      assert.ok(circuits.length > 0);
      for (const { hops } of circuits) assert.ok(hops.length === count && last.includes(String(hops.at(-1))), String(hops));
      await chained.stop();
    }
  });

  it('an exit that dies ends its connections; the next ones go through the other', async () => {
    const known = (await exitCircuits()).map(({ number }) => number);
    const users = Array.from({ length: 6 }, (_, i) => `user:${i}`);
    let ended = 0;
    for (const user of users)
      void curl('--socks5-hostname', socks, '--proxy-user', user, `http://${WEB}:7001/`).then(
        ({ code }) => (ended += code === CURL_RESET || code === CURL_EMPTY ? 1 : 0),
      );
    await until('all connections', () => waiting.length === users.length);
    const opened = (await exitCircuits()).filter(({ number }) => !known.includes(number)).map(({ hops }) => hops);
    assert.equal(opened.length, users.length);
    const peers = await Promise.all(exits.map(async (exit) => (await exit.line('peer'))['peer']));
    // An exit is a relay too, and may stand in the middle of a path to the other one.
    const through = (i: number): number => opened.filter((hops) => hops.includes(String(peers[i]))).length;
    const dies = through(0) >= through(1) ? 0 : 1;
    await exits[dies]?.stop('SIGKILL');
    await until('the end of its connections', () => ended >= through(dies), { now: () => [ended, through(dies)] });
    assert.equal(ended, through(dies));
    assert.match(String((await (proxies[0] as Gnet).line('ended'))['ended']), /^the circuit under them broke/);
    for (const user of users) {
      const answer = await curl('--socks5-hostname', socks, '--proxy-user', user, 'http://site.example/');
      assert.match(String(answer.body), /^GET site\.example/, answer.words);
    }
    for (const socket of waiting) socket.destroy();
  });

  it('what an exit logs, and what it keeps, does not say where anybody went', async () => {
    const targets = /\.example|203\.0\.113\.\d|2001:db8:7/;
    for (const [i, exit] of exits.entries()) {
      assert.doesNotMatch(exit.stdout + exit.stderr, targets);
      const folder = join(network.dataFolder, 'peers', `exit-${i + 1}`);
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      assert.ok(files.length > 0);
      for (const { parentPath, name } of files) assert.doesNotMatch(readFileSync(join(parentPath, name), 'latin1'), targets);
    }
  });

  it('says plainly what is wrong with a policy', async () => {
    for (const [args, words] of [
      [['--policy', 'allow *:80'], /--policy: 'allow \*:80': a rule begins with 'accept' or 'reject'/],
      [['--policy', 'accept 10.0.0.0/8:*'], /never opens a connection to 10\.0\.0\.0\/8/],
      [['--policy', 'reject *:25'], /this policy accepts nothing/],
      [['--policy-file', '/nowhere'], /\/nowhere cannot be read \(ENOENT\)/],
      [['--resolver', 'dns.example'], /--resolver wants an IP address/],
    ] as const) {
      const failed = await gnet(['exit', '--listen', '127.63.0.1:0', ...args, '--data', network.dataFolder]);
      assert.match(failed.stderr, words);
      assert.ok(failed.exitCode === 2 || failed.exitCode === 1);
    }
  });
});
