import { compare, equal, hex } from '../bytes/bytes.ts';
import type { DhtValue } from '../wire/value.ts';
import { CONFLICTS_KEPT } from './constants.ts';

/** Values of one key by what wins: per place the highest serial; of values that share it and differ, the two with the lowest hashes. */
export function newest(values: Iterable<DhtValue>): DhtValue[] {
  const byPlace = new Map<string, DhtValue[]>();
  for (const value of values) {
    const place = `${hex(value.key)}/${value.place}`;
    const held = byPlace.get(place) ?? [];
    const serial = held[0]?.serial ?? -1;
    if (value.serial < serial || held.some((other) => equal(other.hash, value.hash))) continue;
    const rivals = value.serial > serial ? [value] : [...held, value].sort((a, b) => compare(a.hash, b.hash));
    byPlace.set(place, rivals.slice(0, CONFLICTS_KEPT));
  }
  return [...byPlace.values()].flat();
}

/** Values whose writer signed two contents with one serial: shown to people, never chosen between. */
export function conflicts(values: readonly DhtValue[]): DhtValue[] {
  const winners = newest(values);
  return winners.filter((value) => winners.some((other) => other !== value && other.place === value.place && equal(other.key, value.key)));
}
