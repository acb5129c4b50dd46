/** Numbers of SOCKS, as they stand on the wire: RFC 1928, RFC 1929; SOCKS4 and 4a by their memos. And bounds of what has none. */

export const VERSION_5 = 5;
export const VERSION_4 = 4;

/** RFC 1928 § 3. */
export const METHOD = { none: 0, password: 2, noneAcceptable: 0xff } as const;
/** RFC 1929 § 2: the version of the password message is its own. */
export const PASSWORD_VERSION = 1;
/** RFC 1928 § 4. */
export const COMMAND = { connect: 1, bind: 2, udpAssociate: 3 } as const;
/** RFC 1928 § 5. */
export const ATYP = { ipv4: 1, name: 3, ipv6: 4 } as const;

/** RFC 1928 § 6; what HTTP answers is said by them too. */
export const REPLY = {
  succeeded: 0,
  failure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  ttlExpired: 6,
  commandNotSupported: 7,
  addressNotSupported: 8,
} as const;
export type ProxyReply = (typeof REPLY)[keyof typeof REPLY];

export const REPLY_4 = { granted: 0x5a, rejected: 0x5b } as const;
/** SOCKS4 gives texts no length: what is longer is no user id and no name. */
export const TEXT_4_MAX_BYTES = 255;
/** A CONNECT of a browser has some hundred bytes. */
export const HTTP_HEAD_MAX_BYTES = 8192;
