/**
 * Circuits as docs/spec/05-circuits.md writes them, line by line: concatenation and slices, @noble alone, nothing shared with
 * src/core, and no care for speed. What the fast implementation is held to.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';

export type Bytes = Uint8Array;

// ---- § 5.1 words

export const cat = (...parts: Bytes[]): Bytes => Uint8Array.from(parts.flatMap((part) => [...part]));
export const xor = (a: Bytes, b: Bytes): Bytes => a.map((byte, i) => byte ^ (b[i] as number));
export const zeros = (n: number): Bytes => new Uint8Array(n);
const text = (s: string): Bytes => new TextEncoder().encode(s);
const u16 = (n: number): Bytes => Uint8Array.of(n >> 8, n & 255);

function nonce(counter: number): Bytes {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, BigInt(counter), true);
  return bytes;
}

/** tag ‖ ciphertext */
export function seal(key: Bytes, counter: number, aad: Bytes, plaintext: Bytes): Bytes {
  const sealed = chacha20poly1305(key, nonce(counter), aad).encrypt(plaintext);
  return cat(sealed.slice(-16), sealed.slice(0, -16));
}

/** @throws when the tag does not match. */
export function open(key: Bytes, counter: number, aad: Bytes, sealed: Bytes): Bytes {
  return chacha20poly1305(key, nonce(counter), aad).decrypt(cat(sealed.slice(16), sealed.slice(0, 16)));
}

export const stream = (key: Bytes, counter: number, n: number): Bytes => seal(key, counter, zeros(0), zeros(n)).slice(16);

function keys(label: string, secret: Bytes, context: Bytes, count: number): Bytes[] {
  const okm = hkdf(sha256, secret, undefined, cat(Uint8Array.of(label.length), text(label), context), 32 * count);
  return Array.from({ length: count }, (_, i) => okm.slice(32 * i, 32 * i + 32));
}

const SLOT = 1208;
const BODY = 4411;

// ---- § 5.2 keys

export interface Hop {
  /** The relay's Ed25519 key. */
  id: Bytes;
  B: Bytes;
  K: Bytes;
  descriptorHash: Bytes;
  effort: number;
}

export interface HopSecretKeys {
  id: Bytes;
  b: Bytes;
  k: Bytes;
  B: Bytes;
  descriptorHash: Bytes;
  effort: number;
}

export interface Draws {
  hops: { ephemeral: Bytes; kem: Bytes; work: Bytes }[];
  slots: Bytes;
  padding: Bytes;
}

export interface SetupKeys {
  setup: Bytes;
  fill: Bytes;
  reply: Bytes;
  seed: Bytes;
}

export function setupKeys(hop: { id: Bytes; descriptorHash: Bytes; B: Bytes }, E: Bytes, C: Bytes, dh: Bytes, kem: Bytes): SetupKeys {
  const [setup, fill, reply, seed] = keys('gnet/1 setup keys', cat(dh, kem), cat(hop.id, hop.descriptorHash, E, C, hop.B), 4) as [
    Bytes,
    Bytes,
    Bytes,
    Bytes,
  ];
  return { setup, fill, reply, seed };
}

export interface CellKeys {
  forward: Bytes;
  forwardFill: Bytes;
  back: Bytes;
  backFill: Bytes;
  inner: Bytes;
}

export function cellKeys(seed: Bytes, dh: Bytes, F: Bytes): CellKeys {
  const [forward, forwardFill, back, backFill, inner] = keys('gnet/1 circuit keys', cat(seed, dh), F, 5) as [
    Bytes,
    Bytes,
    Bytes,
    Bytes,
    Bytes,
  ];
  return { forward, forwardFill, back, backFill, inner };
}

function workHolds(hop: { id: Bytes; B: Bytes; effort: number }, E: Bytes, C: Bytes, work: Bytes): boolean {
  const label = 'gnet/1 setup work';
  const hash = sha256(cat(Uint8Array.of(label.length), text(label), hop.id, hop.B, E, sha256(C), work));
  return new DataView(hash.buffer).getUint32(0) * hop.effort < 2 ** 32;
}

