/** What `gnet service` has systemd run, as systemd itself reads it where it is installed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { type Command, parseCommand } from '../../node/cli/command.ts';
import { parseConfig } from '../../node/cli/config-file.ts';
import { readEnvironment } from '../../node/cli/environment.ts';
import { Output } from '../../node/cli/output.ts';
import { expose } from '../../node/commands/expose.ts';
import { open } from '../../node/commands/open.ts';
import { proxy } from '../../node/commands/proxy.ts';
import { relay } from '../../node/commands/relay.ts';
import { serviceOf } from '../../node/commands/service.ts';
import { removeUnit, unitText, writeUnit } from '../../node/systemd-unit.ts';

const COMMANDS: Command[] = [open, proxy, relay, expose];
/** Where a service of the machine may see them, and there, since systemd looks. */
const service = serviceOf(() => COMMANDS, ['/usr/bin/env', '/opt/gnet/dist/node/gnet.js']);
COMMANDS.push(service);
const RELAY = ['relay', '--listen', '203.0.113.7:9001'];
/** The user's service manager, which systemd-analyze asks about, has a folder for what runs. */
const ANALYZE = spawnSync('systemd-analyze', ['--version']).status === 0;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gnet-service-'));
  process.env['XDG_CONFIG_HOME'] = folder; // no settings of whoever runs the tests
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** What `gnet service` prints. */
async function printed(
  args: readonly string[],
  { env = {}, file = '' }: { env?: Record<string, string>; file?: string } = {},
): Promise<string> {
  const out = new PassThrough({ encoding: 'utf8' });
  const said = () => [...readEnvironment(COMMANDS, env), ...parseConfig(COMMANDS, 'gnet.conf', file)];
  await service.run({
    ...parseCommand(service, ['print', ...args], said),
    output: new Output(false, out),
    stop: new AbortController().signal,
  });
  return String(out.read());
}

function execOf(unit: string): string {
  return /^ExecStart=\/usr\/bin\/env \/opt\/gnet\/dist\/node\/gnet\.js (.*)$/m.exec(unit)?.[1] ?? unit;
}

/** What systemd says of the unit; nothing when all is well. */
function complaints(unit: string, system: boolean): string {
  const path = join(folder, 'gnet-relay.service');
  writeFileSync(path, unit);
  const env = { ...process.env, XDG_RUNTIME_DIR: folder };
  const { stdout, stderr } = spawnSync('systemd-analyze', [system ? '--system' : '--user', '--man=no', 'verify', path], {
    encoding: 'utf8',
    env,
  });
  return stdout + stderr;
}

