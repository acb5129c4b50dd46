import type { Env } from '../env.ts';
import type { Transport } from '../ports.ts';
import { FRAME_SETUP_BYTES, TAG_BYTES } from '../wire/geometry.ts';
import { LINK_CLOSE, type LinkCloseCode } from '../wire/registry.ts';
import { HANDSHAKE_TIMEOUT_MS } from './constants.ts';
import type { Handshake, HandshakeResult, HandshakeStep } from './handshake.ts';

export type Opening = { readonly shaken: HandshakeResult } | { readonly failed: LinkCloseCode };

/**
 * Runs the handshake over a fresh transport, which may have carried its hello already. `done` is called once, in the turn of the last message, so that a link can take
 * the transport over before the next one comes; after a failure the transport is closed.
 */
export function openLink(env: Env, transport: Transport, handshake: Handshake, done: (opening: Opening) => void): void {
  let over = false;
  const finish = (opening: Opening): void => {
    if (over) return;
    over = true;
    cancelDeadline();
    if ('failed' in opening) transport.close();
    done(opening);
  };
  const act = (step: HandshakeStep): void => {
    if (step.send !== undefined) transport.send(step.send);
    if (step.state === 'done') finish({ shaken: step.result });
    else if (step.state === 'failed') finish({ failed: step.code });
  };
  const cancelDeadline = env.schedule(HANDSHAKE_TIMEOUT_MS, () => finish({ failed: LINK_CLOSE.timeout }));
  handshake.begin(transport.binding);
  transport.handler = {
    onMessage: (message) => void (over || act(handshake.receive(message))),
    onDrain: () => {},
    onClose: () => finish({ failed: LINK_CLOSE.transport }),
  };
  if (transport.maxMessageBytes < FRAME_SETUP_BYTES + TAG_BYTES) finish({ failed: LINK_CLOSE.transport });
  else if (transport.dialled && transport.saidHello !== true) transport.send(handshake.hello);
}
