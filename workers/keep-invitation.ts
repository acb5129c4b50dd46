import { equal } from '../src/core/bytes/bytes.ts';
import type { RecordStore } from '../src/core/ports.ts';
import { parseInvitation } from '../src/core/wire/invitation.ts';
import type { KeptInvitation } from '../src/shared/peer-control.ts';
import { keptInvitation, setInvitation } from './kept-invitations.ts';

/**
 * Keeps an invitation, unless another one to its address is kept: whoever makes a link could else take away one that works, or have the user
 * come as somebody else. @param replaces the user wants it all the same. @throws GlobalNetError `malformed` that says what is wrong with it.
 */
export async function keepInvitation(records: RecordStore, text: string, replaces: boolean): Promise<KeptInvitation> {
  const { address, secret } = parseInvitation(text);
  const before = await keptInvitation(records, address);
  if (before !== undefined && !replaces && !equal(before, secret)) return { address, isKept: false };
  await setInvitation(records, address, secret);
  return { address, isKept: true };
}
