import { createHash } from 'node:crypto';

/**
 * Ed25519 key blinding the slow way: affine points, one formula, no library. An oracle for src/core/crypto/blind.ts; RFC 8032 § 5.1
 * for the curve, Tor's rend-spec-v3 appendix A.2 for the blinding.
 */

const P = 2n ** 255n - 19n;
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function mod(value: bigint, modulus = P): bigint {
  return ((value % modulus) + modulus) % modulus;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), left = exponent; left > 0n; left >>= 1n, square = mod(square * square)) {
    if (left & 1n) result = mod(result * square);
  }
  return result;
}

const inverse = (value: bigint): bigint => power(value, P - 2n);
const D = mod(-121665n * inverse(121666n));

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** § 5.1.4: complete, so that one formula serves for doubling too. */
function add(a: Point, b: Point): Point {
  const product = mod(D * a.x * b.x * a.y * b.y);
  return {
    x: mod((a.x * b.y + a.y * b.x) * inverse(1n + product)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - product)),
  };
}

function multiply(point: Point, scalar: bigint): Point {
  let result: Point = { x: 0n, y: 1n };
  for (let double = point, left = scalar; left > 0n; left >>= 1n, double = add(double, double)) {
    if (left & 1n) result = add(result, double);
  }
  return result;
}

/** § 5.1.3. */
function decode(bytes: Uint8Array): Point {
  const y = little(bytes) & (2n ** 255n - 1n);
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * power(2n, (P - 1n) / 4n));
  if (mod(x * x) !== square) throw new RangeError('not on the curve');
  if ((x & 1n) !== BigInt((bytes[31] as number) >> 7)) x = mod(-x);
  return { x, y };
}

function encode({ x, y }: Point): Uint8Array {
  return bytesOf(y | ((x & 1n) << 255n));
}

export function little(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export function bytesOf(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

function clamp(bytes: Uint8Array): bigint {
  return (little(bytes.subarray(0, 32)) & (2n ** 254n - 8n)) | (2n ** 254n);
}

const BASE = decode(bytesOf(mod(4n * inverse(5n))));

export function referencePublic(seed: Uint8Array): Uint8Array {
  return encode(multiply(BASE, clamp(createHash('sha512').update(seed).digest())));
}

export function referenceBlind(publicKey: Uint8Array, factor: Uint8Array): Uint8Array {
  return encode(multiply(decode(publicKey), clamp(factor)));
}

/** A point of order 8, to be added to keys that should then be refused. */
export function withTorsion(publicKey: Uint8Array): Uint8Array {
  const torsion = decode(Uint8Array.from(Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex')));
  return encode(add(decode(publicKey), torsion));
}