describe('gnet service', () => {
  it('has the user’s systemd run the command with its flags, on the data folder that counts now', async () => {
    const unit = await printed([...RELAY, '--stable'], {
      env: { GNET_DATA: '/data/here', GNET_RELAY_OPERATOR: 'me', GNET_PROXY_NAME: 'x' },
    });
    assert.equal(execOf(unit), 'relay --data /data/here --listen 203.0.113.7:9001 --stable');
    assert.match(unit, /^Environment=GNET_RELAY_OPERATOR=me$/m);
    assert.match(unit, /^Environment=MALLOC_ARENA_MAX=1$/m);
    assert.doesNotMatch(unit, /GNET_PROXY|GNET_DATA|DynamicUser/);
    for (const line of ['NoNewPrivileges=yes', 'UMask=0077', 'Restart=on-failure', 'TimeoutStopSec=30', 'WantedBy=default.target'])
      assert.ok(unit.split('\n').includes(line), line);
    assert.match(
      execOf(await printed([...RELAY, '--data', 'there'])),
      /^relay --listen \S+ --data there$/,
      'what is said is not said twice',
    );
  });

  it('has the machine’s systemd run it as nobody’s user, with a folder of its own, and a low port only where it is wanted', async () => {
    const unit = await printed(['--system', ...RELAY]);
    assert.equal(execOf(unit), 'relay --data %S/gnet-relay --listen 203.0.113.7:9001');
    for (const line of [
      'DynamicUser=yes',
      'StateDirectory=gnet-relay',
      'StateDirectoryMode=0700',
      'ProtectHome=yes',
      'CapabilityBoundingSet=',
    ])
      assert.ok(unit.split('\n').includes(line), line);
    assert.match(await printed(['--system', 'relay', '--listen', '203.0.113.7:443']), /^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m);
  });

  for (const system of [false, true]) {
    it(`writes what systemd takes without a complaint, ${system ? 'for the machine' : 'for the user'}`, { skip: !ANALYZE }, async () => {
      const flags = system ? ['--system'] : [];
      const unit = await printed([...flags, ...RELAY, '--operator', 'a$b%c"d\\e'], {
        env: { GNET_JOIN: 'ws://127.0.0.1:1; ws://127.0.0.1:2' },
      });
      assert.equal(complaints(unit, system), '');
      assert.notEqual(complaints(unit.replace('Restart=on-failure', 'Restart=perhaps'), system), '', 'it complains of what is wrong');
    });
  }

  it('names the file with settings, where there is one', async () => {
    mkdirSync(join(folder, 'gnet'));
    const path = join(folder, 'gnet', 'gnet.conf');
    writeFileSync(path, '');
    assert.match(execOf(await printed(RELAY)), new RegExp(` --config ${path} --listen `));
    rmSync(path);
  });

  it('quotes what systemd would read otherwise', () => {
    const options = { name: 'x', system: false, environment: { A: 'b c' }, folder: '/a 50%', lowPort: false };
    const unit = unitText({ ...options, command: ['/bin/x', 'a b', '50%', '$HOME', 'say "hi"', 'back\\slash', '', ';'] });
    assert.match(unit, /^ExecStart=\/bin\/x "a b" 50%% \$\$HOME "say \\"hi\\"" "back\\\\slash" "" ";"$/m);
    assert.match(unit, /^Environment="A=b c"$/m);
    assert.match(unit, /^WorkingDirectory=\/a 50%%$/m);
    assert.throws(() => unitText({ ...options, command: ['/bin/x', 'a\nExecStartPre=/bin/evil'] }), {
      kind: 'malformed',
      message: /control characters/,
    });
  });

  it('refuses what would not run, before anything is written', async () => {
    for (const [args, words, options] of [
      [['open', 'x.gnet'], /a service runs until it is stopped: proxy, relay, expose; not 'open'/],
      [['expose'], /^nothing is exposed: give a service/],
      [['expose'], /^gnet\.conf, line 3: 'blog' is there twice/, { file: '[expose]\nservice = blog=1\nservice = blog=2' }],
      [['relay', '--lisen', '1'], /'--lisen'; 'gnet relay --help' lists the flags/],
      [['relay', '--listen', '1'], /--listen wants an IPv4 address/],
      [['proxy', '--help'], /--help is of one call only: no service can have it/],
      [['proxy', 'too', 'much'], /usage: gnet proxy/],
      [['--system', ...RELAY, '--data', '/x'], /a system service keeps its data in \/var\/lib\/gnet-relay: leave 'data' out/],
      [['--data', '/x', ...RELAY], /--data is of the command that is run, and belongs behind it/],
      [['--system', ...RELAY], /leave 'data' out/, { file: 'data = /x' }],
      [['--system', ...RELAY, '--config', '/run/user/1/gnet.conf'], /a system service does not see \/run\/user\/1\/gnet\.conf/],
    ] as const) {
      await assert.rejects(printed(args, options), { kind: 'malformed', message: words }, args.join(' '));
    }
  });

  it('writes a unit, again the same, another only when told to, and removes it with its link; what is not its own it leaves', async () => {
    const units = join(folder, 'units', 'user');
    const path = join(units, 'gnet-relay.service');
    const unit = await printed(RELAY);
    await writeUnit(path, unit, false);
    await writeUnit(path, unit, false);
    assert.equal(readFileSync(path, 'utf8'), unit);
    assert.equal(statSync(path).mode & 0o777, 0o644);
    await assert.rejects(writeUnit(path, `${unit}\n`, false), { kind: 'refused', message: /--unit, or replace it with --overwrite/ });
    await writeUnit(path, `${unit}\n`, true);
    mkdirSync(join(units, 'default.target.wants'));
    symlinkSync(path, join(units, 'default.target.wants', 'gnet-relay.service'));
    removeUnit(path, false);
    assert.deepEqual(readdirSync(units, { recursive: true }), ['default.target.wants']);
    assert.throws(() => removeUnit(path, false), { kind: 'unknown' });
    writeFileSync(path, '[Unit]\n');
    assert.throws(() => removeUnit(path, false), { kind: 'refused', message: /left as it is/ });
    await assert.rejects(writeUnit(path, unit, true), { kind: 'refused' });
  });
});
