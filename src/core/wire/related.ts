import type { Descriptor } from './descriptor.ts';

/** May be one owner, as far as published: one id, a shared address prefix, or one operator tag. */
export function areRelated(a: Descriptor, b: Descriptor): boolean {
  if (a.id === b.id) return true;
  if (a.operator !== '' && a.operator === b.operator) return true;
  return a.netGroup !== undefined && a.netGroup === b.netGroup;
}

/** Greedily from the front: items of which no two are related, at most `count`. */
export function unrelated<T>(items: Iterable<T>, count: number, descriptorOf: (item: T) => Descriptor): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length >= count) break;
    if (!taken.some((other) => areRelated(descriptorOf(other), descriptorOf(item)))) taken.push(item);
  }
  return taken;
}
