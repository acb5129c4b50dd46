import { hex } from '../core/bytes/bytes.ts';

/**
 * Implementations of Ed25519 agree on honest signatures and differ on contrived ones: OpenSSL takes keys of small order and checks
 * without the cofactor, @noble the other way round. All peers must agree whether a record is signed, so a fast "yes" counts only for an
 * ordinary key (it then implies the slow one), and all else is asked of @noble.
 */

/** y of the points of edwards25519 whose order is 1, 2, 4 or 8, without the sign of x. */
const SMALL_ORDER = new Set([
  `01${'00'.repeat(31)}`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
]);

/** Whether this 32-byte Ed25519 key is of small order, or not written in the one canonical way. */
export function isOddKey(key: Uint8Array): boolean {
  const y = key.slice();
  y[31] = (y[31] as number) & 0x7f;
  const overP = y[31] === 0x7f && (y[0] as number) >= 0xed && y.subarray(1, 31).every((byte) => byte === 0xff);
  return overP || SMALL_ORDER.has(hex(y));
}