export function findWork(hop: { id: Bytes; B: Bytes; effort: number }, E: Bytes, C: Bytes, start: Bytes): Bytes {
  for (let n = 0; ; n++) {
    const last = (new DataView(start.buffer, start.byteOffset).getUint32(3) + n) % 2 ** 32;
    const work = cat(hop.B.slice(0, 1), start.slice(0, 3), Uint8Array.of(last >>> 24, (last >>> 16) & 255, (last >>> 8) & 255, last & 255));
    if (workHolds(hop, E, C, work)) return work;
  }
}

// ---- § 5.4 setup packet, builder

export interface Layer {
  E: Bytes;
  C: Bytes;
  e: Bytes;
  work: Bytes;
  keys: SetupKeys;
}

function layerFor(hop: Hop, draw: Draws['hops'][number]): Layer {
  const E = x25519.getPublicKey(draw.ephemeral);
  const { cipherText: C, sharedSecret } = ml_kem768.encapsulate(hop.K, draw.kem);
  const dh = x25519.getSharedSecret(draw.ephemeral, hop.B);
  return { E, C, e: draw.ephemeral, work: findWork(hop, E, C, draw.work), keys: setupKeys(hop, E, C, dh, sharedSecret) };
}

const forwardTo = (id: Bytes): Bytes => cat(Uint8Array.of(0), id, zeros(31));
const LAST = cat(Uint8Array.of(1), zeros(63));

function sealSetup(layer: Layer, route: Bytes, slots: Bytes, body: Bytes): Bytes {
  return cat(layer.E, layer.C, layer.work, seal(layer.keys.setup, 0, layer.work, cat(route, slots, body)));
}

export function buildSetup(hops: Hop[], early: Bytes, draws: Draws): { packet: Bytes; layers: Layer[] } {
  const layers = hops.map((hop, i) => layerFor(hop, draws.hops[i] as Draws['hops'][number]));
  const k = hops.length;
  // φ₁ = (), φᵢ₊₁ = (φᵢ ⊕ stream of setupᵢ where φᵢ stands) ‖ stream(fillᵢ)
  let phi: Bytes = zeros(0);
  for (const layer of layers.slice(0, -1)) {
    const streamed = stream(layer.keys.setup, 0, 64 + 7 * SLOT).slice(64);
    phi = cat(xor(phi, streamed.slice(7 * SLOT - phi.length)), stream(layer.keys.fill, 0, SLOT));
  }
  const last = layers[k - 1] as Layer;
  const lastStream = stream(last.keys.setup, 0, 64 + 7 * SLOT).slice(64);
  const slots = cat(draws.slots.slice(0, (8 - k) * SLOT), xor(phi, lastStream.slice(7 * SLOT - phi.length)));
  let packet = sealSetup(last, LAST, slots, cat(u16(early.length), early, draws.padding));
  for (let i = k - 2; i >= 0; i--) {
    packet = sealSetup(layers[i] as Layer, forwardTo((hops[i + 1] as Hop).id), packet.slice(0, 7 * SLOT), packet.slice(8 * SLOT));
  }
  return { packet, layers };
}

// ---- § 5.5 setup packet, hop

export interface Peeled {
  keys: SetupKeys;
  E: Bytes;
  next: Bytes | undefined;
  /** What is sent on. */
  onward: Bytes | undefined;
  early: Bytes | undefined;
}

/** @throws when a check fails. */
export function peelSetup(hop: HopSecretKeys, packet: Bytes): Peeled {
  const E = packet.slice(0, 32);
  const C = packet.slice(32, 1120);
  const work = packet.slice(1120, 1128);
  if (work[0] !== hop.B[0] || !workHolds(hop, E, C, work)) throw new Error('work');
  const keysOfHop = setupKeys(hop, E, C, x25519.getSharedSecret(hop.b, E), ml_kem768.decapsulate(C, hop.k));
  const plain = open(keysOfHop.setup, 0, work, packet.slice(1128));
  const route = plain.slice(0, 64);
  const slots = plain.slice(64, 64 + 7 * SLOT);
  const body = plain.slice(64 + 7 * SLOT);
  if (route[0] === 1) {
    const length = (body[0] as number) * 256 + (body[1] as number);
    if (length > BODY - 2) throw new Error('length');
    return { keys: keysOfHop, E, next: undefined, onward: undefined, early: body.slice(2, 2 + length) };
  }
  if (route[0] !== 0) throw new Error('route');
  return { keys: keysOfHop, E, next: route.slice(1, 33), onward: cat(slots, stream(keysOfHop.fill, 0, SLOT), body), early: undefined };
}

