import { equal } from '../bytes/bytes.ts';
import { peerIdBytes } from '../crypto/identity.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { DHT_NODES_MAX, ID_PREFIX_BYTES } from '../wire/geometry.ts';

/** How a request says whom its asker need not be told: ID_PREFIX_BYTES each, the first DHT_NODES_MAX. */
export function prefixesOf(known: readonly Descriptor[]): Uint8Array[] {
  return known.slice(0, DHT_NODES_MAX).map(prefixOf);
}

export function unknownTo(known: readonly Uint8Array[], nodes: readonly Descriptor[]): Descriptor[] {
  return nodes.filter((node) => !known.some((prefix) => equal(prefix, prefixOf(node))));
}

function prefixOf({ id }: Descriptor): Uint8Array {
  return peerIdBytes(id).slice(0, ID_PREFIX_BYTES);
}
