import { sha256 } from '@noble/hashes/sha2.js';
import { base32, fromBase32 } from '../bytes/base32.ts';
import type { Address } from '../bytes/brand.ts';
import { concat, equal } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { labelled } from '../crypto/derive.ts';
import { ADDRESS_BYTES, ADDRESS_CHECKSUM_BYTES, KEY_BYTES } from './geometry.ts';
import { ADDRESS_VERSION, LABEL } from './registry.ts';

/**
 * An address: base32 of these, then `.gnet`.
 *
 *   public key  32   Ed25519
 *   checksum     2   first bytes of SHA-256(label ‖ public key ‖ version)
 *   version      1   ADDRESS_VERSION
 */

export const ADDRESS_SUFFIX = '.gnet';
const TEXT_LENGTH = Math.ceil((ADDRESS_BYTES * 8) / 5);

function checksum(publicKey: Uint8Array, version: number): Uint8Array {
  return sha256(labelled(LABEL.address, publicKey, Uint8Array.of(version))).subarray(0, ADDRESS_CHECKSUM_BYTES);
}

/** The address of a 32-byte Ed25519 public key. */
export function encodeAddress(publicKey: Uint8Array): Address {
  if (publicKey.length !== KEY_BYTES) throw new RangeError(`an address holds a key of ${KEY_BYTES} bytes, not ${publicKey.length}`);
  const version = ADDRESS_VERSION;
  return (base32(concat(publicKey, checksum(publicKey, version), Uint8Array.of(version))) + ADDRESS_SUFFIX) as Address;
}

function wrong(problem: string): GlobalNetError {
  return new GlobalNetError('malformed', `not a .gnet address: ${problem}`);
}

/**
 * The public key in an address that somebody typed or pasted: capitals and surrounding blanks are forgiven, nothing else.
 * Whether the key is a point of the curve shows when it is blinded.
 * @throws GlobalNetError `malformed` that says what is wrong with it.
 */
export function decodeAddress(text: string): Uint8Array {
  const plain = text.trim().toLowerCase();
  if (!plain.endsWith(ADDRESS_SUFFIX)) throw wrong(`it does not end in ${ADDRESS_SUFFIX}`);
  const name = plain.slice(0, -ADDRESS_SUFFIX.length);
  if (name.includes('.')) throw wrong('there is a part before the key');
  if (name.length !== TEXT_LENGTH) throw wrong(`${TEXT_LENGTH} letters and digits stand before ${ADDRESS_SUFFIX}, not ${name.length}`);
  const bytes = fromBase32(name, wrong);
  const publicKey = bytes.slice(0, KEY_BYTES);
  const version = bytes[ADDRESS_BYTES - 1] as number;
  if (!equal(bytes.subarray(KEY_BYTES, ADDRESS_BYTES - 1), checksum(publicKey, version))) {
    throw wrong('its checksum does not match; a letter is wrong or missing');
  }
  if (version !== ADDRESS_VERSION)
    throw wrong(`it is of version ${version}, this peer knows version ${ADDRESS_VERSION}; an update may help`);
  return publicKey;
}

/** The one spelling of an address. @throws as `decodeAddress`. */
export function normalAddress(text: string): Address {
  return encodeAddress(decodeAddress(text));
}

export function isAddress(text: string): boolean {
  try {
    decodeAddress(text);
    return true;
  } catch {
    return false;
  }
}

/** Where a live service's web server is asked for unless a URL names another port. */
export const HTTP_PORT = 80;

/** As URLs and web servers name what is at a port of an address: `<address>`, or `<address>:<port>` where it is not the usual one. */
export function siteHost(address: string, port: number): string {
  return port === HTTP_PORT ? address : `${address}:${port}`;
}
