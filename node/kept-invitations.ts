import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address } from '../src/core/bytes/brand.ts';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { ADDRESS_SUFFIX } from '../src/core/wire/address.ts';
import { formatInvitation, type Invitation, parseInvitation } from '../src/core/wire/invitation.ts';
import { isMissing, prepareFolder, storeError, writeWhole } from './write-file.ts';

/** Invitations that this user was given: one file for each address, in the data folder that all commands share. */
function fileOf(dataFolder: string, address: Address): string {
  return join(folderOf(dataFolder), address.slice(0, -ADDRESS_SUFFIX.length));
}

function folderOf(dataFolder: string): string {
  return join(dataFolder, 'invitations');
}

/** Keeps invitations, each given as its text or as a file that holds some, a line each. @throws GlobalNetError `malformed` | `full` | `refused`. */
export async function keepInvitations(dataFolder: string, given: readonly string[]): Promise<Invitation[]> {
  const invitations = (await Promise.all(given.map(readGiven))).flat();
  if (invitations.length > 0) await prepareFolder(folderOf(dataFolder));
  for (const invitation of invitations)
    await writeWhole(fileOf(dataFolder, invitation.address), Buffer.from(`${formatInvitation(invitation)}\n`), { durable: true });
  return invitations;
}

async function readGiven(given: string): Promise<Invitation[]> {
  if (given.includes('#')) return [parseInvitation(given)];
  const text = await readFile(given, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new GlobalNetError('malformed', `--invitation wants an invitation or a file with one, and '${given}' is neither (${error.code})`);
  });
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new GlobalNetError('malformed', `there is no invitation in ${given}`);
  return lines.map((line) => parseInvitation(line));
}

/** The secret of the invitation to this address, if there is one. Read anew each time: a command that runs learns of new ones. */
export async function keptInvitation(dataFolder: string, address: Address): Promise<Uint8Array | undefined> {
  const file = fileOf(dataFolder, address);
  try {
    return parseInvitation(await readFile(file, 'utf8')).secret;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error instanceof GlobalNetError
      ? new GlobalNetError('internal', `${file} is damaged: ${error.message}`)
      : storeError(error, file);
  }
}
