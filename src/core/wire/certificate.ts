import { sha256 } from '@noble/hashes/sha2.js';
import { base32, fromBase32 } from '../bytes/base32.ts';
import type { Brand } from '../bytes/brand.ts';
import { concat, equal, utf8 } from '../bytes/bytes.ts';
import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { isIdentityKey } from '../crypto/ed25519-group.ts';
import { labelled } from '../crypto/derive.ts';
import type { Identity } from '../crypto/identity.ts';
import type { CryptoPort } from '../ports.ts';
import { HIDDEN } from './characters.ts';
import {
  ADDRESS_CHECKSUM_BYTES,
  CERTIFICATE_FIXED_BYTES,
  CERTIFICATE_MAX_BYTES,
  CERTIFICATE_TEXT_MAX_BYTES,
  CERTIFICATES_MAX,
  CERTIFICATES_MAX_BYTES,
  KEY_BYTES,
  SIGNATURE_BYTES,
} from './geometry.ts';
import { MismatchError } from './mismatch.ts';
import { CERTIFICATE_TIME_MAX_S, CERTIFICATE_VERSION, LABEL } from './registry.ts';

/**
 * A certificate: what an issuer says about a service.
 *
 *   version      1   CERTIFICATE_VERSION
 *   service     32   the public key in its address
 *   issuer      32   Ed25519
 *   from         8   seconds since 1970
 *   until        8   the last second in which it holds
 *   text      2 + n  UTF-8, 1 to CERTIFICATE_TEXT_MAX_BYTES; see `textFault`
 *   signature   64   the issuer's, over labelled('gnet/1 certificate', all bytes before it)
 */
export interface Certificate {
  readonly service: Uint8Array;
  readonly issuer: Uint8Array;
  readonly fromS: number;
  readonly untilS: number;
  readonly text: string;
}

export type VerifiedCertificate = Brand<Certificate & { readonly bytes: Uint8Array }, 'VerifiedCertificate'>;

/** Of private use: each font draws another thing, and an issuer's word must read alike everywhere. */
const PRIVATE = /\p{Co}/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Why a text cannot be what an issuer says; undefined where it can. */
export function textFault(text: string): string | undefined {
  if (!VISIBLE.test(text)) return 'it says nothing';
  if (text.search(HIDDEN) >= 0 || PRIVATE.test(text))
    return 'it holds a line end, a control, or a character that hides or turns round what stands beside it';
  const lengthBytes = utf8(text).length;
  return lengthBytes > CERTIFICATE_TEXT_MAX_BYTES
    ? `it has ${lengthBytes} bytes as UTF-8, at most ${CERTIFICATE_TEXT_MAX_BYTES} are allowed`
    : undefined;
}

/** @throws RangeError for what `verifyCertificate` would refuse. */
export function signCertificate(
  crypto: Pick<CryptoPort, 'ed25519Sign'>,
  issuer: Identity,
  { service, fromS, untilS, text }: Omit<Certificate, 'issuer'>,
): VerifiedCertificate {
  if (service.length !== KEY_BYTES) throw new RangeError(`certificate: a service's key has ${KEY_BYTES} bytes, not ${service.length}`);
  const fault = timesFault(fromS, untilS) ?? textFault(text);
  if (fault !== undefined) throw new RangeError(`certificate: ${fault}`);
  const writer = new Writer(CERTIFICATE_MAX_BYTES).u8(CERTIFICATE_VERSION).raw(service).raw(issuer.publicKey);
  writer.u64(fromS).u64(untilS).text16(text);
  const signature = crypto.ed25519Sign(issuer.seed, labelled(LABEL.certificate, writer.done()));
  const bytes = writer.raw(signature).done();
  return { service, issuer: issuer.publicKey, fromS, untilS, text, bytes } as VerifiedCertificate;
}

function timesFault(fromS: number, untilS: number): string | undefined {
  if (!Number.isSafeInteger(fromS) || fromS < 0 || !Number.isSafeInteger(untilS)) return 'times are whole seconds since 1970';
  return fromS < untilS && untilS <= CERTIFICATE_TIME_MAX_S ? undefined : `it would hold from ${fromS} until ${untilS}`;
}

