/**
 * TCP connections of this machine as streams of the network: a local service made reachable, a SOCKS port for any program, tunnels. Not here:
 * what SOCKS says (node/socks), sessions and circuits (core).
 */
export * from './expose.ts';
export * from './socks-proxy.ts';
export * from './tunnel.ts';
