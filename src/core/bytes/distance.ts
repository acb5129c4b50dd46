/** Kademlia's metric between byte strings of one length: their XOR as a number. */

/** Order of `a` and `b` by distance to `point`. */
export function compareDistance(point: Uint8Array, a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < point.length; i++) {
    const difference = ((a[i] as number) ^ (point[i] as number)) - ((b[i] as number) ^ (point[i] as number));
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The distance as a share of the whole space, 0 to 1, by its first 48 bits. */
export function distanceShare(a: Uint8Array, b: Uint8Array): number {
  let share = 0;
  for (let i = 5; i >= 0; i--) share = (share + ((a[i] as number) ^ (b[i] as number))) / 256;
  return share;
}

/** How many bits `a` and `b` share from the front. */
export function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) ^ (b[i] as number);
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24;
  }
  return 8 * a.length;
}

/** The `count` items nearest to `point`, nearest first. */
export function nearestTo<T>(point: Uint8Array, items: Iterable<T>, count: number, keyOf: (item: T) => Uint8Array): T[] {
  return Array.from(items, (item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => compareDistance(point, a.key, b.key))
    .slice(0, count)
    .map(({ item }) => item);
}
