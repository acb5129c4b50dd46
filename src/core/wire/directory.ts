import type { PeerId } from '../bytes/brand.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { labelled } from '../crypto/derive.ts';
import { type Identity, peerIdBytes, peerIdOf } from '../crypto/identity.ts';
import type { CryptoPort } from '../ports.ts';
import type { FraudProof } from './descriptor.ts';
import {
  DESCRIPTOR_MAX_BYTES,
  DIRECTORY_IDS_MAX,
  DIRECTORY_PER_POINT_MAX,
  DIRECTORY_POINTS_MAX,
  DIRECTORY_PROOFS_MAX,
  HASH_BYTES,
  PEER_ID_BYTES,
  SIGNATURE_BYTES,
} from './geometry.ts';
import { DIRECTORY, END, type EndReason, LABEL } from './registry.ts';

/**
 * Requests and answers of a directory stream: one request, one answer, first byte DIRECTORY.
 *
 *   publish  descriptor 2 + n
 *   forget   id 32, epoch 4, signature 64   over labelled('gnet/1 directory forget', id ‖ epoch): drop its descriptors up to that epoch
 *   relays   roles 2, per point 1, count 1, then each: form 1, point 32
 *   byId     form 1, count 1, ids 32 each
 *   fraud    two descriptors, 2 + n each, the lower first
 *   answer   count 2, descriptors 2 + n each; count 2, each id 32 ‖ epoch 4 ‖ hash 32; count 1, proofs as in fraud
 *   error    reason 1 (END)
 *
 * Form 0 asks for the descriptors, 1 for their hashes only: to vouch, a hash does, and costs a fortieth.
 */
export interface VouchedHash {
  readonly id: PeerId;
  readonly epoch: number;
  readonly hash: Uint8Array;
}

export interface AskedPoint {
  readonly hashOnly: boolean;
  readonly point: Uint8Array;
}

export type DirectoryRequest =
  | { readonly type: 'publish'; readonly descriptor: Uint8Array }
  | { readonly type: 'forget'; readonly id: PeerId; readonly epoch: number; readonly signature: Uint8Array }
  /** The `perPoint` nearest to each point that have all of `roles`. */
  | { readonly type: 'relays'; readonly roles: number; readonly perPoint: number; readonly points: readonly AskedPoint[] }
  | { readonly type: 'byId'; readonly hashOnly: boolean; readonly ids: readonly PeerId[] }
  | { readonly type: 'fraud'; readonly proof: FraudProof };

export interface DirectoryAnswer {
  readonly type: 'answer';
  readonly descriptors: readonly Uint8Array[];
  readonly hashes: readonly VouchedHash[];
  readonly proofs: readonly FraudProof[];
}

export interface DirectoryError {
  readonly type: 'error';
  readonly reason: EndReason;
}

const DESCRIPTORS_MAX = DIRECTORY_POINTS_MAX * DIRECTORY_PER_POINT_MAX;
/** The longest answer that an asker reads. */
export const DIRECTORY_ANSWER_MAX_BYTES =
  6 + (DESCRIPTORS_MAX + 2 * DIRECTORY_PROOFS_MAX) * (2 + DESCRIPTOR_MAX_BYTES) + DESCRIPTORS_MAX * (PEER_ID_BYTES + 4 + HASH_BYTES);

function forgetBytes(id: PeerId, epoch: number): Uint8Array {
  return labelled(LABEL.directoryForget, new Writer(36).raw(peerIdBytes(id)).u32(epoch).done());
}

export function signForget(crypto: CryptoPort, identity: Identity, epoch: number): DirectoryRequest & { type: 'forget' } {
  const id = peerIdOf(identity.publicKey);
  return { type: 'forget', id, epoch, signature: crypto.ed25519Sign(identity.seed, forgetBytes(id, epoch)) };
}

export function isForgetSigned(crypto: CryptoPort, request: DirectoryRequest & { type: 'forget' }): boolean {
  return crypto.ed25519Verify(peerIdBytes(request.id), forgetBytes(request.id, request.epoch), request.signature);
}

/** Whether these bytes ask to forget this peer; whether it has signed them is another question. */
export function isForgetOf(id: PeerId, bytes: Uint8Array): boolean {
  try {
    const request = decodeDirectoryRequest(bytes);
    return request.type === 'forget' && request.id === id;
  } catch {
    return false;
  }
}

function writeProof(writer: Writer, proof: FraudProof): Writer {
  return writer.bytes16(proof.first).bytes16(proof.second);
}

function readProof(reader: Reader): FraudProof {
  return { first: reader.bytes16(DESCRIPTOR_MAX_BYTES, 'first'), second: reader.bytes16(DESCRIPTOR_MAX_BYTES, 'second') };
}

export function encodeDirectoryRequest(request: DirectoryRequest): Uint8Array {
  const writer = new Writer(512).u8(DIRECTORY[request.type]);
  switch (request.type) {
    case 'publish':
      return writer.bytes16(request.descriptor).done();
    case 'forget':
      return writer.raw(peerIdBytes(request.id)).u32(request.epoch).raw(request.signature).done();
    case 'relays':
      writer.u16(request.roles).u8(request.perPoint).u8(request.points.length);
      for (const { hashOnly, point } of request.points) writer.u8(hashOnly ? 1 : 0).raw(point);
      return writer.done();
    case 'byId':
      writer.u8(request.hashOnly ? 1 : 0).u8(request.ids.length);
      for (const id of request.ids) writer.raw(peerIdBytes(id));
      return writer.done();
    case 'fraud':
      return writeProof(writer, request.proof).done();
  }
}

