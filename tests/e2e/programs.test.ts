/** Programs that know nothing of the network: git, ssh, a database's client and a browser, through `gnet proxy`, to what `gnet expose` offers. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { needBrowser } from '../../tools/browser.ts';
import { GitServer } from './support/git-server.ts';
import { Gnet } from './support/gnet.ts';
import { type Network, startNetwork } from './support/network.ts';
import { until } from './support/until.ts';

const CONTENT = randomBytes(2_000_000);
const DIGEST = createHash('sha256').update(CONTENT).digest('hex');

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program as a user calls it, to its end; bounded. */
function run(command: string, args: readonly string[], { input = '' as string | Buffer, env = {} } = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 90_000, maxBuffer: 64_000_000 };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
    child.stdin?.on('error', () => undefined).end(input);
  });
}

async function done(command: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args);
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** Where a server program lies that is in nobody's PATH. */
function find(...places: string[]): string {
  const found = places.find((place) => existsSync(place));
  assert.ok(found, `none of ${places.join(', ')} is here: install it`);
  return found;
}

describe('programs that know nothing of the network', { timeout: 280_000 }, () => {
  // Short, and readable for the database's own user: its socket's path has a limit too.
  const folder = mkdtempSync(join(tmpdir(), 'gnet-'));
  const servers: ChildProcess[] = [];
  const git = new GitServer(join(folder, 'repositories'));
  const addresses: Record<string, string> = {};
  const started: Gnet[] = [];
  let network: Network;
  let socks: string;

  const serve = async (port: number, command: string, ...args: string[]): Promise<number> => {
    const server = spawn(command, args, { stdio: 'ignore' });
    servers.push(server);
    await until(`${command} on its port`, () => answers(port));
    return port;
  };

  async function startSshd(): Promise<number> {
    for (const key of ['host', 'user']) await done('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key));
    const port = await freePort();
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
    const lines = [`HostKey ${folder}/host`, `AuthorizedKeysFile ${folder}/user.pub`, 'StrictModes no', 'UsePAM no', 'PidFile none'];
    writeFileSync(join(folder, 'sshd.conf'), [...lines, 'PermitRootLogin yes', `ListenAddress 127.0.0.1:${port}`].join('\n'));
    return serve(port, find('/usr/sbin/sshd'), '-D', '-f', join(folder, 'sshd.conf'));
  }

  async function startPostgres(): Promise<number> {
    const [version] = readdirSync(find('/usr/lib/postgresql')).sort((a, b) => Number(b) - Number(a));
    const programs = `/usr/lib/postgresql/${version}/bin`;
    const data = join(folder, 'database');
    mkdirSync(data);
    // A database refuses to run as root.
    const as = userInfo().uid === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : ['env'];
    if (userInfo().uid === 0) {
      const owner = Number((await done('id', '-u', 'postgres')).trim());
      for (const path of [folder, data]) chownSync(path, owner, 0);
    }
    const [first, ...rest] = as as [string, ...string[]];
    await done(first, ...rest, `${programs}/initdb`, '-D', data, '-A', 'trust', '-U', 'reader', '--no-sync');
    const port = await freePort();
    return serve(port, first, ...rest, `${programs}/postgres`, '-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', data);
  }

  before(async () => {
    const [ssh, database, web] = await Promise.all([startSshd(), startPostgres(), git.start()]);
    network = await startNetwork();
    const exposed = new Gnet(['expose', `web=${web}`, `ssh=${ssh}@22`, `db=${database}@5432`, '--json', '--data', network.dataFolder]);
    const proxy = new Gnet(['proxy', '--listen', '127.0.0.1:0', '--json', '--data', network.dataFolder]);
    started.push(exposed, proxy);
    socks = String((await proxy.line('listens'))['listens']);
    await until('three addresses', () => exposed.lines.filter((line) => 'address' in line).length === 3, { now: () => exposed.stderr });
    for (const { name, address } of exposed.lines) if (address !== undefined) addresses[String(name)] = String(address);
  });
  after(async () => {
    for (const server of servers) server.kill('SIGTERM');
    git.close();
    await Promise.all(started.map((process) => process.stop()));
    await network?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('git clones, commits and pushes', async () => {
    await git.create('notes.git', { 'large.bin': CONTENT, 'readme.md': '# Notes' });
    const through = ['-c', `http.proxy=socks5h://${socks}`, '-c', 'user.name=A', '-c', 'user.email=a@example.org'];
    const clone = join(folder, 'clone');
    await done('git', ...through, 'clone', '-q', `http://${addresses['web']}/notes.git`, clone);
    assert.ok(readFileSync(join(clone, 'large.bin')).equals(CONTENT));
    writeFileSync(join(clone, 'more.md'), 'more');
    await done('git', '-C', clone, 'add', 'more.md');
    await done('git', '-C', clone, ...through, 'commit', '-q', '-m', 'More');
    await done('git', '-C', clone, ...through, 'push', '-q');
    assert.match(await git.log('notes.git'), /More/);
  });

  it('ssh runs a command and carries two megabytes to it, through nc', async () => {
    const options = [
      `ProxyCommand=${find('/bin/nc.openbsd', '/usr/bin/nc')} -X 5 -x ${socks} %h %p`,
      `UserKnownHostsFile=${folder}/known`,
      'StrictHostKeyChecking=accept-new',
      'BatchMode=yes',
    ];
    const args = ['-F', 'none', '-i', join(folder, 'user'), ...options.flatMap((option) => ['-o', option])];
    const ran = await run('ssh', [...args, `${userInfo().username}@${addresses['ssh']}`, 'sha256sum'], { input: CONTENT });
    assert.equal(ran.stdout.slice(0, 64), DIGEST, ran.stderr);
  });

  it('a database answers its client', async () => {
    const conf = join(folder, 'proxychains.conf');
    writeFileSync(conf, `strict_chain\nproxy_dns\nremote_dns_subnet 224\n[ProxyList]\nsocks5 ${socks.replace(':', ' ')}\n`);
    const args = ['-q', '-f', conf, 'psql', '-h', addresses['db'] as string, '-U', 'reader', '-d', 'postgres', '-At'];
    const query = `select sum(n), md5(string_agg(n::text, ',')) from generate_series(1, 50000) n`;
    const ran = await run('proxychains4', [...args, '-c', query]);
    const md5 = createHash('md5')
      .update(Array.from({ length: 50_000 }, (_, i) => i + 1).join())
      .digest('hex');
    assert.equal(ran.stdout.trim(), `1250025000|${md5}`, ran.stderr);
  });

  it('a browser opens a page with what belongs to it', async () => {
    const browser = await chromium.launch({
      executablePath: needBrowser('chromium'),
      args: ['--no-sandbox'],
      proxy: { server: `socks5://${socks}` },
    });
    const page = await browser.newPage();
    await page.goto(`http://${addresses['web']}/`, { timeout: 60_000 });
    assert.equal(await page.title(), 'Notes');
    await page.getByText('the script has run').waitFor();
    await browser.close();
  });
});
