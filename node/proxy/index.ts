/**
 * The server's side of SOCKS5 (RFC 1928, RFC 1929), SOCKS4a, and CONNECT of HTTP (RFC 9110), as a machine: bytes in, effects out. Not here: sockets, name servers,
 * and what becomes of a connection (node/tcp).
 */
export * from './constants.ts';
export * from './proxy-handshake.ts';