/** Whether it holds now, and whose word it is, is the reader's to judge. @throws DecodeError | MismatchError (`signature`). */
export function verifyCertificate(crypto: Pick<CryptoPort, 'ed25519Verify'>, bytes: Uint8Array): VerifiedCertificate {
  const reader = new Reader(bytes, 'certificate');
  const version = reader.u8('version');
  if (version !== CERTIFICATE_VERSION)
    throw new DecodeError('certificate', 0, `version ${version}, this peer knows version ${CERTIFICATE_VERSION}; an update may help`);
  const service = reader.raw(KEY_BYTES, 'service');
  const issuer = reader.raw(KEY_BYTES, 'issuer');
  const fromS = reader.u64('from');
  const untilS = reader.u64('until');
  const text = reader.text16(CERTIFICATE_TEXT_MAX_BYTES, 'text');
  const signature = reader.raw(SIGNATURE_BYTES, 'signature');
  reader.end();
  const fault = timesFault(fromS, untilS) ?? textFault(text);
  if (fault !== undefined) throw new DecodeError('certificate', 1 + 2 * KEY_BYTES, fault);
  const signed = labelled(LABEL.certificate, bytes.subarray(0, bytes.length - SIGNATURE_BYTES));
  // As for addresses: else one secret would have eight keys.
  if (!isIdentityKey(issuer) || !crypto.ed25519Verify(issuer, signed, signature))
    throw new MismatchError(
      { part: 'signature', wanted: base32(issuer), got: 'another signature' },
      'the signature of this certificate does not match',
    );
  return { service, issuer, fromS, untilS, text, bytes } as VerifiedCertificate;
}

// ---------------------------------------------------------------- as text

/**
 * As a line of text: `certificate-`, and base32 of these.
 *
 *   certificate  n
 *   checksum     2   first bytes of SHA-256(label ‖ certificate)
 */
const PREFIX = 'certificate-';

function checksum(bytes: Uint8Array): Uint8Array {
  return sha256(labelled(LABEL.certificateText, bytes)).subarray(0, ADDRESS_CHECKSUM_BYTES);
}

export function formatCertificate({ bytes }: Pick<VerifiedCertificate, 'bytes'>): string {
  return PREFIX + base32(concat(bytes, checksum(bytes)));
}

function wrong(problem: string): GlobalNetError {
  return new GlobalNetError('malformed', `not a certificate: ${problem}`);
}

/**
 * The bytes of a certificate that somebody pasted, still to be verified: capitals and surrounding blanks are forgiven.
 * @throws GlobalNetError `malformed` that says what is wrong with it.
 */
export function parseCertificate(text: string): Uint8Array {
  const plain = text.trim().toLowerCase();
  if (!plain.startsWith(PREFIX)) throw wrong(`it does not begin with '${PREFIX}'`);
  const letters = plain.slice(PREFIX.length);
  const least = CERTIFICATE_FIXED_BYTES + ADDRESS_CHECKSUM_BYTES;
  const most = CERTIFICATES_MAX_BYTES + ADDRESS_CHECKSUM_BYTES; // one of a later version may be longer
  if (letters.length * 5 < least * 8 || letters.length * 5 > (most + 1) * 8) throw wrong(`it has ${letters.length} letters and digits`);
  const bytes = fromBase32(letters, wrong);
  const certificate = bytes.slice(0, -ADDRESS_CHECKSUM_BYTES);
  if (!equal(bytes.subarray(certificate.length), checksum(certificate)))
    throw wrong('its checksum does not match; a letter is wrong or missing');
  return certificate;
}

// ---------------------------------------------------------------- a service's list

/**
 * A service's answer in a stream of kind `certificates`, CERTIFICATES_MAX_BYTES at most:
 *
 *   up to CERTIFICATES_MAX times: length 2, certificate
 */
export function encodeCertificates(certificates: readonly Uint8Array[]): Uint8Array {
  if (certificates.length > CERTIFICATES_MAX)
    throw new RangeError(`${certificates.length} certificates, a service carries at most ${CERTIFICATES_MAX}`);
  const writer = new Writer(CERTIFICATES_MAX_BYTES);
  for (const bytes of certificates) writer.bytes16(bytes);
  return writer.done();
}

/** None of them is verified. @throws DecodeError. */
export function decodeCertificates(answer: Uint8Array): Uint8Array[] {
  const reader = new Reader(answer, 'certificates');
  const certificates: Uint8Array[] = [];
  while (reader.left > 0) {
    if (certificates.length === CERTIFICATES_MAX) reader.fail(`more than ${CERTIFICATES_MAX} of them`);
    certificates.push(reader.bytes16(CERTIFICATES_MAX_BYTES, 'certificate'));
  }
  return certificates;
}
