import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type WebSocket, WebSocketServer } from 'ws';
import { listenWs } from '../../node/ws-listener.ts';
import { WS_OPTIONS, WsTransport, wsDialer } from '../../node/ws-transport.ts';
import { helloIn, withHello } from '../../src/adapters/hello-in-url.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { newIdentity } from '../../src/core/crypto/identity.ts';
import { Handshake } from '../../src/core/link/index.ts';
import type { Transport } from '../../src/core/ports.ts';
import { FRAME_SETUP_BYTES, LINK_HELLO_BYTES, LINK_PROOF_BYTES } from '../../src/core/wire/geometry.ts';
import { type LinkSetup, until } from '../support/link-suite.ts';
import { realEnv } from '../support/real-env.ts';
import { runLinkTests } from '../support/run-link-tests.ts';

let server: WebSocketServer;
let accepted: (socket: WebSocket) => void = () => {};

before(async () => {
  server = new WebSocketServer({ ...WS_OPTIONS, host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => accepted(socket));
  await once(server, 'listening');
});
after(() => {
  for (const socket of server.clients) socket.terminate();
  server.close();
});

function setup(): LinkSetup {
  let listening: WebSocket | undefined;
  return {
    env: realEnv,
    step: () => new Promise((resolve) => setTimeout(resolve, 1)),
    async pair() {
      const incoming = new Promise<WebSocket>((resolve) => (accepted = resolve));
      const dialled = await wsDialer.dial({ peer: undefined, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
      listening = await incoming;
      return [dialled, WsTransport.accepted(listening, '/')];
    },
    stall: (stalled) => (stalled ? listening?.pause() : listening?.resume()),
  };
}

/** Says yes to one WebSocket, and notes how long what comes then is, piece by piece. */
async function listenBare(): Promise<{ url: string; pieces: number[]; close(): void }> {
  const pieces: number[] = [];
  const http = createServer();
  http.on('upgrade', ({ headers }, socket) => {
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('data', (bytes: Buffer) => void pieces.push(bytes.length));
    socket.on('error', () => undefined);
    closing = () => socket.destroy();
  });
  let closing: () => void = () => undefined;
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const close = (): void => {
    closing();
    http.close();
  };
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, pieces, close };
}

runLinkTests('WebSockets on loopback', setup);

describe('WebSocket transports', () => {
  it('a listener hands over what was dialled, and ends it when it closes', async () => {
    const incoming: Transport[] = [];
    const listener = await listenWs({ host: '127.0.0.1', port: 0, onTransport: (transport) => void incoming.push(transport) });
    const dialled = await wsDialer.dial({ peer: undefined, url: listener.url });
    const closed = new Promise((resolve) => {
      dialled.handler = { onMessage: () => {}, onDrain: () => {}, onClose: resolve };
    });
    assert.deepEqual([incoming.length, incoming[0]?.dialled, dialled.dialled], [1, false, true]);
    await listener.close();
    await closed;
  });

  it('a hello goes with the dial, so that the answer comes before anything else is sent', async () => {
    const hello = new Handshake(realEnv, { identity: newIdentity(realEnv), dialled: true, expected: undefined }).hello;
    const got: Uint8Array[] = [];
    const listener = await listenWs({
      host: '127.0.0.1',
      port: 0,
      onTransport(transport) {
        const answer = (message: Uint8Array): void => {
          got.push(message);
          transport.send(Uint8Array.of(7));
        };
        transport.handler = { onMessage: answer, onDrain() {}, onClose() {} };
      },
    });
    const dialled = await wsDialer.dial({ peer: undefined, url: `${listener.url}/mesh?a=b` }, undefined, hello);
    assert.equal(dialled.saidHello, true);
    await new Promise<void>((answered) => (dialled.handler = { onMessage: () => answered(), onDrain() {}, onClose() {} }));
    assert.deepEqual(got, [new Uint8Array(hello)]);
    await listener.close();
  });

  it('a proof leaves with what is said first, in one piece', async () => {
    const bare = await listenBare();
    const dialled = await wsDialer.dial({ peer: undefined, url: bare.url }, undefined, new Uint8Array(LINK_HELLO_BYTES));
    dialled.send(new Uint8Array(LINK_PROOF_BYTES));
    dialled.send(new Uint8Array(FRAME_SETUP_BYTES));
    dialled.send(new Uint8Array(100));
    const all = LINK_PROOF_BYTES + FRAME_SETUP_BYTES + 100;
    await until(setup(), () => bare.pieces.reduce((sum, bytes) => sum + bytes, 0) > all, 'all of it');
    assert.ok((bare.pieces[0] ?? 0) > LINK_PROOF_BYTES + FRAME_SETUP_BYTES);
    bare.close();
  });

  it('a proof is not lost where nothing follows it, nor where the end does', async () => {
    for (const isEnded of [false, true]) {
      const bare = await listenBare();
      const dialled = await wsDialer.dial({ peer: undefined, url: bare.url }, undefined, new Uint8Array(LINK_HELLO_BYTES));
      dialled.send(new Uint8Array(LINK_PROOF_BYTES));
      if (isEnded) dialled.close();
      await until(setup(), () => (bare.pieces[0] ?? 0) > LINK_PROOF_BYTES, 'the proof');
      bare.close();
    }
  });

  it('a hello in the address is taken as it was given, and nothing else is taken for one', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: LINK_HELLO_BYTES, maxLength: LINK_HELLO_BYTES }),
        fc.webPath(),
        fc.string(),
        (hello, path, any) => {
          const { pathname, search } = new URL(withHello(`ws://127.0.0.1${path}`, hello));
          assert.deepEqual(helloIn(pathname + search), hello);
          const found = helloIn(`/?hello=${encodeURIComponent(any)}`);
          assert.ok(found === undefined || found.length === LINK_HELLO_BYTES);
          assert.equal(helloIn(any.replaceAll('hello', '')), undefined);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('a host whose ip is given is not looked up', async () => {
    const listener = await listenWs({ host: '127.0.0.1', port: 0, onTransport: () => {} });
    const dialled = await wsDialer.dial({ peer: undefined, url: `ws://relay.invalid:${listener.port}`, ip: '127.0.0.1' });
    assert.equal(dialled.dialled, true);
    await listener.close();
  });

  it('a port where nobody listens is unreachable', async () => {
    const closed = await listenWs({ host: '127.0.0.1', port: 0, onTransport: () => {} });
    await closed.close();
    await assert.rejects(
      wsDialer.dial({ peer: undefined, url: closed.url }),
      (error) => error instanceof GlobalNetError && error.kind === 'unreachable',
    );
  });

  it('a port that is taken is busy', async () => {
    const first = await listenWs({ host: '127.0.0.1', port: 0, onTransport: () => {} });
    const again = listenWs({ host: '127.0.0.1', port: first.port, onTransport: () => {} });
    await assert.rejects(again, (error) => error instanceof GlobalNetError && error.kind === 'busy');
    await first.close();
  });

  it('a message over the limit ends the transport of whoever sent it', async () => {
    const [dialled, incoming] = await setup().pair();
    const closed = new Promise<string>((resolve) => {
      dialled.handler = { onMessage: () => {}, onDrain: () => {}, onClose: resolve };
    });
    incoming.handler = { onMessage: () => assert.fail('it was taken'), onDrain: () => {}, onClose: () => {} };
    dialled.send(new Uint8Array(100_000));
    assert.match(await closed, /1009/);
  });
});
