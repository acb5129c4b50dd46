import { concat } from '../../src/core/bytes/bytes.ts';
import type { Env } from '../../src/core/env.ts';
import type { Peer } from '../../src/core/peer/index.ts';
import type { LastHop } from '../../src/core/ports.ts';
import type { Descriptor } from '../../src/core/wire/descriptor.ts';
import { HELLO_BYTES } from '../../src/core/wire/geometry.ts';
import { encodeMessage, readMessages } from '../../src/core/wire/message.ts';
import { CLOSE, MESSAGE } from '../../src/core/wire/registry.ts';
import { type Connect, decodeConnect, encodeConnect } from '../../src/core/wire/rendezvous.ts';

/** What a visitor says to a point of a service. */
export interface Knock {
  readonly last: LastHop;
  readonly connect: Connect;
}

/** What this visitor says to points, from now on. */
export function overhear({ circuits }: Peer): Knock[] {
  const heard: Knock[] = [];
  const openTo = circuits.openTo.bind(circuits);
  circuits.openTo = (last, early, ...rest) => {
    for (const { type, content } of readMessages(early))
      if (type === MESSAGE.connect) heard.push({ last, connect: decodeConnect(content.slice()) });
    return openTo(last, early, ...rest);
  };
  return heard;
}

/** One of each point. */
export function perPoint(heard: readonly Knock[]): Knock[] {
  return [...new Map(heard.map((knock) => [knock.last.peer, knock])).values()];
}

/** A hello that says nothing and that nobody worked for, under the service's own keys; costs no more than a circuit of one hop. */
export function knockInVain({ circuits, directory }: Peer, env: Env, { last, connect }: Knock): void {
  const hello = concat(connect.hello.subarray(0, 8), env.random(HELLO_BYTES - 8));
  const early = encodeMessage(MESSAGE.connect, encodeConnect({ ...connect, effort: 0, hello }));
  void circuits.openDirect(last.peer, directory.get(last.peer) as Descriptor, early).then(
    ({ end }) => void env.schedule(500, () => end.close(CLOSE.ended)),
    () => undefined,
  );
}
