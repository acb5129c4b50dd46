/**
 * Who is there: the table of descriptors and how it is filled, asked and checked; guards; the choice of paths. Not here: links, circuits,
 * streams (requests travel by the `Ask` that is handed in), the bytes of a descriptor (wire/descriptor.ts) and where values lie (dht/).
 */
export * from './constants.ts';
export * from './directory.ts';
export * from './guards.ts';
export type { Known } from './known.ts';
export * from './learn.ts';
export * from './own-descriptor.ts';
export * from './paths.ts';
export * from './saved-peers.ts';
export * from './server.ts';
