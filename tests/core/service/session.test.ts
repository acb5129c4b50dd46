import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equal, hex, utf8 } from '../../../src/core/bytes/bytes.ts';
import { acceptCircuit } from '../../../src/core/peer/last-hop.ts';
import type { CircuitEnd, CircuitSource } from '../../../src/core/ports.ts';
import { RendezvousPoint, ServiceHost, type ServiceDeps, ServiceVisitor } from '../../../src/core/service/index.ts';
import { ask, CircuitChannels, readAll, Session } from '../../../src/core/stream/index.ts';
import { HELLO_MESSAGES_BYTES } from '../../../src/core/wire/geometry.ts';
import { CLOSE, END, STREAM } from '../../../src/core/wire/registry.ts';
import { circuitPair } from '../../support/circuit-pair.ts';
import { testEnv } from '../../support/test-env.ts';
import { FakeNetwork } from './fake-network.ts';
import { ADDRESS, IDENTITY } from './fixture.ts';

const DELAY_MS = 40;

/** The real channels, sessions and last hops, over circuits that are only time. */
function house({ openMs = 0 } = {}) {
  const env = testEnv();
  const network = new FakeNetwork(env);
  const points = new Map(network.points.map(({ peer }) => [peer, new RendezvousPoint(env)]));
  const ends: CircuitEnd[] = [];
  const circuits: CircuitSource = {
    openTo: (last, early) =>
      new Promise((resolve) => {
        const pair = circuitPair(env, { delayMs: DELAY_MS });
        const held = holding(pair.builder);
        ends.push(pair.builder);
        env.schedule(DELAY_MS, () =>
          acceptCircuit(
            { env, point: points.get(last.peer)!, onStream: (stream) => stream.reset(END.refused) },
            pair.last,
            early,
            (reply) => env.schedule(DELAY_MS + openMs, () => resolve({ end: held, reply, hops: [last.peer] })),
          ),
        );
      }),
  };
  const deps: ServiceDeps = { ...network.deps(), circuits, openChannels: (end, handler) => new CircuitChannels(env, end, handler) };
  const sessions = new Map<string, Session>();
  const host = new ServiceHost(deps, {
    identity: IDENTITY,
    onVisitor({ sessionId, messages, pipe }) {
      const key = hex(sessionId);
      const session = sessions.get(key) ?? new Session(env, { opener: false, id: sessionId, onStream: (stream) => void serve(stream) });
      sessions.set(key, session);
      session.acceptEarly(messages);
      session.attach(pipe);
    },
  });
  return { env, host, visitor: new ServiceVisitor(deps), ends, sessions };
}

/** Keeps what comes until somebody listens, as a builder's circuit does while its reply is being opened. */
function holding(end: CircuitEnd): CircuitEnd {
  const waiting: Uint8Array[] = [];
  end.handler = { onBody: (body) => void waiting.push(body), onDrain: () => undefined, onClose: () => undefined };
  return {
    name: end.name,
    isBuilder: true,
    queuedCells: 0,
    get handler() {
      return end.handler;
    },
    set handler(handler) {
      end.handler = handler;
      for (const body of waiting.splice(0)) handler?.onBody(body);
    },
    send: (body) => end.send(body),
    close: (reason) => end.close(reason),
  };
}

/** Answers a number with so many counted bytes. */
async function serve(stream: Parameters<typeof readAll>[0]): Promise<void> {
  const wanted = Number(new TextDecoder().decode(await readAll(stream, 100)));
  await stream.write(counted(wanted)).catch(() => undefined);
  stream.end();
}

function counted(lengthBytes: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => (i * 31 + (i >>> 8) * 7) & 0xff);
}

async function visit(made: ReturnType<typeof house>, session: Session, resumes = false) {
  const messages = session.takeEarly(HELLO_MESSAGES_BYTES);
  const connection = await made.env.clock.runFor(made.visitor.connect(ADDRESS, { sessionId: session.id, resumes, messages }));
  session.acceptEarly(connection.messages);
  session.attach(connection.pipe);
  return connection;
}

test('a request in the hello is answered in the first payload: one round trip of the whole path, by the real streams', async () => {
  const made = house();
  made.host.start();
  await made.env.advance(5_000);
  const session = new Session(made.env, { opener: true, onStream: () => undefined });
  const warm = new Session(made.env, { opener: true, onStream: () => undefined });
  await visit(made, warm);
  const startMs = made.env.now();
  const answer = ask(made.env, session.open(STREAM.site, new Uint8Array(0)), utf8('1000'), 2_000, 60_000);
  await visit(made, session);
  assert.ok(equal(await made.env.clock.runFor(answer), counted(1_000)));
  assert.equal((made.env.now() - startMs) / DELAY_MS, 4, 'flights');
});

test('an answer that is there before the circuit’s reply has been opened is not lost', async () => {
  const made = house({ openMs: 1_000 });
  made.host.start();
  await made.env.advance(10_000);
  const session = new Session(made.env, { opener: true, onStream: () => undefined });
  const answer = ask(made.env, session.open(STREAM.site, new Uint8Array(0)), utf8('20000'), 20_000, 60_000);
  await visit(made, session);
  assert.ok(equal(await made.env.clock.runFor(answer), counted(20_000)));
});

test('a download of many windows goes through the point whole, and on over another path when the first dies', async () => {
  const made = house();
  made.host.start();
  await made.env.advance(5_000);
  const session = new Session(made.env, { opener: true, onStream: () => undefined });
  const answer = ask(made.env, session.open(STREAM.site, new Uint8Array(0)), utf8('2000000'), 2_000_000, 600_000);
  await visit(made, session);
  await made.env.advance(300);
  made.ends.at(-1)!.close(CLOSE.ended);
  session.detach();
  await made.env.advance(1_000);
  await visit(made, session, true);
  assert.ok(equal(await made.env.clock.runFor(answer), counted(2_000_000)));
  assert.equal(made.sessions.size, 1);
});

test('a session that ends is ended at the host too, before its circuit goes', async () => {
  const made = house();
  made.host.start();
  await made.env.advance(5_000);
  const session = new Session(made.env, { opener: true, onStream: () => undefined });
  await visit(made, session);
  assert.equal(made.host.status().visitors, 1);
  session.end(END.done);
  await made.env.advance(5_000);
  assert.equal(made.host.status().visitors, 0);
});
