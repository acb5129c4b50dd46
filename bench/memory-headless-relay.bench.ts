/** Memory of a headless relay: at rest, with 50 links and 100 circuits of others through it, and what one more of each takes. */
import { setTimeout as wait } from 'node:timers/promises';
import { controlSockets } from '../node/data-folder.ts';
import { askControl } from '../node/control/index.ts';
import { nodeEnv } from '../node/node-env.ts';
import { wsDialer } from '../node/ws-transport.ts';
import { EMPTY } from '../src/core/bytes/bytes.ts';
import { CircuitBuilder, type HopKeys, inlineSetupCrypto } from '../src/core/circuit/index.ts';
import { newIdentity } from '../src/core/crypto/identity.ts';
import { Links } from '../src/core/link/index.ts';
import type { Link } from '../src/core/ports.ts';
import { hopKeys } from '../src/core/peer/circuits.ts';
import { verifyDescriptor } from '../src/core/wire/descriptor.ts';
import { LINK_CLOSE } from '../src/core/wire/registry.ts';
import { type Bench, median } from './harness.ts';
import { measureSlopes } from './memory-slopes.ts';
import { startTestbed, type Testbed } from './testbed.ts';

const LINKS = 50;
const CIRCUITS = 100;
/** All circuits leave the relay by one link, and its other end takes 30 setups a second. */
const SETUP_EVERY_MS = 35;
const MEGABYTE = 1e6;

interface Visitor {
  readonly link: Link;
  readonly builder: CircuitBuilder;
  readonly keys: HopKeys;
}

/** A peer of one link, as any other to the relay, and the relay's keys as its descriptor says. */
async function linkTo(url: string): Promise<Visitor> {
  const env = nodeEnv();
  const builder = new CircuitBuilder(env, inlineSetupCrypto(env));
  let tell: (keys: HopKeys) => void = () => undefined;
  const told = new Promise<HopKeys>((resolve) => (tell = resolve));
  const links = new Links(env, {
    identity: newIdentity(env),
    maxLinks: 2,
    dialers: [wsDialer],
    handler: {
      onLink: () => undefined,
      onFrame: (link, frame) => void builder.onFrame(link, frame),
      onWithdrawal: () => undefined,
      onDescriptor: (_, bytes) => tell(hopKeys(verifyDescriptor(env.crypto, bytes, env.now()))),
      onClose: () => undefined,
    },
  });
  return { link: await links.linkTo({ peer: undefined, url }), builder, keys: await told };
}

/** Resident bytes: the median of some seconds, for the collector comes when it likes. */
async function residentBytes(bed: Testbed, pid: number): Promise<number> {
  const found: number[] = [];
  for (let i = 0; i < 9; i++) {
    await wait(400);
    const socket = controlSockets(bed.folder).find((one) => one.pid === pid);
    const status = socket && (await askControl(socket.path, { command: 'status' }).catch(() => undefined));
    if (status !== undefined) found.push(status.rssBytes);
  }
  return median(found);
}

const bench: Bench = async (report) => {
  const bed = await startTestbed({ relays: 3, roundTripMs: 0 });
  try {
    // The third one has joined by the first two, so it knows them.
    const [last, relay] = [bed.relays[0], bed.relays[2]] as [Testbed['relays'][number], Testbed['relays'][number]];
    const url = String((await relay.line('listens'))['listens']);
    const { keys: lastHop } = await linkTo(String((await last.line('listens'))['listens']));
    const pid = relay.process.pid as number;
    const link = async (): Promise<Visitor[]> => {
      const peers: Visitor[] = [];
      for (let i = 0; i < LINKS; i++) peers.push(await linkTo(url));
      return peers;
    };
    const build = async (peers: Visitor[]): Promise<void> => {
      for (let i = 0; i < CIRCUITS; i++) {
        const peer = peers[i % LINKS] as Visitor;
        await peer.builder.open(peer.link, [peer.keys, lastHop], EMPTY);
        await wait(SETUP_EVERY_MS);
      }
    };
    // Once for nothing: the code that runs then is compiled, and the heap as large as such work makes it.
    const before = await link();
    await build(before);
    for (const peer of before) peer.link.close(LINK_CLOSE.done);
    const atRest = await residentBytes(bed, pid);
    const peers = await link();
    await build(peers);
    const busy = await residentBytes(bed, pid);
    report('', { value: busy / MEGABYTE, unit: `MB resident with ${LINKS} links and ${CIRCUITS} circuits` });
    report('afterwards at rest', { value: atRest / MEGABYTE, unit: 'MB resident' });
  } finally {
    await bed.stop();
  }
  await measureSlopes(report);
};

export default bench;
