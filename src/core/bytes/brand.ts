/** A type that is told apart from its base only by the compiler: `Brand<string, 'PeerId'>` is a string no other string is taken for. */
export type Brand<Base, Name extends string> = Base & { readonly __brand: Name };

/** A peer's Ed25519 public key as 52 characters of lower-case base32: a map key, a log word and a wire value in one. */
export type PeerId = Brand<string, 'PeerId'>;

/** `<base32 of Ed25519 key + checksum + version>.gnet`, lower case (§ names and addresses). */
export type Address = Brand<string, 'Address'>;
