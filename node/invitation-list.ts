import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { base32, fromBase32 } from '../src/core/bytes/base32.ts';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import type { ServiceInvitation } from '../src/core/service/index.ts';
import { INVITATION_SECRET_BYTES, INVITATIONS_MAX } from '../src/core/wire/geometry.ts';
import { changeFile } from './changed-file.ts';
import { isMissing, storeError } from './write-file.ts';

/** How often a running service looks whether its list has changed. */
const LOOK_EVERY_MS = 1000;

export interface ListedInvitation extends ServiceInvitation {
  readonly madeAtMs: number;
}

/** Of a service whose folder this is: another process may serve it meanwhile. */
function placeOf(folder: string): { folder: string; file: string } {
  const own = join(folder, 'invitations');
  return { folder: own, file: join(own, 'list.json') };
}

/** Who may visit a service, as its folder says; undefined: everybody who knows the address. @throws GlobalNetError `internal` | `refused`. */
export async function readInvitations(folder: string): Promise<ListedInvitation[] | undefined> {
  const { file } = placeOf(folder);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw storeError(error, file);
  }
  const list = parse(text);
  // Never taken for an empty list, and never for none: it would shut out all, or let in everybody.
  if (list === undefined) throw new GlobalNetError('internal', `the list of invitations is damaged: ${file}`);
  return list;
}

function parse(text: string): ListedInvitation[] | undefined {
  try {
    const { invitations } = JSON.parse(text) as { invitations: { name: string; secret: string; madeAtMs: number }[] };
    const list = invitations.map(({ name, secret, madeAtMs }) => ({
      name: String(name),
      secret: fromBase32(secret),
      madeAtMs: Number(madeAtMs),
    }));
    return list.every(({ secret }) => secret.length === INVITATION_SECRET_BYTES) && list.length <= INVITATIONS_MAX ? list : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Changes the list, whole or not at all. From the first invitation on the service is for the invited alone, until the list is undefined.
 * @throws as `changeFile`; GlobalNetError `full`, and what `change` throws.
 */
export async function changeInvitations(
  folder: string,
  change: (list: ListedInvitation[] | undefined) => ListedInvitation[] | undefined,
): Promise<void> {
  const place = placeOf(folder);
  await changeFile(place.folder, place.file, async () => {
    const list = change(await readInvitations(folder));
    if (list === undefined) return undefined;
    const invitations = list.map(({ name, secret, madeAtMs }) => ({ name, secret: base32(secret), madeAtMs }));
    return `${JSON.stringify({ invitations }, undefined, 2)}\n`;
  });
}

/**
 * Calls `onChange` soon after each change, by whichever process; the answer ends it. A list that cannot be read changes nothing: it is told
 * once, by `onFault`, and looked at again.
 */
export function followInvitations(
  folder: string,
  known: readonly ListedInvitation[] | undefined,
  onChange: (list: ListedInvitation[] | undefined) => void,
  onFault: (error: Error) => void,
  everyMs = LOOK_EVERY_MS,
): () => void {
  let last = signOf(known);
  let isLooking = false;
  let isFaulty = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const list = await readInvitations(folder);
      isFaulty = false;
      if (signOf(list) === last) return;
      last = signOf(list);
      onChange(list);
    } catch (error) {
      if (!isFaulty) onFault(error as Error);
      isFaulty = true;
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function signOf(list: readonly ListedInvitation[] | undefined): string {
  return list === undefined ? 'everybody' : list.map(({ name, secret }) => `${name} ${base32(secret)}`).join();
}
