import { sha256 } from '@noble/hashes/sha2.js';
import { Writer } from '../bytes/writer.ts';
import { blindPublicKey, blindSigner, type BlindedSigner } from '../crypto/blind.ts';
import { labelled } from '../crypto/derive.ts';
import type { Identity } from '../crypto/identity.ts';
import type { CryptoPort } from '../ports.ts';
import { LABEL, PERIOD_MS, PERIOD_OVERLAP_MS } from './registry.ts';

/**
 * Dated keys: what a service's records and heads lie under. Factor of a period, before clamping:
 *
 *   SHA-256(label ‖ public key 32 ‖ period 8 ‖ PERIOD_MS 8)
 *
 * All addresses change period at the same moment. With an offset for each address a storing peer could tell by the hour at
 * which a record appears which of yesterday's it follows.
 */

/** The number of the period in which `nowMs` lies. */
export function periodOf(nowMs: number): number {
  return Math.floor(nowMs / PERIOD_MS);
}

/** Periods whose records stand at `nowMs`: one, or two near a boundary, for readers whose clock is a little off. */
export function standingPeriods(nowMs: number): number[] {
  const first = periodOf(nowMs - PERIOD_OVERLAP_MS);
  const last = periodOf(nowMs + PERIOD_OVERLAP_MS);
  return first === last ? [first] : [first, last];
}

/** When a period's record is no longer needed, ms: the same for every address. */
export function periodExpiresAtMs(period: number): number {
  return (period + 1) * PERIOD_MS + PERIOD_OVERLAP_MS;
}

function datedFactor(publicKey: Uint8Array, period: number): Uint8Array {
  return sha256(labelled(LABEL.blind, publicKey, new Writer(16).u64(period).u64(PERIOD_MS).done()));
}

/** The blinded key, 32 bytes. @throws GlobalNetError `malformed` when the key is no Ed25519 identity. */
export function datedPublicKey(crypto: Pick<CryptoPort, 'ed25519Multiply'>, publicKey: Uint8Array, period: number): Uint8Array {
  return blindPublicKey(crypto, publicKey, datedFactor(publicKey, period));
}

/** Signs for `datedPublicKey(identity.publicKey, period)`. */
export function datedSigner(identity: Identity, period: number): BlindedSigner {
  return blindSigner(identity.seed, datedFactor(identity.publicKey, period));
}
