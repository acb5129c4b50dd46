/** Settings by flag, environment and file: which one counts, and what is wrong with which. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { type Command, parseCommand } from '../../node/cli/command.ts';
import { parseConfig, readConfigFile } from '../../node/cli/config-file.ts';
import { readEnvironment } from '../../node/cli/environment.ts';
import { servicesOf } from '../../node/cli/exposed-service.ts';
import { Output } from '../../node/cli/output.ts';
import { configOf } from '../../node/commands/config.ts';
import { expose } from '../../node/commands/expose.ts';
import { proxy } from '../../node/commands/proxy.ts';
import { relay } from '../../node/commands/relay.ts';
import { seed } from '../../node/commands/seed.ts';
import { status } from '../../node/commands/status.ts';
import { up } from '../../node/commands/up.ts';

const COMMANDS: readonly Command[] = [up, seed, expose, proxy, relay, status];
const FILE = `
# of all commands
log = info
join = ws://127.10.0.1:1
join = ws://127.11.0.1:1
[relay]
log = error
listen = 127.0.0.1:9001
stable = yes
operator = me
`;

type Environment = Record<string, string>;

function parsed(command: Command, args: readonly string[], { file = '', env = {} }: { file?: string; env?: Environment }) {
  return parseCommand(command, args, () => [...readEnvironment(COMMANDS, env), ...parseConfig(COMMANDS, 'gnet.conf', file)]);
}

describe('a setting', () => {
  it('of a file counts where nothing else is said, that of one command before that of all', () => {
    const { text, texts, flag } = parsed(relay, [], { file: FILE });
    assert.deepEqual([text('log'), text('operator'), text('name'), flag('stable')], ['error', 'me', undefined, true]);
    assert.deepEqual(texts('join'), ['ws://127.10.0.1:1', 'ws://127.11.0.1:1']);
    assert.equal(parsed(proxy, [], { file: FILE }).text('log'), 'info');
  });

  it('of the environment counts before the file, and a flag before both; several values are replaced as a whole', () => {
    const env = {
      GNET_LOG: 'debug',
      GNET_RELAY_OPERATOR: 'you',
      GNET_RELAY_STABLE: 'off',
      GNET_JOIN: ' ws://127.12.0.1:1;  ws://127.13.0.1:1;',
      GNET_DATA: '',
    };
    const said = parsed(relay, ['--operator', 'they'], { file: FILE, env });
    assert.deepEqual([said.text('log'), said.text('operator'), said.flag('stable')], ['debug', 'they', false]);
    assert.deepEqual(said.texts('join'), ['ws://127.12.0.1:1', 'ws://127.13.0.1:1']);
    assert.equal(said.text('data'), undefined, 'an empty variable says nothing');
    assert.deepEqual(parsed(relay, ['--join', 'ws://127.14.0.1:1'], { file: FILE, env }).texts('join'), ['ws://127.14.0.1:1']);
  });

  it('that is a switch can be taken back by a flag', () => {
    assert.equal(parsed(relay, ['--no-stable'], { file: FILE }).flag('stable'), false);
    assert.equal(parsed(relay, ['--no-webrtc'], {}).flag('no-webrtc'), true, 'a switch whose name begins so is meant itself');
    assert.throws(() => parsed(relay, ['--stable', '--no-stable'], {}), {
      kind: 'malformed',
      message: /--stable and --no-stable contradict/,
    });
  });

  it('may have a variable of a general name, which counts less than its own', () => {
    assert.equal(parsed(up, [], { env: { PORT: '81' }, file: '[up]\nport = 82' }).text('port'), '81');
    assert.equal(parsed(up, [], { env: { PORT: '81', GNET_UP_PORT: '83' } }).text('port'), '83');
    assert.throws(() => parsed(up, [], { env: { PORT: 'http' } }), { kind: 'malformed', message: /^PORT: a port is a number/ });
  });
});

describe('settings that are wrong are named, with where they stand and why, whichever command is run', () => {
  for (const [file, words] of [
    ['log = loud', /^gnet\.conf, line 1: --log wants debug, info, warn or error, not 'loud'$/],
    ['\ufeff# x\r\n\r\nlgo = info', /^gnet\.conf, line 3: there is no setting 'lgo'/],
    ['lgo = info', /line 1: there is no setting 'lgo'; 'gnet config' lists them$/],
    ['listen = 127.0.0.1:1', /line 1: listen is a setting of one command: it belongs below \[proxy\] or \[relay\]$/],
    ['[relay]\n\nlisten = 1', /line 3: --listen wants an IPv4 address and a port, such as 203\.0\.113\.7:9001, not '1'$/],
    ['[relay]\nstrict = yes', /line 2: gnet relay has no setting 'strict'; 'gnet config relay' lists those it has$/],
    ['[realy]', /line 1: there is no command 'realy'/],
    ['[proxy]\nstrict = perhaps', /line 2: strict is yes or no, not 'perhaps'$/],
    ['[proxy]\nname = a\n# b\nname = c', /line 4: name is set in line 2 already$/],
    ['log =', /line 1: log has no value; to leave it open, begin the line with #$/],
    ['help = yes', /line 1: help can be said as a flag only$/],
    ['log info', /line 1: wanted 'name = value', '\[command\]', or a line that begins with #, not 'log info'$/],
    ['[seed]\napp = example.org', /line 2: --app wants a URL such as http:\/\/gnet\.localhost:8080\/, not 'example\.org'$/],
    ['join = http://a', /line 1: --join wants a URL such as/],
    ['[expose]\nservice = 3000\nservice = http', /line 3: a local service is a port, or host:port, not 'http'$/],
    ['[expose]\nservice = blog=3000@eighty', /line 2: a port is a number from 1 to 65535, not 'eighty'$/],
    ['[expose]\nservice =', /line 2: service has no value/],
  ] as const) {
    it(JSON.stringify(file), () => assert.throws(() => parsed(status, [], { file }), { kind: 'malformed', message: words }));
  }

  for (const [env, words] of [
    [{ GNET_LGO: 'info' }, /^there is no setting for the variable GNET_LGO: unset it/],
    [{ GNET_STATUS_LOG: 'info' }, /GNET_STATUS_LOG/],
    [{ GNET_RELAY_LISTEN: '1' }, /^GNET_RELAY_LISTEN: --listen wants/],
    [{ GNET_JOIN: 'ws://a;http://b' }, /^GNET_JOIN: --join wants a URL such as .*, not 'http:\/\/b'$/],
  ] as const) {
    it(JSON.stringify(env), () => assert.throws(() => parsed(status, [], { env }), { kind: 'malformed', message: words }));
  }

  it('but help can be had', () => {
    assert.equal(parsed(relay, ['--help', '--log', 'loud'], { file: 'nonsense' }).flag('help'), true);
  });
});

describe('services to expose', () => {
  const services = (args: readonly string[], said: { file?: string; env?: Environment }) =>
    servicesOf(parsed(expose, args, said)).map(({ name, host, port, ports }) => [name, host, port, ports]);
  const file = '[expose]\nport = 443\nservice = blog=3000\n# another\nservice = 127.0.0.1:9418@9418';

  it('stand in the file, or in a variable; those behind the command count alone', () => {
    const blog = ['blog', '127.0.0.1', 3000, [443]];
    assert.deepEqual(services([], { file }), [blog, [undefined, '127.0.0.1', 9418, [9418]]]);
    assert.deepEqual(services([], { file, env: { GNET_EXPOSE_SERVICE: '22; blog=3000' } }), [[undefined, '127.0.0.1', 22, [443]], blog]);
    assert.deepEqual(services(['80'], { file }), [[undefined, '127.0.0.1', 80, [443]]]);
    assert.deepEqual(services(['--service', '80@1'], { file }), [[undefined, '127.0.0.1', 80, [1]]]);
  });

  it('of which two would have one key, too many, or none: it is said, with the line', () => {
    const many = Array.from({ length: 33 }, (_, i) => `service = ${i + 1}\n`).join('');
    for (const [args, said, words] of [
      [[], { file: '[expose]\nservice = 80\nservice = 127.0.0.1:80' }, /^gnet\.conf, line 3: '127\.0\.0\.1:80' is there twice/],
      [[], { file: '[expose]\nservice = a=80\n\nservice = a=81' }, /^gnet\.conf, line 4: 'a' is there twice/],
      [[], { env: { GNET_EXPOSE_SERVICE: 'a=80;a=81' } }, /^GNET_EXPOSE_SERVICE: 'a' is there twice/],
      [[], { file: `[expose]\n${many}` }, /^gnet\.conf, line 34: one process exposes 32 services at most$/],
      [[], {}, /^nothing is exposed: give a service, as in 'gnet expose 3000', or a line 'service = 3000' below \[expose\] in gnet\.conf$/],
      [['80', '--service', '81'], {}, /^services are given behind the command or by --service, not both$/],
    ] as const)
      assert.throws(() => services(args, said), { kind: 'malformed', message: words });
  });
});

describe('the file', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gnet-config-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('that is named must be there and readable; the usual one need not be', () => {
    const path = join(folder, 'gnet.conf');
    assert.throws(() => readConfigFile(COMMANDS, path), { kind: 'malformed', message: /there is no file .*gnet\.conf with settings/ });
    assert.throws(() => readConfigFile(COMMANDS, folder), { kind: 'refused', message: /cannot be read \(EISDIR\)/ });
    writeFileSync(path, FILE);
    assert.equal(readConfigFile(COMMANDS, path).length, 7);
  });

  it('can be made from what gnet config shows: it says the same again, and what could be said is behind #', async () => {
    const config = configOf(() => COMMANDS);
    const said = { file: FILE, env: { GNET_EXPOSE_NAME: 'blog', GNET_RELAY_DATA: '/there' } };
    const shown = async (json: boolean): Promise<string> => {
      const out = new PassThrough({ encoding: 'utf8' });
      await config.run({ ...parsed(config, [], said), output: new Output(json, out), stop: new AbortController().signal });
      return String(out.read());
    };
    const text = await shown(false);
    assert.match(text, /\n# from gnet\.conf, line 3\nlog = info\n/);
    assert.match(text, /\n\[expose\]\n(?:.*\n)*# from GNET_EXPOSE_NAME\nname = blog\n/);
    assert.match(text, /\n# says yes to a program only when .* \(GNET_PROXY_STRICT\)\n# strict = no\n/);
    const again = parseConfig(COMMANDS, 'shown', text);
    const plain = (one: readonly { command: string | undefined; name: string; values: readonly string[] }[]) =>
      one.map(({ command, name, values }) => `${command} ${name} ${values}`).sort();
    const before = [...readEnvironment(COMMANDS, said.env), ...parseConfig(COMMANDS, 'gnet.conf', FILE)];
    assert.deepEqual(plain(again), plain(before));
    const lines = (await shown(true))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      lines.find(({ command, name }) => command === 'relay' && name === 'operator'),
      {
        command: 'relay',
        name: 'operator',
        values: ['me'],
        variable: 'GNET_RELAY_OPERATOR',
        source: { from: 'file', path: 'gnet.conf', line: 10 },
      },
    );
  });
});
