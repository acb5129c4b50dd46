import type { Link } from '../ports.ts';
import type { RelayCircuit } from './relay-circuit.ts';

/** Where a frame belongs: to a circuit, and to which of its two sides. */
export interface CircuitEntry {
  readonly circuit: RelayCircuit;
  /** It came from the side of the builder. */
  readonly fromBuilder: boolean;
}

/** Circuits by (link, circuit id); one that is forwarded stands in it twice. */
export class CircuitTable {
  readonly #links = new Map<Link, Map<number, CircuitEntry>>();
  #circuits = 0;

  /** Circuits, by their builder's side. */
  get size(): number {
    return this.#circuits;
  }

  get(link: Link, id: number): CircuitEntry | undefined {
    return this.#links.get(link)?.get(id);
  }

  add(link: Link, id: number, entry: CircuitEntry): void {
    const ofLink = this.#links.get(link) ?? new Map<number, CircuitEntry>();
    this.#links.set(link, ofLink.set(id, entry));
    if (entry.fromBuilder) this.#circuits++;
  }

  remove(link: Link, id: number): void {
    const ofLink = this.#links.get(link);
    const entry = ofLink?.get(id);
    if (ofLink === undefined || entry === undefined) return;
    ofLink.delete(id);
    if (ofLink.size === 0) this.#links.delete(link);
    if (entry.fromBuilder) this.#circuits--;
  }

  /** A copy, each circuit once. */
  circuits(): RelayCircuit[] {
    return [...new Set([...this.#links.values()].flatMap((ofLink) => [...ofLink.values()].map(({ circuit }) => circuit)))];
  }

  carries(link: Link): boolean {
    return this.#links.has(link);
  }

  /** A copy: what is done with them may change the table. */
  ofLink(link: Link): CircuitEntry[] {
    return [...(this.#links.get(link)?.values() ?? [])];
  }
}
