/**
 * Circuits at their builder: making setup packets, opening replies, wrapping and opening cells, growing by a hop.
 * Not here: what a hop does (relay/), which path to take (directory/ and peer.ts), channels and streams in the cells (stream/).
 */
export * from './builder-circuit.ts';
export * from './circuit-builder.ts';
export * from './setup-crypto.ts';
export * from './setup-port.ts';
export { NoTurn } from './setup-turns.ts';
export * from './types.ts';