function readCount(reader: Reader, max: number, field: string): number {
  const count = reader.u8(field);
  return count <= max ? count : reader.fail(`${field} is ${count}, at most ${max}`);
}

function readForm(reader: Reader): boolean {
  const form = reader.u8('form');
  return form <= 1 ? form === 1 : reader.fail(`form ${form} is neither 0 nor 1`);
}

function readRelays(reader: Reader): DirectoryRequest {
  const roles = reader.u16('roles');
  const perPoint = readCount(reader, DIRECTORY_PER_POINT_MAX, 'per point');
  const count = readCount(reader, DIRECTORY_POINTS_MAX, 'point count');
  const points = Array.from({ length: count }, () => ({ hashOnly: readForm(reader), point: reader.raw(HASH_BYTES, 'point') }));
  return { type: 'relays', roles, perPoint, points };
}

function readById(reader: Reader): DirectoryRequest {
  const hashOnly = readForm(reader);
  const count = readCount(reader, DIRECTORY_IDS_MAX, 'id count');
  return { type: 'byId', hashOnly, ids: Array.from({ length: count }, () => peerIdOf(reader.raw(PEER_ID_BYTES, 'id'))) };
}

function readRequest(reader: Reader): DirectoryRequest {
  const type = reader.u8('type');
  switch (type) {
    case DIRECTORY.publish:
      return { type: 'publish', descriptor: reader.bytes16(DESCRIPTOR_MAX_BYTES, 'descriptor') };
    case DIRECTORY.forget:
      return {
        type: 'forget',
        id: peerIdOf(reader.raw(PEER_ID_BYTES, 'id')),
        epoch: reader.u32('epoch'),
        signature: reader.raw(SIGNATURE_BYTES, 'signature'),
      };
    case DIRECTORY.relays:
      return readRelays(reader);
    case DIRECTORY.byId:
      return readById(reader);
    case DIRECTORY.fraud:
      return { type: 'fraud', proof: readProof(reader) };
    default:
      return reader.fail(`no request has the type ${type}`);
  }
}

/** @throws DecodeError */
export function decodeDirectoryRequest(bytes: Uint8Array): DirectoryRequest {
  const reader = new Reader(bytes, 'directory request');
  const request = readRequest(reader);
  reader.end();
  return request;
}

export function encodeDirectoryAnswer(answer: DirectoryAnswer | DirectoryError): Uint8Array {
  if (answer.type === 'error') return Uint8Array.of(DIRECTORY.error, answer.reason);
  const writer = new Writer(4096).u8(DIRECTORY.answer).u16(answer.descriptors.length);
  for (const descriptor of answer.descriptors) writer.bytes16(descriptor);
  writer.u16(answer.hashes.length);
  for (const { id, epoch, hash } of answer.hashes) writer.raw(peerIdBytes(id)).u32(epoch).raw(hash);
  writer.u8(answer.proofs.length);
  for (const proof of answer.proofs) writeProof(writer, proof);
  return writer.done();
}

function readDescriptors(reader: Reader): Uint8Array[] {
  const count = reader.u16('descriptor count');
  if (count > DESCRIPTORS_MAX) reader.fail(`${count} descriptors, at most ${DESCRIPTORS_MAX}`);
  return Array.from({ length: count }, () => reader.bytes16(DESCRIPTOR_MAX_BYTES, 'descriptor'));
}

function readHashes(reader: Reader): VouchedHash[] {
  const count = reader.u16('hash count');
  if (count > DESCRIPTORS_MAX) reader.fail(`${count} hashes, at most ${DESCRIPTORS_MAX}`);
  return Array.from({ length: count }, () => ({
    id: peerIdOf(reader.raw(PEER_ID_BYTES, 'id')),
    epoch: reader.u32('epoch'),
    hash: reader.raw(HASH_BYTES, 'hash'),
  }));
}

/** @throws DecodeError */
export function decodeDirectoryAnswer(bytes: Uint8Array): DirectoryAnswer | DirectoryError {
  const reader = new Reader(bytes, 'directory answer');
  const type = reader.u8('type');
  if (type === DIRECTORY.error) {
    const reason = reader.u8('reason');
    reader.end();
    if (reason > END.full) reader.fail(`no reason has the number ${reason}`);
    return { type: 'error', reason: reason as EndReason };
  }
  if (type !== DIRECTORY.answer) reader.fail(`no answer has the type ${type}`);
  const descriptors = readDescriptors(reader);
  const hashes = readHashes(reader);
  const proofCount = readCount(reader, DIRECTORY_PROOFS_MAX, 'proof count');
  const proofs = Array.from({ length: proofCount }, () => readProof(reader));
  reader.end();
  return { type: 'answer', descriptors, hashes, proofs };
}
