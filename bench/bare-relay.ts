/**
 * A relay of nothing but Node: messages with one cell in them go on over TCP, each sealed once; the last relay sends them back.
 * `node --import tsx bench/bare-relay.ts [next port]`, says in JSON where it listens.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { nodeCrypto } from '../src/adapters/node-crypto.ts';
import { EMPTY } from '../src/core/bytes/bytes.ts';
import { FRAME_CELL_BYTES, KEY_BYTES } from '../src/core/wire/geometry.ts';
import { onMessages } from './bare-messages.ts';

function passOn(from: Socket, to: Socket): void {
  const key = new Uint8Array(KEY_BYTES);
  let counter = 0;
  onMessages(from, (message) => {
    const inside = message.subarray(0, FRAME_CELL_BYTES);
    nodeCrypto.aead.seal(key, counter++, inside, EMPTY, inside, message.subarray(FRAME_CELL_BYTES));
    to.write(message);
  });
}

const nextPort = process.argv[2];
const server = createServer({ noDelay: true }, (previous) => {
  if (nextPort === undefined) return passOn(previous, previous);
  const next = connect(Number(nextPort), '127.0.0.1').setNoDelay(true);
  passOn(previous, next);
  passOn(next, previous);
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
