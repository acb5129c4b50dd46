import { ed25519 } from '@noble/curves/ed25519.js';

/** Ed25519 keys as points of the prime-order group. */

const Point = ed25519.Point;
export const ORDER = Point.Fn.ORDER;

export function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

/** Whether these 32 bytes are a key that somebody can have made: a point of the prime-order group, and not its neutral element. */
export function isIdentityKey(publicKey: Uint8Array): boolean {
  return identityPoint(publicKey) !== undefined;
}

/** As `CryptoPort.ed25519Multiply`. */
export function multiplyKey(publicKey: Uint8Array, scalar: Uint8Array): Uint8Array | undefined {
  return identityPoint(publicKey)
    ?.multiply(littleEndian(scalar) % ORDER)
    .toBytes();
}

function identityPoint(publicKey: Uint8Array) {
  try {
    const point = Point.fromBytes(publicKey, false);
    return !point.is0() && point.isTorsionFree() ? point : undefined;
  } catch {
    return undefined; // not on the curve
  }
}
