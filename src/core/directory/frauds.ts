import type { PeerId } from '../bytes/brand.ts';
import type { CryptoPort } from '../ports.ts';
import { type FraudProof, verifyFraud } from '../wire/descriptor.ts';
import { PROOFS_KEPT } from './constants.ts';

/** Peers that signed two descriptors for one epoch, with the proofs. */
export class Frauds {
  readonly #proofs = new Map<PeerId, FraudProof>();

  constructor(readonly crypto: CryptoPort) {}

  has(id: PeerId): boolean {
    return this.#proofs.has(id);
  }

  /** Whom the proof convicts, when that is somebody not convicted before. */
  add(proof: FraudProof): PeerId | undefined {
    const id = verifyFraud(this.crypto, proof);
    if (id === undefined || this.#proofs.has(id)) return undefined;
    if (this.#proofs.size >= PROOFS_KEPT) this.#proofs.delete(this.#proofs.keys().next().value as PeerId);
    this.#proofs.set(id, { first: proof.first.slice(), second: proof.second.slice() });
    return id;
  }

  /** Proofs against these ids, then the newest others. */
  pick(ids: readonly PeerId[], count: number): FraudProof[] {
    const asked = ids.flatMap((id) => this.#proofs.get(id) ?? []);
    return [...new Set([...asked, ...[...this.#proofs.values()].reverse()])].slice(0, count);
  }
}
