/** The control socket: who is told what, and what it bears. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { CircuitStatus, StreamStatus } from '../../src/shared/peer-api.ts';
import { type Answering, answerOf, askControl, type ControlServer, startControlServer } from '../../node/control/index.ts';
import { CLIENTS_MAX, REQUEST_MAX_BYTES } from '../../node/control/constants.ts';
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from '../../node/control/request.ts';
import { controlSockets, openDataFolder } from '../../node/data-folder.ts';
import { until } from '../e2e/support/until.ts';

const CIRCUIT = { number: 3, name: 'circuit', purpose: 'visit secret.gnet', hops: ['a', 'b'], ageMs: 1, sentBytes: 2, receivedBytes: 3 };
const VISIT: StreamStatus = { kind: 'tcp', ours: true, address: 'secret.gnet', port: 22, ageMs: 1, sentBytes: 2, receivedBytes: 3 };
const VISITOR: StreamStatus = { ...VISIT, ours: false, address: 'own.gnet' };
const WHOLE = { token: 'abc', command: 'status', where: false, circuit: undefined };

describe('control socket', () => {
  let base: string;
  let folder: string;
  let server: ControlServer;
  let faults: unknown[];
  const closed: number[] = [];
  const answering = {
    role: 'test',
    listens: undefined,
    nowMs: () => 1_800_000_000_000,
    peer: {
      id: 'me',
      status: () => ({ circuits: [CIRCUIT as CircuitStatus] }),
      streams: () => [VISIT, VISITOR],
      knownPeers: () => [],
      circuits: { close: (number: number) => closed.push(number) > 0 && number === 3 },
    },
  } as unknown as Answering;
  const start = (requestWithinMs?: number): Promise<ControlServer> =>
    startControlServer({
      dataFolder: folder,
      answer: (request) => answerOf(answering, request),
      onFault: (error) => faults.push(error),
      ...(requestWithinMs === undefined ? {} : { requestWithinMs }),
    });
  /** What comes back for these bytes, to the end. */
  const tell = (bytes: string | Uint8Array): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ path: server.path, allowHalfOpen: true });
      let heard = '';
      socket
        .on('data', (part) => (heard += part))
        .on('end', () => {
          socket.destroy();
          resolve(heard);
        });
      socket.on('error', reject);
      socket.write(bytes);
    });
  const token = (): string => readFileSync(join(folder, 'run', `${process.pid}.token`), 'utf8');

  before(() => {
    base = mkdtempSync(join(tmpdir(), 'gnet-ctl-'));
  });
  beforeEach(async () => {
    faults = [];
    folder = mkdtempSync(join(base, 'f'));
    openDataFolder(folder);
    server = await start();
  });
  afterEach(() => {
    server.close();
    assert.deepEqual(faults, []);
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  it('answers its owner, and goes with its process, token and all', async () => {
    assert.deepEqual(controlSockets(folder), [{ pid: process.pid, path: server.path }]);
    assert.equal((await askControl(server.path, { command: 'status' })).role, 'test');
    server.close();
    await until('no socket', () => readdirSync(join(folder, 'run')).length === 0);
  });

  it('socket and token are for their owner alone; the token is another each time', async () => {
    const first = token();
    for (const name of readdirSync(join(folder, 'run'))) assert.equal(statSync(join(folder, 'run', name)).mode & 0o777, 0o600, name);
    assert.match(first, /^[\da-f]{64}$/);
    server.close();
    server = await start();
    assert.notEqual(token(), first);
  });

  for (const [what, line] of [
    ['no token', '{"v":1,"command":"status"}'],
    ['an empty token', '{"v":1,"token":"","command":"status"}'],
    ['a wrong token', `{"v":1,"token":"${'0'.repeat(64)}","command":"status"}`],
    ['a wrong token, and a command that is not there', '{"v":1,"token":"x","command":"no such"}'],
  ] as const) {
    it(`tells nothing to who has ${what}`, async () => {
      assert.equal(await tell(`${line}\n`), '{"v":1,"error":{"kind":"refused","message":"the token is missing or wrong"}}\n');
    });
  }

  it('tells nothing to half a token, nor to one with a letter too many', async () => {
    for (const wrong of [token().slice(0, -1), `${token()}0`]) {
      assert.match(await tell(encodeRequest({ ...WHOLE, token: wrong })), /"kind":"refused"/);
    }
  });

  it('says to who has the token what is wrong with a request', async () => {
    for (const [line, words] of [
      ['{"v":2,"command":"status"}', /"unsupported".*version 1/],
      ['{}', /"unsupported"/],
      ['[]', /no JSON object/],
      ['status', /no JSON/],
      ['', /no JSON/],
      [`{"v":1,"token":"${token()}","command":"toString"}`, /"malformed".*no such command/],
      [`{"v":1,"token":"${token()}","command":"close-circuit"}`, /"malformed".*which circuit/],
      [`{"v":1,"token":"${token()}","command":"close-circuit","circuit":-1}`, /"malformed"/],
    ] as const) {
      assert.match(await tell(`${line}\n`), words, line);
    }
    assert.deepEqual(closed, []);
  });

  it('hears a request in pieces of one byte, and nothing behind its end', async () => {
    const bytes = Buffer.from(`${encodeRequest({ ...WHOLE, token: token() })}{"v":1}\n`);
    const heard = await new Promise<string>((resolve) => {
      const socket = connect(server.path);
      let text = '';
      socket.on('data', (part) => (text += part)).on('end', () => resolve(text));
      for (const byte of bytes) socket.write(Uint8Array.of(byte));
    });
    assert.equal(heard.split('\n').length, 2);
    assert.match(heard, /^\{"v":1,"ok":\{"pid":/);
  });

  it('refuses what is too long for a request, however it comes, and is there for the next', async () => {
    assert.match(await tell('x'.repeat(REQUEST_MAX_BYTES + 1)), /at most 4096 bytes/);
    assert.match(await tell(`{"v":1,"token":"${'0'.repeat(1 << 20)}`), /at most 4096 bytes/);
    assert.match(await tell(Buffer.alloc(1 << 20, 0xff)), /at most 4096 bytes/);
    assert.equal((await askControl(server.path, { command: 'status' })).role, 'test');
  });

  it('many who connect and say nothing shut nobody out, and are few at a time', async () => {
    const silent: Socket[] = [];
    for (let i = 0; i < 200; i++) {
      const socket = connect(server.path).on('error', () => undefined);
      socket.write('{"v":1,"tok');
      silent.push(socket);
    }
    await until('some of them', () => server.clients > 0);
    assert.ok(server.clients <= CLIENTS_MAX, `${server.clients} clients`);
    for (let i = 0; i < 5; i++) assert.equal((await askControl(server.path, { command: 'status' })).role, 'test');
    assert.ok(server.clients <= CLIENTS_MAX, `${server.clients} clients`);
    for (const socket of silent) socket.destroy();
  });

  it('who does not come to the end of a request is cut off', async () => {
    server.close();
    server = await start(50);
    const socket = connect({ path: server.path, allowHalfOpen: true });
    socket.write('{"v":1');
    await new Promise((resolve) =>
      socket
        .on('close', resolve)
        .on('end', () => socket.end())
        .resume(),
    );
    await until('nobody is left', () => server.clients === 0);
    assert.equal(await tell('half a request').catch(() => ''), '');
  });

  it('says where somebody went only when that is asked', async () => {
    const [plain, where] = await Promise.all([false, true].map((where) => askControl(server.path, { command: 'circuits', where })));
    assert.deepEqual(plain?.circuits, [{ ...CIRCUIT, purpose: 'visit' }]);
    assert.deepEqual(where?.circuits, [CIRCUIT]);
    assert.equal((await askControl(server.path, { command: 'status' })).peer.circuits[0]?.purpose, 'visit');
    const streams = (await askControl(server.path, { command: 'streams' })).streams;
    assert.deepEqual(
      streams.map(({ address, port }) => [address, port]),
      [
        [undefined, undefined],
        ['own.gnet', 22],
      ],
    );
    assert.deepEqual((await askControl(server.path, { command: 'streams', where: true })).streams, [VISIT, VISITOR]);
    assert.doesNotMatch(await tell(encodeRequest({ ...WHOLE, command: 'streams', token: token() })), /secret/);
  });

  it('closes a circuit by its number', async () => {
    assert.equal((await askControl(server.path, { command: 'close-circuit', circuit: 3 })).closed, true);
    assert.equal((await askControl(server.path, { command: 'close-circuit', circuit: 4 })).closed, false);
    assert.deepEqual(closed.splice(0), [3, 4]);
  });

  it('tells of a fault of ours no more than that there was one', async () => {
    server.close();
    server = await startControlServer({
      dataFolder: folder,
      answer: () => JSON.parse('{"secret'),
      onFault: (error) => faults.push(error),
    });
    await assert.rejects(askControl(server.path, { command: 'status' }), { kind: 'refused', message: /a fault of this process/ });
    assert.equal(faults.splice(0).length, 1);
  });
});

describe('control messages', () => {
  const request = fc.record(
    {
      token: fc.string(),
      command: fc.string(),
      where: fc.boolean(),
      circuit: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
    },
    { noNullPrototype: true },
  );

  it('are read as they were written', () => {
    fc.assert(fc.property(request, (one) => assert.deepEqual(decodeRequest(encodeRequest(one).trimEnd()), one)));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer(), { noNullPrototype: true }), (ok) =>
        assert.deepEqual(decodeAnswer(encodeAnswer({ ok })), ok),
      ),
    );
  });

  const decodes = (line: string): void => {
    for (const decode of [decodeRequest, decodeAnswer]) {
      try {
        decode(line);
      } catch (error) {
        assert.ok(error instanceof GlobalNetError, String(error));
      }
    }
  };
  it('whatever comes is a request or a known error', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), decodes), { numRuns: 500 });
    fc.assert(fc.property(fc.json(), decodes), { numRuns: 500 });
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom(1, 'status', true));
    const near = fc.record(
      { v: fc.constantFrom(1, 2, '1'), token: field, command: field, where: field, circuit: field },
      { requiredKeys: ['v'] },
    );
    fc.assert(
      fc.property(near, (fields) => decodes(JSON.stringify(fields))),
      { numRuns: 500 },
    );
    decodes('['.repeat(REQUEST_MAX_BYTES));
  });
});
