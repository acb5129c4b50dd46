/**
 * A peer that wears a service out: hellos that say nothing and that nobody worked for, at each of its points in turn, 60 a second, each for the
 * price of a circuit of one hop. Arguments: address, data folder. Says `flooding` when it has found the points.
 */
import { concat } from '../../../src/core/bytes/bytes.ts';
import type { LastHop } from '../../../src/core/ports.ts';
import type { Descriptor } from '../../../src/core/wire/descriptor.ts';
import { HELLO_BYTES } from '../../../src/core/wire/geometry.ts';
import { encodeMessage, readMessages } from '../../../src/core/wire/message.ts';
import { MESSAGE, STREAM } from '../../../src/core/wire/registry.ts';
import { type Connect, decodeConnect, encodeConnect } from '../../../src/core/wire/rendezvous.ts';
import { encodeTcpRequest } from '../../../src/core/wire/tcp.ts';
import { bootstrapsFor } from '../../../node/data-folder.ts';
import { startHeadless } from '../../../node/headless.ts';

const PER_SECOND = 60;

const [address = '', dataFolder = ''] = process.argv.slice(2);
const { peer, env } = await startHeadless({
  dataFolder,
  name: 'flooding',
  role: 'flooding',
  bootstraps: bootstrapsFor(dataFolder, []),
  logLevel: 'error',
});
await peer.membership.ready();

/** What an honest visit says to a point. */
const points = new Map<string, { last: LastHop; connect: Connect }>();
const openTo = peer.circuits.openTo.bind(peer.circuits);
peer.circuits.openTo = (last, early, ...rest) => {
  for (const { type, content } of readMessages(early))
    if (type === MESSAGE.connect) points.set(last.peer, { last, connect: decodeConnect(content.slice()) });
  return openTo(last, early, ...rest);
};
for (let i = 0; points.size < 3; i++) {
  const session = await peer.tcp.visit(address, `${i}`);
  await (await session.openStream(STREAM.tcp, encodeTcpRequest({ port: 80 }))).connected;
  session.close();
}

let sent = 0;
setInterval(() => {
  const found = [...points.values()][sent++ % points.size] as { last: LastHop; connect: Connect };
  const hello = concat(found.connect.hello.subarray(0, 8), env.random(HELLO_BYTES - 8));
  const early = encodeMessage(MESSAGE.connect, encodeConnect({ ...found.connect, effort: 0, hello }));
  void peer.circuits.openDirect(found.last.peer, peer.directory.get(found.last.peer) as Descriptor, early).then(
    ({ end }) => void env.schedule(500, () => end.close(0)),
    () => undefined,
  );
  if (sent % PER_SECOND === 1) console.log(JSON.stringify({ flooding: sent }));
}, 1000 / PER_SECOND);
process.on('SIGTERM', () => process.exit());
