/**
 * Hidden services: the rendezvous point that joins two circuits, the host that waits at three of them, the visitor that comes
 * by one, and the seal between host and visitor. Not here: circuits, sessions, the DHT (ports.ts says what is needed of them).
 */
export * from './ports.ts';
export * from './types.ts';
export type { HeldInvitation } from './hello.ts';
export * from './rendezvous-point.ts';
export * from './sealed-pipe.ts';
export * from './host.ts';
export * from './visitor.ts';
