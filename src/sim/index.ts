/**
 * The simulator: many peers in one process, on one virtual clock, with faults on cue and all chance from one seed.
 * Not here: anything of the protocol. Peers are built from core as everywhere else, on a node's Env and dialer.
 */
export { settle, VirtualClock } from './clock.ts';
export { SimNetwork, type SimNetworkOptions } from './network.ts';
export { type NodeOptions, SimNode } from './node.ts';
export { seededRandom } from './random.ts';
export { Wire, type WireState } from './wire.ts';