// ---- § 5.6 reply

/** @param f the X25519 secret of F. */
export function hopCellKeys(peeled: Peeled, f: Bytes): { F: Bytes; keys: CellKeys } {
  const F = x25519.getPublicKey(f);
  return { F, keys: cellKeys(peeled.keys.seed, x25519.getSharedSecret(f, peeled.E), F) };
}

export function sealReply(replyKey: Bytes, F: Bytes, inward: Bytes): Bytes {
  const kept = inward.slice(0, 7 * 48);
  const dropped = inward.slice(7 * 48, 8 * 48);
  const body = inward.slice(8 * 48);
  return cat(F, seal(replyKey, 0, cat(F, dropped), cat(kept, body)));
}

export function buildReply(replyKey: Bytes, own: { F: Bytes; keys: CellKeys }, data: Bytes): Bytes {
  const inner = cat(u16(data.length), data, zeros(11793 - data.length));
  return sealReply(replyKey, own.F, cat(zeros(8 * 48), seal(own.keys.inner, 0, zeros(0), inner)));
}

/** @throws when a layer fails. */
export function openReply(layers: { e: Bytes; keys: { reply: Bytes; seed: Bytes } }[], reply: Bytes): { keys: CellKeys[]; data: Bytes } {
  const k = layers.length;
  // What hop i is sent in slot 7: from the last hop's zeros inwards.
  const dropped: Bytes[] = [];
  let slots = zeros(8 * 48);
  for (let i = k - 1; i >= 0; i--) {
    dropped[i] = slots.slice(7 * 48);
    slots = cat(zeros(48), xor(slots.slice(0, 7 * 48), stream((layers[i] as Layer).keys.reply, 0, 7 * 48)));
  }
  const opened: CellKeys[] = [];
  let packet = reply;
  layers.forEach((layer, i) => {
    const F = packet.slice(0, 32);
    const plain = open(layer.keys.reply, 0, cat(F, dropped[i] as Bytes), packet.slice(32));
    opened.push(cellKeys(layer.keys.seed, x25519.getSharedSecret(layer.e, F), F));
    packet = cat(plain.slice(0, 7 * 48), dropped[i] as Bytes, plain.slice(7 * 48));
  });
  const inner = open((opened[k - 1] as CellKeys).inner, 0, zeros(0), packet.slice(8 * 48));
  return { keys: opened, data: inner.slice(2, 2 + (inner[0] as number) * 256 + (inner[1] as number)) };
}

// ---- § 5.7 cells: 8 tags, body; `n` is the cell's number at this hop in this direction

const tagStream = (fill: Bytes, n: number): Bytes => stream(fill, Math.floor(n / 32), 4096).slice(128 * (n % 32), 128 * (n % 32) + 128);

/** @param unused what stands in the 8 - k tags that no hop uses, behind tag 0: (8 - k) * 16 bytes. @param n of each hop. */
export function wrapCell(layers: CellKeys[], n: number[], body: Bytes, unused: Bytes): Bytes {
  const k = layers.length;
  let phi: Bytes = zeros(0);
  layers.slice(0, -1).forEach((layer, i) => {
    const s = tagStream(layer.forwardFill, n[i] as number);
    phi = xor(cat(phi, zeros(16)), s.slice(128 - phi.length - 16));
  });
  let later = cat(unused, phi);
  let tags: Bytes = zeros(0);
  let sealed = body;
  for (let i = k - 1; i >= 0; i--) {
    const layer = layers[i] as CellKeys;
    if (i < k - 1) later = xor(tags.slice(0, 112), tagStream(layer.forwardFill, n[i] as number).slice(0, 112));
    const both = seal(layer.forward, n[i] as number, later, sealed);
    tags = cat(both.slice(0, 16), later);
    sealed = both.slice(16);
  }
  return cat(tags, sealed);
}

