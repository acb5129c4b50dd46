/**
 * A peer that wears a service out: hellos that say nothing and that nobody worked for, at each of its points in turn, 60 a second, each for the
 * price of a circuit of one hop. Arguments: address, data folder. Says `flooding` when it has found the points.
 */
import { STREAM } from '../../../src/core/wire/registry.ts';
import { encodeTcpRequest } from '../../../src/core/wire/tcp.ts';
import { bootstrapsFor } from '../../../node/data-folder.ts';
import { startHeadless } from '../../../node/headless.ts';
import { type Knock, knockInVain, overhear, perPoint } from '../../support/hello-flood.ts';

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

const heard = overhear(peer);
for (let i = 0; perPoint(heard).length < 3; i++) {
  const session = await peer.tcp.visit(address, `${i}`);
  await (await session.openStream(STREAM.tcp, encodeTcpRequest({ port: 80 }))).connected;
  session.close();
}
const points = perPoint(heard);

let sent = 0;
setInterval(() => {
  knockInVain(peer, env, points[sent++ % points.length] as Knock);
  if (sent % PER_SECOND === 1) console.log(JSON.stringify({ flooding: sent }));
}, 1000 / PER_SECOND);
process.on('SIGTERM', () => process.exit());
