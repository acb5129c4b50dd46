/**
 * The server's side of SOCKS5 (RFC 1928, RFC 1929) and SOCKS4a, as a machine: bytes in, effects out. Not here: sockets, name servers,
 * and what becomes of a connection (node/tcp).
 */
export * from './constants.ts';
export * from './socks-server.ts';
