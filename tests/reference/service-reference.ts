import { createDecipheriv, createHash, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';

/** Records, hellos and answers opened as docs/spec/09-services.md says, by OpenSSL's primitives; an oracle that shares no code with core. */

function u64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out;
}

const u32 = (value: number): Buffer => u64(value).subarray(4);
const label = (name: string): Buffer => Buffer.concat([Buffer.of(name.length), Buffer.from(name)]);

const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

function kdf(name: string, secret: Uint8Array, context: Uint8Array[], count: number): Buffer[] {
  const stretch = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), Buffer.concat([label(name), ...context]), 32 * count));
  return Array.from({ length: count }, (_, i) => stretch.subarray(32 * i, 32 * i + 32));
}

/** @throws when the tag does not match. */
export function open(key: Uint8Array, counter: number, sealed: Uint8Array, aad: Uint8Array): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(BigInt(counter), 4);
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  decipher.setAAD(aad, { plaintextLength: sealed.length - 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function x25519(secret: Uint8Array, publicKey: Uint8Array): Buffer {
  const privateKey = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]),
    format: 'der',
    type: 'pkcs8',
  });
  const der = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), publicKey]);
  return diffieHellman({ privateKey, publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }) });
}

export function openRecord(
  publicKey: Uint8Array,
  datedKey: Uint8Array,
  place: { period: number; serial: number; slot: number },
  payload: Uint8Array,
) {
  const at = Buffer.concat([u64(place.period), u64(place.serial), u32(place.slot)]);
  const [key] = kdf('gnet/1 service record key', publicKey, [at, payload.subarray(0, 16)], 1) as [Buffer];
  const content = open(key, 0, payload.subarray(16), datedKey);
  const signed = Buffer.concat([label('gnet/1 service record'), at, content.subarray(0, -64)]);
  const header = { version: content[0], flags: content[1], hostPart: content.subarray(16, 32) };
  const [body, bodyTag] = [content.subarray(32, 1848), content.subarray(1848, 1864)];
  const entries = Array.from({ length: 32 }, (_, i) => content.subarray(1864 + 32 * i, 1896 + 32 * i));
  return { ...header, at, salt: payload.subarray(0, 16), body, bodyTag, entries, signed, signature: content.subarray(-64) };
}

/** The body of a record that is for everybody, or what `openInvitedBody` has opened. */
export function readBody(body: Buffer) {
  const points = Array.from({ length: body[0] as number }, (_, i) => body.subarray(16 + 8 + 32 + 1184 + 96 * i).subarray(0, 96));
  return {
    effort: body.readUInt32BE(4),
    freshUntil: Number(body.readBigUInt64BE(8)),
    keyId: body.subarray(16, 24),
    x25519: body.subarray(24, 56),
    kem: body.subarray(56, 1240),
    points: points.map((point) => ({ peer: point.subarray(0, 32), hash: point.subarray(32, 64), tag: point.subarray(64) })),
  };
}

/** By the secret of an invitation; undefined when none of the entries is for it. */
export function openInvitedBody(
  secret: Uint8Array,
  publicKey: Uint8Array,
  datedKey: Uint8Array,
  { at, salt, body, bodyTag, entries }: ReturnType<typeof openRecord>,
): Buffer | undefined {
  const [mask] = kdf('gnet/1 invitation entry', secret, [publicKey, at, salt], 1) as [Buffer];
  for (const entry of entries) {
    try {
      return open(
        entry.map((byte, i) => byte ^ (mask[i] as number)),
        0,
        Buffer.concat([body, bodyTag]),
        datedKey,
      );
    } catch {
      // another's entry, or nobody's
    }
  }
  return undefined;
}

/** The proof in a hello, by its chain. */
export function proofOf(secret: Uint8Array, chain: Uint8Array, session: Uint8Array, holder: Uint8Array): Buffer {
  return kdf('gnet/1 invitation proof', secret, [chain, session, holder], 1)[0] as Buffer;
}

export interface ReferenceHello {
  service: Uint8Array;
  point: Uint8Array;
  slot: number;
  x25519Secret: Uint8Array;
  x25519: Uint8Array;
  kem: Uint8Array;
  kemSecret: Uint8Array;
}

/** What the service reads in a hello, and the chain that its answer goes on from. */
export function openHello(made: ReferenceHello, hello: Uint8Array) {
  const [keyIdAndE, c, k] = [hello.subarray(0, 40), hello.subarray(40, 1128), hello.subarray(1128, 2312)];
  const secret = Buffer.concat([x25519(made.x25519Secret, keyIdAndE.subarray(8)), ml_kem768.decapsulate(c, made.kemSecret)]);
  const header = Buffer.concat([keyIdAndE, c, k]);
  const context = [made.service, made.point, u64(made.slot), sha256(made.x25519, made.kem, header)];
  const [key, chain] = kdf('gnet/1 hello', secret, context, 2) as [Buffer, Buffer];
  const plain = open(key, 0, hello.subarray(2312), header);
  const [holder, proof] = [plain.subarray(32, 48), plain.subarray(48, 80)];
  return {
    session: plain.subarray(0, 16),
    flags: plain[16] as number,
    number: plain.readUInt32BE(20),
    holder,
    proof,
    messages: plain.subarray(80),
    chain,
  };
}

/** The keys of both directions, by the visitor's secrets. */
export function answerKeys(chain: Uint8Array, hello: Uint8Array, payload: Uint8Array, secrets: { x25519: Uint8Array; kem: Uint8Array }) {
  const [e, c] = [payload.subarray(0, 32), payload.subarray(32, 1120)];
  const fresh = Buffer.concat([x25519(secrets.x25519, e), ml_kem768.decapsulate(c, secrets.kem)]);
  const context = [sha256(hello, e, c)];
  const [toVisitor, toService] = kdf('gnet/1 hello answer', Buffer.concat([chain, fresh]), context, 2) as [Buffer, Buffer];
  return { toVisitor, toService };
}