/** @throws when the tag does not match. */
export function openForward(keysOfHop: CellKeys, n: number, cell: Bytes): Bytes {
  const later = cell.slice(16, 128);
  const body = open(keysOfHop.forward, n, later, cat(cell.slice(0, 16), cell.slice(128)));
  return cat(xor(cat(later, zeros(16)), tagStream(keysOfHop.forwardFill, n)), body);
}

export function sealBack(keysOfHop: CellKeys, n: number, cell: Bytes): Bytes {
  const dropped = cell.slice(112, 128);
  const later = xor(cell.slice(0, 112), tagStream(keysOfHop.backFill, n).slice(16));
  const both = seal(keysOfHop.back, n, cat(dropped, later), cell.slice(128));
  return cat(both.slice(0, 16), later, both.slice(16));
}

export const lastCell = (body: Bytes): Bytes => cat(zeros(128), body);

/** @throws when a layer fails. */
export function openBack(layers: CellKeys[], n: number[], cell: Bytes): Bytes {
  const dropped: Bytes[] = [];
  let tags = zeros(128);
  for (let i = layers.length - 1; i >= 0; i--) {
    dropped[i] = tags.slice(112);
    tags = cat(zeros(16), xor(tags.slice(0, 112), tagStream((layers[i] as CellKeys).backFill, n[i] as number).slice(16)));
  }
  let current = cell;
  layers.forEach((layer, i) => {
    const later = current.slice(16, 128);
    const body = open(layer.back, n[i] as number, cat(dropped[i] as Bytes, later), cat(current.slice(0, 16), current.slice(128)));
    current = cat(xor(later, tagStream(layer.backFill, n[i] as number).slice(16)), dropped[i] as Bytes, body);
  });
  return current.slice(128);
}

// ---- § 5.8 extend

export interface ExtendDraws {
  hop: Draws['hops'][number];
  seed: Bytes;
  padding: Bytes;
}

const extendKey = (seed: Bytes): Bytes => keys('gnet/1 extend seed', seed, zeros(0), 1)[0] as Bytes;

export function buildExtension(hop: Hop, early: Bytes, draws: ExtendDraws): { request: Bytes; layer: Layer } {
  const layer = layerFor(hop, draws.hop);
  const head = cat(u16(early.length), early, draws.padding);
  const given = stream(extendKey(draws.seed), 0, 7 * SLOT + BODY - head.length);
  const over = stream(layer.keys.setup, 0, 64 + 7 * SLOT + BODY).slice(64);
  const slots = xor(given.slice(0, 7 * SLOT), over.slice(0, 7 * SLOT));
  const rest = xor(given.slice(7 * SLOT), over.slice(7 * SLOT + head.length));
  const packet = sealSetup(layer, LAST, slots, cat(head, rest));
  return { request: cat(hop.id, draws.seed, packet.slice(0, SLOT), packet.slice(8 * SLOT, 8 * SLOT + head.length)), layer };
}

export function expandRequest(request: Bytes): { next: Bytes; packet: Bytes } {
  const head = request.slice(64 + SLOT);
  const given = stream(extendKey(request.slice(32, 64)), 0, 7 * SLOT + BODY - head.length);
  return { next: request.slice(0, 32), packet: cat(request.slice(64, 64 + SLOT), given.slice(0, 7 * SLOT), head, given.slice(7 * SLOT)) };
}

export const extendAnswer = (reply: Bytes): Bytes => cat(reply.slice(0, 48), reply.slice(384));

/** @throws when it fails. */
export function openExtension(layer: Layer, answer: Bytes): { keys: CellKeys[]; data: Bytes } {
  return openReply([layer], cat(answer.slice(0, 48), stream(layer.keys.reply, 0, 7 * 48), answer.slice(48)));
}
