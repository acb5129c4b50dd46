import type { RecordStore } from '../src/core/ports.ts';

/** Invitations that this browser's user was given: the secret, by the address. All tabs have them. */
const PREFIX = 'invitation/';

/** What the peer comes with to this address. Read anew each time: another tab may have kept or removed one. */
export function keptInvitation(records: RecordStore, address: string): Promise<Uint8Array | undefined> {
  return records.get(PREFIX + address);
}

export async function setInvitation(records: RecordStore, address: string, secret: Uint8Array): Promise<void> {
  await records.set(PREFIX + address, secret);
}

/** Addresses, in their own order. */
export async function invitedTo(records: RecordStore): Promise<string[]> {
  return (await records.keys(PREFIX)).map((key) => key.slice(PREFIX.length));
}

export async function forgetInvitation(records: RecordStore, address: string): Promise<void> {
  await records.delete(PREFIX + address);
}
