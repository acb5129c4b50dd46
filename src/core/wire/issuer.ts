import { sha256 } from '@noble/hashes/sha2.js';
import { base32, fromBase32 } from '../bytes/base32.ts';
import { concat, equal } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { labelled } from '../crypto/derive.ts';
import { ADDRESS_CHECKSUM_BYTES, ISSUER_BYTES, KEY_BYTES } from './geometry.ts';
import { ISSUER_VERSION, LABEL } from './registry.ts';

/**
 * An issuer's key, as it is given to those who are to trust it: `issuer-`, and base32 of these.
 *
 *   public key  32   Ed25519
 *   checksum     2   first bytes of SHA-256(label ‖ public key ‖ version)
 *   version      1   ISSUER_VERSION
 */
const PREFIX = 'issuer-';
const TEXT_LENGTH = Math.ceil((ISSUER_BYTES * 8) / 5);

function checksum(publicKey: Uint8Array, version: number): Uint8Array {
  return sha256(labelled(LABEL.issuer, publicKey, Uint8Array.of(version))).subarray(0, ADDRESS_CHECKSUM_BYTES);
}

export function formatIssuer(publicKey: Uint8Array): string {
  if (publicKey.length !== KEY_BYTES) throw new RangeError(`an issuer's key has ${KEY_BYTES} bytes, not ${publicKey.length}`);
  const version = ISSUER_VERSION;
  return PREFIX + base32(concat(publicKey, checksum(publicKey, version), Uint8Array.of(version)));
}

function wrong(problem: string): GlobalNetError {
  return new GlobalNetError('malformed', `not an issuer's key: ${problem}`);
}

/**
 * The public key in what somebody pasted: capitals and surrounding blanks are forgiven. Whether it is a point of the curve shows when a
 * certificate of it is verified. @throws GlobalNetError `malformed` that says what is wrong with it.
 */
export function parseIssuer(text: string): Uint8Array {
  const plain = text.trim().toLowerCase();
  if (plain.endsWith('.gnet')) throw wrong('this is the address of a service, and not the key of whoever signs statements about it');
  if (!plain.startsWith(PREFIX)) throw wrong(`it does not begin with '${PREFIX}'`);
  const letters = plain.slice(PREFIX.length);
  if (letters.length !== TEXT_LENGTH) throw wrong(`${TEXT_LENGTH} letters and digits stand behind '${PREFIX}', not ${letters.length}`);
  const bytes = fromBase32(letters, wrong);
  const publicKey = bytes.slice(0, KEY_BYTES);
  const version = bytes[ISSUER_BYTES - 1] as number;
  if (!equal(bytes.subarray(KEY_BYTES, ISSUER_BYTES - 1), checksum(publicKey, version)))
    throw wrong('its checksum does not match; a letter is wrong or missing');
  if (version !== ISSUER_VERSION) throw wrong(`it is of version ${version}, this peer knows version ${ISSUER_VERSION}; an update may help`);
  return publicKey;
}
