import type { BlindedSigner } from '../crypto/blind.ts';
import { deriveKeys32 } from '../crypto/derive.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { concat } from '../bytes/bytes.ts';
import type { Env } from '../env.ts';
import type { CryptoPort } from '../ports.ts';
import { SERVICE_AUTHORISATION_BYTES, SERVICE_RECORD_CONTENT_BYTES, SERVICE_RECORD_SALT_BYTES, TAG_BYTES } from '../wire/geometry.ts';
import { LABEL } from '../wire/registry.ts';
import {
  decodeSealedRecord,
  decodeServiceRecord,
  encodeRecordPlace,
  encodeSealedRecord,
  encodeServiceRecord,
  serviceRecordMessage,
  type ServiceRecord,
  type ServiceRecordPlace,
} from '../wire/service-record.ts';

/** Who knows the address can derive this key, and nobody else: storing peers see the blinded key only. */
function recordKey(publicKey: Uint8Array, place: ServiceRecordPlace, salt: Uint8Array): Uint8Array {
  return deriveKeys32(LABEL.serviceRecordKey, publicKey, [encodeRecordPlace(place), salt], 1)[0] as Uint8Array;
}

/** SERVICE_RECORD_BYTES. `signer` is the dated key of `publicKey` in the place's period. */
export function sealServiceRecord(
  env: Pick<Env, 'crypto' | 'random'>,
  publicKey: Uint8Array,
  signer: BlindedSigner,
  place: ServiceRecordPlace,
  record: ServiceRecord,
): Uint8Array {
  const content = encodeServiceRecord(record, env.random(SERVICE_AUTHORISATION_BYTES));
  const plain = concat(content, signer.sign(serviceRecordMessage(place, content)));
  const salt = env.random(SERVICE_RECORD_SALT_BYTES);
  const sealed = new Uint8Array(SERVICE_RECORD_CONTENT_BYTES);
  const tag = new Uint8Array(TAG_BYTES);
  env.crypto.aead.seal(recordKey(publicKey, place, salt), 0, plain, signer.publicKey, sealed, tag);
  return encodeSealedRecord({ salt, sealed, tag });
}

/** @throws DecodeError; GlobalNetError `unverified` when seal or signature do not match. */
export function openServiceRecord(
  crypto: CryptoPort,
  publicKey: Uint8Array,
  blindedKey: Uint8Array,
  place: ServiceRecordPlace,
  payload: Uint8Array,
): ServiceRecord {
  const { salt, sealed, tag } = decodeSealedRecord(payload);
  const plain = new Uint8Array(SERVICE_RECORD_CONTENT_BYTES);
  if (!crypto.aead.open(recordKey(publicKey, place, salt), 0, sealed, blindedKey, plain, tag)) {
    throw new GlobalNetError('unverified', 'a service record is not sealed as its address says');
  }
  const { record, content, signature } = decodeServiceRecord(plain);
  if (!crypto.ed25519Verify(blindedKey, serviceRecordMessage(place, content), signature)) {
    throw new GlobalNetError('unverified', 'a service record is not signed by its address');
  }
  return record;
}
