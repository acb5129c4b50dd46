/**
 * A hop of others' circuits: peels setup packets, seals replies, passes cells on, and ends circuits that are for this peer.
 * Not here: building circuits (circuit/), what a last hop does with what it is sent (stream/, peer.ts), who may be dialled (peer.ts).
 */
export * from './onion-keyring.ts';
export * from './relay.ts';
export * from './types.ts';
