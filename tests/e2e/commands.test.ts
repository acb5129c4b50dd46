/** What a user does in a terminal: the network, seeding, opening, looking at what runs. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { A_DAY_AHEAD, Gnet, gnet, isAlive } from './support/gnet.ts';
import { inboxSuite } from './support/inbox-suite.ts';
import { type Network, noise, type Seeder, startNetwork, writeSite } from './support/network.ts';
import { until } from './support/until.ts';

const FILES = {
  'index.html': '<!doctype html><title>Letters &amp; more</title><h1>Letters</h1>',
  'a folder/with ünïcode.txt': 'text',
  'empty.css': '',
  'pictures/large.bin': noise('large', 700_001),
};
/** Well formed, and nobody has ever published anything there. */
const UNKNOWN = encodeAddress(nobleCrypto.ed25519Public(new Uint8Array(32).fill(9)));

describe('gnet in a terminal', { timeout: 280_000 }, () => {
  let network: Network;
  let folder: string;
  let seeder: Seeder;
  let issuer: string;
  const command = (...args: string[]): Promise<Gnet> => gnet([...args, '--data', network.dataFolder]);
  before(async () => {
    network = await startNetwork();
    folder = writeSite(network.folder, 'site', FILES);
    seeder = await network.seed(folder);
  });
  after(() => network?.close());

  it('gnet seed prints an address and a link that opens in the app, one JSON object a line', () => {
    assert.match(seeder.address, /^[a-z2-7]{56}\.gnet$/);
    assert.equal(seeder.link, `${network.url}#/open/${seeder.address}/`);
    assert.equal(seeder.process.lines.length, 1);
    assert.equal(seeder.process.lines[0]?.['files'], Object.keys(FILES).length);
  });

  it('gnet open fetches a site, each file as it was published', async () => {
    const out = join(network.folder, 'fetched');
    const opened = await command('open', seeder.link, '--out', out);
    assert.equal(opened.exitCode, 0, opened.stderr);
    assert.match(opened.stdout, /^Letters & more: 4 files, 700 kB, version 1, verified, in [\d.]+ s → /);
    for (const [path, content] of Object.entries(FILES)) assert.deepEqual(readFileSync(join(out, path)), Buffer.from(content), path);
    assert.equal(filesIn(out).length, Object.keys(FILES).length);
  });

  it('a folder seeded again has the address it had, and carries what an issuer has signed about it', async () => {
    await seeder.process.stop();
    const of = (name: string): string => join(network.folder, name);
    const certify = (address: string) => command('certify', address, '--says', 'Letters from the library', '--json');
    const [certified, foreign] = [await certify(seeder.address), await certify(UNKNOWN)];
    writeFileSync(of('own.txt'), String(certified.lines[0]?.['certificate']));
    writeFileSync(of('foreign.txt'), String(foreign.lines[0]?.['certificate']));
    issuer = String(certified.lines[0]?.['issuer']);
    const refused = await command('seed', folder, '--certificate', of('foreign.txt'));
    assert.match(refused.stderr, new RegExp(`it is about ${UNKNOWN}, and what is served here is ${seeder.address}`));
    assert.equal(refused.exitCode, 2);
    seeder = await network.seed(folder, '--certificate', of('own.txt')).then((again) => {
      assert.equal(again.address, seeder.address);
      return again;
    });
    const first = seeder.process.lines[0];
    assert.equal(first?.['serial'], 1, 'nothing has changed: no new version');
    assert.equal((first?.['certificates'] as { issuer: string }[] | undefined)?.[0]?.issuer, issuer);
  });

  it('gnet open shows what an issuer says whom the user trusts, and --certified goes to no other', async () => {
    const opening = ['open', seeder.address, '--certified', '--out', join(network.folder, 'fetched')];
    const refused = await command(...opening);
    assert.match(refused.stderr, /no key that you trust says anything of this service that holds now/);
    assert.equal(refused.exitCode, 1);
    assert.equal((await command('trust', 'add', issuer, 'City library')).exitCode, 0);
    const opened = await command(...opening);
    assert.match(opened.stdout, /\nCity library \(a key that you trust\) says, until \d{4}-\d\d-\d\d:\n {2}Letters from the library\n$/);
  });

  it('one folder is seeded by one process only, and the second says which', async () => {
    const second = await command('seed', folder);
    assert.equal(second.exitCode, 1);
    assert.match(second.stderr, new RegExp(`in use by process ${seeder.process.pid}: stop it, or take another folder with --name`));
  });

  it('gnet status names every process with its pid and peer id', async () => {
    const statuses = await network.statuses();
    const roles = statuses.map(({ role }) => role).sort();
    const relays = Array.from({ length: 8 }, (_, i) => `relay-${i + 1}`);
    assert.deepEqual(roles, ['bootstrap-1', 'bootstrap-2', ...relays, 'seed', 'seed']);
    for (const { pid, peer } of statuses) {
      assert.ok(isAlive(pid));
      assert.match(peer.peer, /^[a-z2-7]{52}$/);
      assert.equal(peer.join.step, 'ready');
    }
    assert.equal(new Set(statuses.map(({ peer }) => peer.peer)).size, statuses.length);
    const mine = statuses.find(({ pid }) => pid === seeder.process.pid);
    assert.deepEqual(
      mine?.peer.services.map(({ address }) => address),
      [seeder.address],
    );
    assert.match((await command('status')).stdout, new RegExp(`serves Letters & more at ${seeder.address}`));
  });

  it('gnet circuits and gnet peers tell of each process; without its token a process tells nothing', async () => {
    const circuits = (await command('circuits', '--json', '--pid', String(seeder.process.pid))).lines;
    assert.ok(circuits.some(({ purpose, hops }) => purpose === 'host' && (hops as string[]).length === 4));
    const listed = await command('circuits', '--where', '--pid', String(seeder.process.pid));
    assert.match(listed.stdout, new RegExp(`^seed \\w{8} {2}\\d+ circuits\\n[^]*host ${seeder.address}`));
    const known = (await command('peers', '--json', '--pid', String(seeder.process.pid))).lines;
    // It need not have heard of all ten yet: a peer asks who is new ever less often.
    const running = (await network.statuses()).map(({ peer }) => peer.peer);
    assert.ok(known.length >= 6 && known.every(({ peer }) => running.includes(String(peer))), JSON.stringify(known));
    assert.match((await command('peers')).stdout, /^bootstrap-1 \w{8} {2}pid \d+ {2}knows \d+ peers\n {2}\w{8} {2}open .*ws:\/\/127\./m);
    const id = String(circuits[0]?.['id']);
    assert.match((await command('circuits', '--close', id)).stdout, new RegExp(`^Circuit ${id} is closed`));
    assert.equal((await command('circuits', '--close', id)).exitCode, 3);
    const token = join(network.dataFolder, 'run', `${seeder.process.pid}.token`);
    const kept = readFileSync(token, 'utf8');
    writeFileSync(token, '0'.repeat(kept.length));
    const refused = await command('status', '--json');
    assert.equal(refused.exitCode, 1);
    assert.equal(refused.lines.filter(({ pid }) => pid === seeder.process.pid).length, 0);
    assert.equal(refused.lines.length, 12, 'the others, and what is wrong');
    assert.deepEqual(refused.lines.at(-1), {
      error: { kind: 'refused', message: `process ${seeder.process.pid} was asked in vain: the token is missing or wrong` },
    });
    writeFileSync(token, kept);
  });

  it('a relay serves numbers where --metrics says', async () => {
    const joins = network.bootstraps.flatMap((url) => ['--join', url]);
    const relay = new Gnet(
      ['relay', '--listen', '127.40.0.1:0', '--name', 'metered', '--metrics=0', '--json', '--data', network.dataFolder].concat(joins),
    );
    const url = String((await relay.line('metrics'))['metrics']);
    const numbers = await until('that it has joined, and its links', async () => {
      const text = await (await fetch(url)).text();
      return /^gnet_joined 1$/m.test(text) && /^gnet_links\{kind="websocket"\} [1-9]/m.test(text) && text;
    });
    assert.match(numbers, /^gnet_link_received_bytes_total [1-9]\d+$/m);
    for (const { peer } of await network.statuses()) assert.ok(!numbers.includes(peer.peer.slice(0, 8)));
    await relay.stop();
    assert.equal(relay.stderr, '');
    await assert.rejects(fetch(url));
  });

  inboxSuite(
    () => network,
    () => seeder.address,
    UNKNOWN,
  );

  it('an output that nobody reads any more ends the command quietly', async () => {
    const status = new Gnet(['status', '--data', network.dataFolder]);
    status.stopReading();
    await status.ended();
    assert.equal(status.stderr, '');
  });

  for (const [what, args, exitCode, words] of [
    [
      'an address with a wrong letter',
      ['open', `${UNKNOWN[0] === 'a' ? 'b' : 'a'}${UNKNOWN.slice(1)}`],
      2,
      /checksum does not match; a letter is wrong or missing/,
    ],
    ['half an address', ['open', 'abc.gnet'], 2, /56 letters and digits stand before \.gnet, not 3/],
    ['a link for a torrent client', ['open', 'magnet:?xt=urn:btih:0123'], 2, /for a torrent client/],
    ['no address', ['open'], 2, /usage: gnet open <address or link>/],
    ['an address nobody has published', ['open', UNKNOWN], 3, /no record of .*: it was never published, or not for a day/],
    ['a folder that is not there', ['seed', '/nowhere/at-all'], 2, /\/nowhere\/at-all/],
    ['a flag that is not there', ['up', '--prot', '1'], 2, /'--prot'.*gnet up --help/],
    ['a command that is not there', ['sed'], 2, /no command 'sed'; 'gnet help' lists them/],
    ['a port that is none', ['up', '--port', 'http'], 2, /a port is a number from 0 \(any free one\) to 65535, not 'http'/],
    [
      'a second network on the data folder',
      ['up', '--port', '0'],
      1,
      /runs on .* already \(process \d+\): open http.*or name another folder with --data/,
    ],
  ] as const) {
    it(`says plainly what is wrong: ${what}`, async () => {
      const failed = await command(...args);
      assert.match(failed.stderr, words);
      assert.equal(failed.stderr.trim().split('\n').at(-1)?.startsWith('gnet: '), true, failed.stderr);
      assert.equal(failed.exitCode, exitCode);
      assert.equal(failed.stdout, '');
    });
  }

  it('says that a bootstrap is down', async () => {
    const failed = await gnet(['open', seeder.address, '--data', join(network.folder, 'alone'), '--join', 'ws://127.0.0.1:9']);
    assert.match(failed.stderr, /no bootstrap answers \(ws:\/\/127\.0\.0\.1:9\)/);
    assert.equal(failed.exitCode, 3);
  });

  it('says that no network runs on a data folder', async () => {
    const failed = await gnet(['open', seeder.address, '--data', join(network.folder, 'empty')]);
    assert.match(failed.stderr, /no local network runs on the data folder .*: start one with 'npm start', or name a bootstrap with --join/);
  });

  it('says that the clock is a day off', async () => {
    const args = [
      'open',
      seeder.address,
      '--data',
      join(network.folder, 'tomorrow'),
      ...network.bootstraps.flatMap((url) => ['--join', url]),
    ];
    const failed = await gnet(args, { nodeArgs: ['--import', A_DAY_AHEAD] });
    assert.match(failed.stderr, /clock is about 24 hours fast, as 2 peers say: set it right/);
    assert.equal(failed.exitCode, 1);
  });

  it('says with --json what is wrong, as one object', async () => {
    const failed = await command('open', 'abc.gnet', '--json');
    assert.equal((failed.lines[0] as { error: { kind: string } }).error.kind, 'malformed');
    assert.equal(failed.stderr, '');
  });

  it('says that a port is in use, and what to do', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const failed = await gnet(['up', '--port', String(port), '--data', join(network.folder, 'busy')]);
    server.close();
    assert.equal(
      failed.stderr.trim(),
      `gnet: Port ${port} is in use by another program. Choose another with --port, or stop what holds it.`,
    );
    assert.equal(failed.exitCode, 1);
  });

  it('gnet up says where the app is, and Ctrl-C ends every process it has started', async () => {
    const dataFolder = join(network.folder, 'second');
    const up = new Gnet(['up', '--port', '0', '--data', dataFolder], { terminal: true });
    await until('the address of the app', () => /^GlobalNet ready: http:\/\/gnet\.localhost:\d+\/\n/m.test(up.stdout), {
      now: () => up.stderr,
    });
    const pids = (await gnet(['status', '--json', '--data', dataFolder])).lines.map(({ pid }) => Number(pid));
    assert.equal(pids.length, 11);
    up.pressCtrlC();
    assert.equal(await up.ended(), 0, up.stderr);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.match(up.stderr, /Stopping…/);
    assert.doesNotMatch(up.stderr, /ended \(/);
    assert.deepEqual(filesIn(join(dataFolder, 'run')), []);
    assert.match((await gnet(['status', '--data', dataFolder])).stderr, /No peer runs on the data folder/);
  });

  it('the processes of a network that was killed stop by themselves', async () => {
    const pids = (await network.statuses()).filter(({ role, pid }) => role !== 'seed' || pid !== seeder.process.pid).map(({ pid }) => pid);
    network.up.signal('SIGKILL');
    await until('the end of all', () => !pids.some(isAlive), { now: () => pids.filter(isAlive) });
    const failed = await command('open', seeder.address);
    assert.match(failed.stderr, /no local network runs on the data folder/);
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => !statSync(join(folder, path)).isDirectory());
}
