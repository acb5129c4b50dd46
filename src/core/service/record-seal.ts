import type { BlindedSigner } from '../crypto/blind.ts';
import { deriveKeys32 } from '../crypto/derive.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { concat, xor } from '../bytes/bytes.ts';
import { type Env, sample } from '../env.ts';
import type { CryptoPort } from '../ports.ts';
import {
  INVITATION_ENTRY_BYTES,
  INVITATIONS_MAX,
  KEY_BYTES,
  SERVICE_BODY_BYTES,
  SERVICE_RECORD_CONTENT_BYTES,
  SERVICE_RECORD_SALT_BYTES,
  SERVICE_RECORD_SPARE_BYTES,
  TAG_BYTES,
} from '../wire/geometry.ts';
import { LABEL } from '../wire/registry.ts';
import {
  decodeRecordContent,
  decodeSealedRecord,
  decodeServiceBody,
  encodeRecordContent,
  encodeRecordPlace,
  encodeSealedRecord,
  encodeServiceBody,
  serviceRecordMessage,
  type RecordContent,
  type ServiceRecord,
  type ServiceRecordPlace,
} from '../wire/service-record.ts';

/** Who knows the address can derive this key, and nobody else: storing peers see the blinded key only. */
function recordKey(publicKey: Uint8Array, place: ServiceRecordPlace, salt: Uint8Array): Uint8Array {
  return deriveKeys32(LABEL.serviceRecordKey, publicKey, [encodeRecordPlace(place), salt], 1)[0] as Uint8Array;
}

/** What stands between the body's key and an invitation's entry, another one in each record. */
function entryMask(secret: Uint8Array, publicKey: Uint8Array, place: ServiceRecordPlace, salt: Uint8Array): Uint8Array {
  return deriveKeys32(LABEL.invitationEntry, secret, [publicKey, encodeRecordPlace(place), salt], 1)[0] as Uint8Array;
}

export interface RecordToSeal {
  readonly record: ServiceRecord;
  /** HOST_PART_BYTES. */
  readonly hostPart: Uint8Array;
  /** Secrets of those who may read the body, at most INVITATIONS_MAX; undefined: all who know the address. */
  readonly invited?: readonly Uint8Array[] | undefined;
}

type SealEnv = Pick<Env, 'crypto' | 'random'>;

/** SERVICE_RECORD_BYTES. `signer` is the dated key of `publicKey` in the place's period. */
export function sealServiceRecord(
  env: SealEnv,
  publicKey: Uint8Array,
  signer: BlindedSigner,
  place: ServiceRecordPlace,
  { record, hostPart, invited }: RecordToSeal,
): Uint8Array {
  const salt = env.random(SERVICE_RECORD_SALT_BYTES);
  const masks = invited?.map((secret) => entryMask(secret, publicKey, place, salt));
  const body = encodeServiceBody(record);
  const sealedBody = masks === undefined ? openBody(env, body) : sealBody(env, body, masks, signer.publicKey);
  const content = encodeRecordContent({ ...sealedBody, hostPart }, env.random(SERVICE_RECORD_SPARE_BYTES));
  const plain = concat(content, signer.sign(serviceRecordMessage(place, content)));
  const sealed = new Uint8Array(SERVICE_RECORD_CONTENT_BYTES);
  const tag = new Uint8Array(TAG_BYTES);
  env.crypto.aead.seal(recordKey(publicKey, place, salt), 0, plain, signer.publicKey, sealed, tag);
  return encodeSealedRecord({ salt, sealed, tag });
}

type Body = Omit<RecordContent, 'hostPart'>;

function randomEntries(env: SealEnv, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => env.random(INVITATION_ENTRY_BYTES));
}

function openBody(env: SealEnv, body: Uint8Array): Body {
  return { invited: false, body, bodyTag: env.random(TAG_BYTES), entries: randomEntries(env, INVITATIONS_MAX) };
}

/** The entries stand in a random order: by its own one an invited visitor must not learn how many were invited before. */
function sealBody(env: SealEnv, plain: Uint8Array, masks: readonly Uint8Array[], datedKey: Uint8Array): Body {
  if (masks.length > INVITATIONS_MAX) throw new RangeError(`${masks.length} invitations, ${INVITATIONS_MAX} fit`);
  const key = env.random(KEY_BYTES);
  const entries = sample(
    env,
    [...masks.map((mask) => xor(mask, key)), ...randomEntries(env, INVITATIONS_MAX - masks.length)],
    INVITATIONS_MAX,
  );
  const body = new Uint8Array(SERVICE_BODY_BYTES);
  const bodyTag = new Uint8Array(TAG_BYTES);
  env.crypto.aead.seal(key, 0, plain, datedKey, body, bodyTag);
  return { invited: true, body, bodyTag, entries };
}

/** A record whose signature holds. */
export interface OpenedRecord {
  /** HOST_PART_BYTES: which of the address's hosts it is from. */
  readonly hostPart: Uint8Array;
  /** It is for invited visitors alone. */
  readonly invited: boolean;
  /** Undefined when it is for others who are invited, or were. */
  readonly record: ServiceRecord | undefined;
}

/**
 * @param secret of an invitation to this address.
 * @throws DecodeError; GlobalNetError `unverified` when seal or signature do not match.
 */
export function openServiceRecord(
  crypto: CryptoPort,
  publicKey: Uint8Array,
  blindedKey: Uint8Array,
  place: ServiceRecordPlace,
  payload: Uint8Array,
  secret?: Uint8Array,
): OpenedRecord {
  const { salt, sealed, tag } = decodeSealedRecord(payload);
  const plain = new Uint8Array(SERVICE_RECORD_CONTENT_BYTES);
  if (!crypto.aead.open(recordKey(publicKey, place, salt), 0, sealed, blindedKey, plain, tag)) {
    throw new GlobalNetError('unverified', 'a service record is not sealed as its address says');
  }
  const content = decodeRecordContent(plain);
  if (!crypto.ed25519Verify(blindedKey, serviceRecordMessage(place, content.signed), content.signature)) {
    throw new GlobalNetError('unverified', 'a service record is not signed by its address');
  }
  const { invited, hostPart } = content;
  const mask = invited && secret !== undefined ? entryMask(secret, publicKey, place, salt) : undefined;
  const body = invited ? mask && unsealBody(crypto, content, mask, blindedKey) : content.body;
  return { hostPart, invited, record: body && decodeServiceBody(body) };
}

/** Undefined when no entry is of this invitation. */
function unsealBody(crypto: CryptoPort, content: RecordContent, mask: Uint8Array, datedKey: Uint8Array): Uint8Array | undefined {
  const plain = new Uint8Array(SERVICE_BODY_BYTES);
  const opens = (entry: Uint8Array): boolean => crypto.aead.open(xor(entry, mask), 0, content.body, datedKey, plain, content.bodyTag);
  return content.entries.some(opens) ? plain : undefined;
}
