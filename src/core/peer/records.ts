import { type DhtAccess, findValues, storeValue } from '../dht/index.ts';
import type { RecordNetwork } from '../service/index.ts';
import { RECORD } from '../wire/registry.ts';
import { signValue, singleWriterKey } from '../wire/value.ts';

/** Service records as the DHT's single-writer values. */
export function recordNetwork(access: DhtAccess): RecordNetwork {
  const { crypto } = access.env;
  return {
    async publish({ blindedKey, sign, slot, serial, expiresAtMs, payload }) {
      return storeValue(
        access,
        signValue(crypto, sign, { kind: 'singleWriter', record: RECORD.service, writer: blindedKey, slot, serial, expiresAtMs, payload }),
      );
    },
    async find(blindedKey, options) {
      const values = await findValues(access, singleWriterKey(crypto, RECORD.service, blindedKey), options);
      return values.flatMap((value) =>
        value.kind === 'singleWriter' ? [{ payload: value.payload, serial: value.serial, slot: value.slot }] : [],
      );
    },
  };
}
