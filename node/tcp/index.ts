/**
 * TCP connections of this machine as streams of the network: a local service made reachable, a proxy for any program, tunnels. Not here:
 * how a program says what it wants (node/proxy), sessions and circuits (core).
 */
export * from './expose.ts';
export * from './proxy.ts';
export * from './tunnel.ts';
