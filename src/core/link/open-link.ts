import type { Env } from '../env.ts';
import type { Identity } from '../crypto/identity.ts';
import type { Transport } from '../ports.ts';
import { FRAME_SETUP_BYTES, TAG_BYTES } from '../wire/geometry.ts';
import { LINK_CLOSE, type LinkCloseCode } from '../wire/registry.ts';
import { HANDSHAKE_TIMEOUT_MS } from './constants.ts';
import { Handshake, type HandshakeResult, type HandshakeStep } from './handshake.ts';
import type { Expected } from './types.ts';

export type Opening = { readonly shaken: HandshakeResult } | { readonly failed: LinkCloseCode };

/**
 * Runs the handshake over a fresh transport. `done` is called once, in the turn of the last message, so that a link can take
 * the transport over before the next one comes; after a failure the transport is closed.
 */
export function openLink(env: Env, transport: Transport, identity: Identity, expected: Expected, done: (opening: Opening) => void): void {
  const { binding, dialled } = transport;
  const handshake = new Handshake(env, { identity, expected, binding, dialled });
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
  transport.handler = {
    onMessage: (message) => void (over || act(handshake.receive(message))),
    onDrain: () => {},
    onClose: () => finish({ failed: LINK_CLOSE.transport }),
  };
  if (transport.maxMessageBytes < FRAME_SETUP_BYTES + TAG_BYTES) finish({ failed: LINK_CLOSE.transport });
  else act(handshake.start());
}
