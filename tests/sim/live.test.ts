import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { concat, fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import { type Identity, identityFromSeed, newIdentity } from '../../src/core/crypto/identity.ts';
import type { HttpRequest } from '../../src/core/http/index.ts';
import { hostTcp, LiveService, type OpenSite, type TcpService } from '../../src/core/peer/index.ts';
import { LIVE_REQUESTS_MAX } from '../../src/core/peer/constants.ts';
import type { SessionStream } from '../../src/core/stream/index.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { signCertificate } from '../../src/core/wire/certificate.ts';
import { formatIssuer } from '../../src/core/wire/issuer.ts';
import { END } from '../../src/core/wire/registry.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import type { SimPeer } from '../../src/sim/peers.ts';
import { until } from '../support/sim-site.ts';
import { peers } from '../support/sim-tcp.ts';

const BODY = 'x'.repeat(300_000);

interface House {
  /** What the service does with a connection; it serves, unless it is told otherwise. */
  onConnection: TcpService['onConnection'];
  readonly network: SimNetwork;
  readonly relays: SimPeer[];
  readonly client: SimPeer;
  /** What the service heard, a connection each. */
  readonly heard: string[];
  address: string;
}

/** A web server behind a hidden service: says what it was asked, and `/large` is large. */
async function house(network: SimNetwork): Promise<House> {
  const { relays, server, client } = await peers(network);
  const heard: string[] = [];
  const all: House = { network, relays, client, heard, address: '', onConnection: (stream) => void serve(stream, heard) };
  const identity = newIdentity(server.node.env);
  const service: TcpService = { title: 'a web server', onConnection: (...connection) => all.onConnection(...connection) };
  const host = hostTcp(server.peer, identity, service, { certificates: [certificateAbout(identity), certificateAbout(ISSUER)] });
  await until(network, () => host.status.publishedAtMs !== undefined && host.status.points.length === 3);
  all.address = host.status.address;
  return all;
}

const ISSUER = identityFromSeed(nodeCrypto, new Uint8Array(32).fill(5));

function certificateAbout({ publicKey }: Identity): Uint8Array {
  const times = { fromS: 1000, untilS: 2000 };
  return signCertificate(nodeCrypto, ISSUER, { service: publicKey, ...times, text: 'a web server' }).bytes;
}

/** Who goes to no service without a certificate opens nothing but the stream that asks for it. */
async function isAskedFirst({ client, address, heard }: House): Promise<void> {
  const kinds = new Set<string | undefined>();
  const stop = client.peer.events.listen(() => {
    for (const { kind } of client.peer.streams()) kinds.add(kind);
  });
  assert.equal((await client.peer.sites.askCertificates(address))[0]?.says, 'a web server');
  stop();
  assert.deepEqual([[...kinds], heard], [['certificates'], []]);
  client.peer.sites.close(address);
}

/** What it carries comes on the path that stands; a certificate of another service is not believed. */
async function isCertified({ client, address }: House): Promise<void> {
  const carried = { issuer: formatIssuer(ISSUER.publicKey), says: 'a web server', fromMs: 1_000_000, untilMs: 2_000_000 };
  assert.deepEqual(await client.peer.sites.certificates(address), [carried]);
  const session = await client.peer.tcp.visit(address, 'a program');
  assert.deepEqual(await session.certificates(), [carried]);
  assert.deepEqual(await client.peer.sites.certificates(encodeAddress(ISSUER.publicKey)), [], 'a site that is not open');
}

async function serve(stream: SessionStream, heard: string[]): Promise<void> {
  stream.accept();
  let request = '';
  while (!/\r\n\r\n(?:$|hello$)/.test(request) || (request.startsWith('POST') && !request.endsWith('hello')))
    request += fromUtf8((await stream.read()) ?? utf8('\r\n\r\nhello'));
  heard.push(request);
  const body = request.startsWith('GET /large') ? BODY : (request.split('\r\n')[0] as string);
  await stream.write(utf8(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
  stream.end();
}

function ask({ live }: OpenSite, target: string, more: Partial<HttpRequest> = {}) {
  return live.ask({ method: 'GET', target, wants: 'page', ...more }, new AbortController().signal as never);
}

async function bodyOf(asked: ReturnType<typeof ask>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of (await asked).body) parts.push(part);
  return fromUtf8(concat(...parts));
}

function visits({ client, address }: House): number {
  return [...client.peer.circuits.own()].filter(({ note }) => note.purpose === `visit ${address}`).length;
}

/** Its refusal of packs tells what it is, and it is asked by HTTP on the path that stands. */
async function isTold(all: House): Promise<void> {
  const { client, address, heard } = all;
  await assert.rejects(client.peer.sites.read(address), (error) => error instanceof LiveService);
  assert.deepEqual(await client.peer.sites.stored(), []);
  const site = client.peer.sites.open(address);
  assert.equal(await bodyOf(ask(site, '/a?b=c')), 'GET /a?b=c HTTP/1.1');
  assert.match(heard[0] as string, new RegExp(`\r\nHost: ${address}\r\n`));
  const body = { mediaType: 'text/plain', bytes: utf8('hello') };
  assert.equal(await bodyOf(ask(site, '/form', { method: 'POST', body })), 'POST /form HTTP/1.1');
  assert.equal(visits(all), 1);
  const { streams } = site.visit;
  await assert.rejects(site.reader.newest(), (error) => error instanceof LiveService);
  assert.equal(site.visit.streams, streams, 'it was asked for packs once more');
}

/** No more requests at once than a small server takes; all are answered, and who has left is not waited for. */
async function isSpared(all: House): Promise<void> {
  const { network, client, address } = all;
  const open = new Set<SessionStream>();
  let most = 0;
  const { onConnection } = all;
  all.onConnection = (stream) => {
    most = Math.max(most, open.add(stream).size);
    network.clock.schedule(500, () => {
      open.delete(stream);
      void serve(stream, []);
    });
  };
  const site = client.peer.sites.open(address);
  const left = new AbortController();
  const numbers = Array.from({ length: 60 }, (_, i) => i);
  const asked = numbers.map((i) => bodyOf(ask(site, `/${i}`)));
  const gone = site.live.ask({ method: 'GET', target: '/gone', wants: 'part' }, left.signal as never);
  left.abort();
  await assert.rejects(gone, { kind: 'cancelled' });
  assert.deepEqual(
    await Promise.all(asked),
    numbers.map((i) => `GET /${i} HTTP/1.1`),
  );
  assert.equal(most, LIVE_REQUESTS_MAX);
  all.onConnection = onConnection;
}

async function saysWhy(all: House): Promise<void> {
  const site = all.client.peer.sites.open(all.address);
  const { onConnection } = all;
  for (const [reason, kind, words] of [
    [END.refused, 'refused', /no web server: it takes no connections at port 80/],
    [END.portClosed, 'unserved', /the web server behind it does not run/],
    [END.unreachable, 'unserved', /the web server behind it cannot be reached/],
    [END.timeout, 'timeout', /does not answer/],
    [END.full, 'refused', /too many visitors/],
    [END.cancelled, 'closed', /broke the connection off/],
  ] as const) {
    all.onConnection = (stream) => stream.reset(reason);
    await assert.rejects(ask(site, '/'), (error: Error & { kind?: string }) => error.kind === kind && words.test(error.message));
  }
  all.onConnection = onConnection;
}

/** An answer is whole although a relay of its path dies, and was asked for once. */
async function outlivesItsPath({ network, client, address, relays, heard }: House): Promise<void> {
  const before = heard.length;
  const site = client.peer.sites.open(address);
  const { body } = await ask(site, '/large');
  const first = (await body.next()).value as Uint8Array;
  assert.ok(first.length < BODY.length, 'it came at once: this proves nothing');
  network.kill((relays.find(({ peer }) => peer.id === site.visit.hops[1]) as SimPeer).node);
  let sizeBytes = first.length;
  for await (const part of body) sizeBytes += part.length;
  assert.equal(sizeBytes, BODY.length);
  assert.equal(heard.length, before + 1);
}

test('live: a service that serves no packs is told, asked, asked for certificates, spared, explained, and read to the end when a relay dies', async () => {
  const network = new SimNetwork({ seed: 'live', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await house(network);
    await isAskedFirst(all);
    await isTold(all);
    await isCertified(all);
    await isSpared(all);
    await saysWhy(all);
    await outlivesItsPath(all);
  }, 600_000);
});
