/** Numbers for Prometheus: what they say, what they never say, and who is answered. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { PeerStatus } from '../../src/shared/peer-api.ts';
import { type Command, parseCommand } from '../../node/cli/command.ts';
import { helpText } from '../../node/cli/help.ts';
import { METRICS_OPTION, metricsOf } from '../../node/cli/metrics-option.ts';
import { expositionOf } from '../../node/metrics/exposition.ts';
import { type Measured, type MetricsServer, startMetrics } from '../../node/metrics/index.ts';
import { LoopLag } from '../../node/metrics/loop-lag.ts';

const LINK = { peer: 'friend', kind: 'websocket', dialled: true, ageMs: 1, sentBytes: 2, receivedBytes: 3, guard: true };
const CIRCUIT = { number: 1, name: 'c', hops: ['friend'], ageMs: 1, sentBytes: 2, receivedBytes: 3, roundTripMs: undefined };
const STATUS = {
  peer: 'myself',
  upMs: 61_500,
  join: { step: 'ready', links: 1, relays: 9 },
  links: [LINK, { ...LINK, kind: 'webrtc' }, { ...LINK, kind: 'webrtc' }],
  circuits: ['spare', 'visit secret.gnet', 'visit other.gnet', 'pigeon secret.gnet'].map((purpose) => ({ ...CIRCUIT, purpose })),
  relayedBytes: 4096,
  exitConnections: 6,
  services: [{ address: 'own.gnet', points: ['a', 'b'], visitors: 3, effort: 4096 }],
  knownRelays: 9,
} as unknown as PeerStatus;
const PEER = {
  status: () => STATUS,
  streams: () => [
    { ours: true, address: 'secret.gnet', port: 22 },
    { ours: false, address: 'own.gnet', port: 80 },
  ],
  links: { totals: { sentBytes: 1e21, receivedBytes: 7 } },
  relay: { stats: { circuits: 5, relayedCells: 1, refusedSetups: 2 } },
} as unknown as Measured;

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

describe('metrics', () => {
  let server: MetricsServer;
  let peer: Measured | undefined;
  before(async () => {
    server = await startMetrics({ host: '127.0.0.1', port: 0 }, 'relay', () => peer);
    peer = PEER;
  });
  after(() => server.close());

  const ask = (host: string, path = '/metrics', method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(server.url);
      const asked = request({ host: '127.0.0.1', port, path, method, headers: { Host: host } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], text }));
      });
      asked.on('error', reject).end();
    });
  const value = (text: string, sample: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${sample} `))
      ?.slice(sample.length + 1);

  it('are lines that a collector reads: each name with help and type, each sample of a name that was announced', async () => {
    const { status, type, text } = await ask('127.0.0.1');
    assert.equal(status, 200);
    assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
    let name = '';
    for (const line of text.trimEnd().split('\n')) {
      const help = /^# HELP (gnet_\w+|process_\w+|nodejs_\w+) \S.*$/.exec(line);
      const typed = /^# TYPE (\w+) (gauge|counter|histogram)$/.exec(line);
      if (help !== null) name = help[1] as string;
      else if (typed !== null) {
        assert.equal(typed[1], name);
        assert.equal(typed[2] === 'counter', name.endsWith('_total'), name);
      } else assert.match(line, new RegExp(`^${name}(_bucket|_sum|_count)?(\\{\\w+="[^"]*"(,\\w+="[^"]*")*\\})? [-+.\\de]+$`));
    }
  });

  it('count what the peer has and does', async () => {
    const { text } = await ask('localhost:9464');
    for (const [sample, wanted] of [
      ['gnet_uptime_seconds', '61.5'],
      ['gnet_joined', '1'],
      ['gnet_links{kind="webrtc"}', '2'],
      ['gnet_links{kind="other"}', '0'],
      ['gnet_link_sent_bytes_total', '1e+21'],
      ['gnet_circuits{purpose="visit"}', '2'],
      ['gnet_circuits{purpose="other"}', '1'],
      ['gnet_circuits{purpose="question"}', '0'],
      ['gnet_relayed_circuits', '5'],
      ['gnet_relayed_bytes_total', '4096'],
      ['gnet_refused_setups_total', '2'],
      ['gnet_exit_connections', '6'],
      ['gnet_streams{of="visit"}', '1'],
      ['gnet_service_visitors', '3'],
      ['gnet_service_effort', '4096'],
    ] as const) {
      assert.equal(value(text, sample), wanted, sample);
    }
    assert.ok(Number(value(text, 'process_resident_memory_bytes')) > 1e7);
  });

  it('name no peer, no address, no port: of the words of a peer only those that are known', async () => {
    const { text } = await ask('127.0.0.1');
    assert.doesNotMatch(text, /secret|own\.gnet|friend|myself|pigeon/);
  });

  for (const host of ['127.0.0.1', '127.0.0.1:9464', 'localhost', 'LOCALHOST:1', '[::1]:9464', '192.0.2.7:80']) {
    it(`are told to who asks for ${host}`, async () => assert.equal((await ask(host)).status, 200));
  }
  for (const host of ['evil.example', 'evil.example:9464', '127.0.0.1.evil.example', 'localhost.evil.example', '[evil]', '1.2.3']) {
    it(`are not told to a page that asks for '${host}'`, async () => {
      const { status, text } = await ask(host);
      assert.equal(status, 421);
      assert.doesNotMatch(text, /gnet_/);
    });
  }

  it('are nowhere else, and nothing can be told to them', async () => {
    assert.equal((await ask('127.0.0.1', '/')).status, 404);
    assert.equal((await ask('127.0.0.1', '/metrics/x')).status, 404);
    assert.equal((await ask('127.0.0.1', '/metrics?x=1')).status, 200);
    assert.equal((await ask('127.0.0.1', '/metrics', 'POST')).status, 405);
    assert.deepEqual(await ask('127.0.0.1', '/metrics', 'HEAD').then(({ status, text }) => [status, text]), [200, '']);
  });

  it('outlive garbage, and clients without end', async () => {
    const port = Number(new URL(server.url).port);
    for (const bytes of [Buffer.alloc(100_000, 0xff), Buffer.from(`GET /metrics HTTP/1.1\r\nx: ${'y'.repeat(100_000)}`)]) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.write(bytes);
      await new Promise((resolve) => socket.on('close', resolve).resume());
    }
    const silent = Array.from({ length: 12 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    assert.equal((await ask('127.0.0.1')).status, 200);
    for (const socket of silent) socket.destroy();
  });

  it('are there while the peer still starts', async () => {
    peer = undefined;
    const { status, text } = await ask('127.0.0.1');
    peer = PEER;
    assert.equal(status, 200);
    assert.equal(value(text, 'gnet_links{kind="webrtc"}'), undefined);
    assert.ok(value(text, 'gnet_event_loop_lag_seconds_count') !== undefined);
  });

  it('say that their port is in use, and what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    await assert.rejects(
      startMetrics({ host: '127.0.0.1', port }, 'relay', () => undefined),
      { kind: 'busy', message: `127.0.0.1:${port} is in use by another program: choose another with --metrics=<port>` },
    );
    other.close();
  });
});

describe('the text of metrics', () => {
  it('escapes what would break a line', () => {
    const samples = [{ labels: { a: 'x"\n\\' }, value: Number.POSITIVE_INFINITY }, { value: Number.NaN }];
    assert.equal(
      expositionOf([{ name: 'm', type: 'gauge', help: 'two\nlines \\', samples }]),
      '# HELP m two\\nlines \\\\\n# TYPE m gauge\nm{a="x\\"\\n\\\\"} +Inf\nm NaN\n',
    );
  });

  it('has late timers in buckets that hold those below too', () => {
    const lag = new LoopLag();
    for (const late of [0, 0.004, 0.2, 3]) lag.note(late);
    const text = expositionOf([lag.metric()]);
    lag.stop();
    for (const [le, count] of [
      ['0.001', 1],
      ['0.005', 2],
      ['0.1', 2],
      ['0.5', 3],
      ['1', 3],
      ['+Inf', 4],
    ] as const) {
      assert.match(text, new RegExp(`_bucket\\{le="${le.replace('+', '\\+')}"\\} ${count}\n`));
    }
    assert.match(text, /_sum 3\.204\n.*_count 4\n/);
  });
});

describe('--metrics', () => {
  const command: Command = {
    name: 'fly',
    usage: '<where>',
    summary: '',
    options: { metrics: METRICS_OPTION },
    positionals: { min: 1, max: 1 },
    run: async () => undefined,
  };
  const parsed = (...args: string[]) => metricsOf(parseCommand(command, args).text('metrics'));

  it('is off unless asked for, and on loopback unless told', () => {
    assert.equal(parsed('home'), undefined);
    assert.equal(parsed('home', '--metrics=off'), undefined);
    assert.deepEqual(parsed('--metrics', 'home'), { host: '127.0.0.1', port: 9464 });
    assert.deepEqual(parsed('home', '--metrics=0'), { host: '127.0.0.1', port: 0 });
    assert.deepEqual(parsed('home', '--metrics=192.0.2.7:9000'), { host: '192.0.2.7', port: 9000 });
    assert.deepEqual(parsed('home', '--metrics=[::1]:9000'), { host: '::1', port: 9000 });
    assert.match(helpText(command), /--metrics\[=<\[ip:\]port>\]/);
  });

  it('says what it wants', () => {
    for (const wrong of ['yes', 'here:80', '70000', '127.0.0.1', '127.0.0.1:', 'http://127.0.0.1:80'])
      assert.throws(() => parsed('home', `--metrics=${wrong}`), { kind: 'malformed', message: /^--metrics wants on, off, a port/ });
    assert.throws(() => parsed('home', '--metrics', '9000'), { kind: 'malformed', message: /a value of --metrics stands behind '='/ });
  });
});
