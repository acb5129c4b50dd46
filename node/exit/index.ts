/**
 * An exit's side of connections to the clear network: its owner's policy, the judge of where strangers may go, names looked up, sockets
 * opened. Not here: how a client finds an exit and asks it (core/peer/exits.ts), and how socket and stream are joined (node/tcp).
 */
export * from './exit-service.ts';
export * from './grants.ts';
export * from './judge.ts';
export * from './policy.ts';
export * from './resolver.ts';
