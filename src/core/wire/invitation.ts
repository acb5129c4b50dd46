import { sha256 } from '@noble/hashes/sha2.js';
import { base32, fromBase32 } from '../bytes/base32.ts';
import type { Address } from '../bytes/brand.ts';
import { concat, equal } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { labelled } from '../crypto/derive.ts';
import { decodeAddress, encodeAddress } from './address.ts';
import { ADDRESS_CHECKSUM_BYTES, INVITATION_BYTES, INVITATION_SECRET_BYTES } from './geometry.ts';
import { INVITATION_VERSION, LABEL } from './registry.ts';

/**
 * An invitation, as it is given away: an address, '#', and base32 of these; or a link to the app with both behind `#/invitation/`.
 *
 *   secret    32
 *   checksum   2   first bytes of SHA-256(label ‖ public key of the address ‖ secret ‖ version)
 *   version    1   INVITATION_VERSION
 */
export interface Invitation {
  readonly address: Address;
  /** INVITATION_SECRET_BYTES. */
  readonly secret: Uint8Array;
}

/** In the fragment of the app's URL, which no browser sends to a host. */
const IN_LINK = '#/invitation/';
const LINK = /^(?:https?:[^#]*)?#\/invitation\//i;
/** No place in a site: that has a '/' before any '#'. */
const TEXT = /^[^/:?#@]+\.gnet#/i;
const TEXT_LENGTH = Math.ceil((INVITATION_BYTES * 8) / 5);

function checksum(publicKey: Uint8Array, secret: Uint8Array, version: number): Uint8Array {
  return sha256(labelled(LABEL.invitation, publicKey, secret, Uint8Array.of(version))).subarray(0, ADDRESS_CHECKSUM_BYTES);
}

export function formatInvitation({ address, secret }: Invitation): string {
  if (secret.length !== INVITATION_SECRET_BYTES)
    throw new RangeError(`an invitation's secret has ${INVITATION_SECRET_BYTES} bytes, not ${secret.length}`);
  const version = INVITATION_VERSION;
  return `${address}#${base32(concat(secret, checksum(decodeAddress(address), secret, version), Uint8Array.of(version)))}`;
}

/** @param appUrl where the app is served, as 'https://host/'. @throws RangeError as `formatInvitation`. */
export function formatInvitationLink(appUrl: string, invitation: Invitation): string {
  return `${appUrl.split('#')[0]}${IN_LINK}${formatInvitation(invitation).replace('#', '/')}`;
}

/** Whether somebody meant it as one: to be kept out of histories before it is known whether it is right. */
export function isMeantAsInvitation(text: string): boolean {
  return LINK.test(text.trim()) || TEXT.test(text.trim());
}

function wrong(problem: string): GlobalNetError {
  return new GlobalNetError('malformed', `not an invitation: ${problem}`);
}

/** What somebody pasted, a link too: capitals and surrounding blanks are forgiven. @throws GlobalNetError `malformed` that says what is wrong with it. */
export function parseInvitation(text: string): Invitation {
  const [front = '', ...behind] = textOfLink(text.trim()).split('#');
  const letters = behind.join('#').toLowerCase();
  if (behind.length === 0) throw wrong('no secret stands behind the address');
  const publicKey = decodeAddress(front.replace(/\/$/, ''));
  if (letters.length !== TEXT_LENGTH) throw wrong(`${TEXT_LENGTH} letters and digits stand behind the address, not ${letters.length}`);
  const bytes = fromBase32(letters, wrong);
  const secret = bytes.slice(0, INVITATION_SECRET_BYTES);
  const version = bytes[INVITATION_BYTES - 1] as number;
  if (!equal(bytes.subarray(INVITATION_SECRET_BYTES, INVITATION_BYTES - 1), checksum(publicKey, secret, version)))
    throw wrong('its checksum does not match: a letter is wrong, or it is of another address');
  if (version !== INVITATION_VERSION)
    throw wrong(`it is of version ${version}, this peer knows version ${INVITATION_VERSION}; an update may help`);
  return { address: encodeAddress(publicKey), secret };
}

/** What is no link stays as it is. */
function textOfLink(text: string): string {
  return LINK.test(text) ? text.replace(LINK, '').replace('/', '#') : text;
}
