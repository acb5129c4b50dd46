import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { listenWs } from '../../node/ws-listener.ts';
import { WS_OPTIONS, WsTransport, wsDialer } from '../../node/ws-transport.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Transport } from '../../src/core/ports.ts';
import type { LinkSetup } from '../support/link-suite.ts';
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
      return [dialled, new WsTransport(listening, false)];
    },
    stall: (stalled) => (stalled ? listening?.pause() : listening?.resume()),
  };
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
