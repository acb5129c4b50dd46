/**
 * TCP connections of this machine as streams of the network: a local service made reachable, and a SOCKS port for any program. Not here:
 * what SOCKS says (node/socks), sessions and circuits (core).
 */
export * from './expose.ts';
export * from './socks-proxy.ts';
