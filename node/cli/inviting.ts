import type { Address } from '../../src/core/bytes/brand.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Env } from '../../src/core/env.ts';
import type { ServedHost } from '../../src/core/peer/index.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { INVITATION_SECRET_BYTES, INVITATIONS_MAX } from '../../src/core/wire/geometry.ts';
import { formatInvitation, formatInvitationLink } from '../../src/core/wire/invitation.ts';
import { openDataFolder } from '../data-folder.ts';
import { holderOf } from '../folder-lock.ts';
import { changeInvitations, followInvitations, type ListedInvitation, readInvitations } from '../invitation-list.ts';
import { keepInvitations } from '../kept-invitations.ts';
import { identityIn } from '../kept-key.ts';
import { untilRepublished } from '../until.ts';
import { appOf } from './app-link.ts';
import type { Invocation, Option } from './command.ts';
import type { Output } from './output.ts';

/** Flags of commands that serve something: who may visit it. Each of them changes the list, and ends. */
export const INVITING: Record<string, Option> = {
  invite: {
    type: 'string',
    value: '<name>',
    help: 'make an invitation for one visitor, for a program or as a link for a tab, and end; from the first one on nobody comes in without (also while it is being served)',
    check: nameOf,
    flagOnly: true,
  },
  invites: { type: 'boolean', help: 'list the invitations that are out and end', flagOnly: true },
  revoke: { type: 'string', value: '<name>', help: 'take an invitation back and end; with none left, nobody comes in', flagOnly: true },
  public: { type: 'boolean', help: 'take all invitations back, let everybody in who knows the address, and end', flagOnly: true },
};

/** `--invitation` of commands that visit. */
export const INVITED: Record<string, Option> = {
  invitation: {
    type: 'string',
    value: '<file or text>',
    multiple: true,
    help: 'an invitation that you were given, or a file with some; kept in the data folder for all commands; may be repeated',
    flagOnly: true,
  },
};

/** What `--invitation` gave. @throws as `keepInvitations`. */
export async function acceptInvitations(dataFolder: string, given: readonly string[], output: Output): Promise<void> {
  if (given.length === 0) return;
  openDataFolder(dataFolder);
  for (const { address } of await keepInvitations(dataFolder, given))
    output.note(`Kept the invitation to ${address} in ${dataFolder}, for every gnet command that uses this data folder.`);
}

export interface InvitingService {
  readonly env: Env;
  readonly dataFolder: string;
  /** Its own folder within. */
  readonly folder: string;
  /** Where its key lies. */
  readonly keyRecord: string;
  /** What serves it, for people. */
  readonly command: string;
}

/** Whether one of these flags was given. @throws GlobalNetError `malformed` for several. */
export function managesInvitations({ flag, text }: Pick<Invocation, 'flag' | 'text'>): boolean {
  const wishes = [text('invite') !== undefined, text('revoke') !== undefined, flag('invites'), flag('public')].filter((wished) => wished);
  if (wishes.length > 1) throw new GlobalNetError('malformed', 'one of --invite, --invites, --revoke and --public at a time');
  return wishes.length === 1;
}

/** Does what the flag says. @throws GlobalNetError `malformed` | `full` | `refused`. */
export async function manageInvitations(invocation: Invocation, service: InvitingService): Promise<void> {
  const { flag, text, output } = invocation;
  const [invite, revoke] = [text('invite'), text('revoke')];
  openDataFolder(service.dataFolder);
  const address = encodeAddress((await identityIn(service.env, service.folder, service.keyRecord)).publicKey);
  if (flag('invites')) {
    const list = await readInvitations(service.folder);
    const invitations = (list ?? []).map(({ name, madeAtMs }) => ({ name, madeAtMs }));
    return output.say(inWords(list), { address, byInvitation: list !== undefined, invitations });
  }
  if (invite !== undefined) await makeInvitation(service, address, invite, appOf(invocation, service.dataFolder), output);
  else if (revoke !== undefined) {
    await changeInvitations(service.folder, (list) => withoutOne(list, revoke));
    output.say(`${revoke}'s invitation to ${address} is taken back.`, { address, revoked: revoke });
  } else {
    await changeInvitations(service.folder, () => undefined);
    output.say(`${address} is for everybody who knows it.`, { address, byInvitation: false });
  }
  const pid = holderOf(service.folder);
  if (pid === undefined) output.note(`Nothing serves it now; '${service.command}' does.`);
  else output.note(`Process ${pid}, which serves it, takes this up within seconds.`);
}

async function makeInvitation(
  { env, folder }: InvitingService,
  address: Address,
  name: string,
  app: string | undefined,
  output: Output,
): Promise<void> {
  const secret = env.random(INVITATION_SECRET_BYTES);
  await changeInvitations(folder, (list) => withOne(list, { name, secret, madeAtMs: env.now() }));
  const invitation = formatInvitation({ address, secret });
  const link = app === undefined ? {} : { link: formatInvitationLink(app, { address, secret }) };
  output.say(invitation, { address, invited: name, invitation, ...link });
  output.note(`This is ${name}'s invitation to ${address}, for one program or tab at a time. It is not shown again.`);
  if (link.link !== undefined)
    output.note(`As a link, just as secret; pasted into the app's address bar it stays out of the browser's history: ${link.link}`);
}

/** Serves by the folder's list, as it is and as it becomes, until the answer is called; says when a change has taken effect. */
export function keepInviting(
  { env, folder }: Pick<InvitingService, 'env' | 'folder'>,
  host: ServedHost,
  list: readonly ListedInvitation[] | undefined,
  output: Output,
  stop: AbortSignal,
): () => void {
  const onChange = async (now: readonly ListedInvitation[] | undefined): Promise<void> => {
    const beforeMs = host.status.publishedAtMs;
    host.invite(now);
    await untilRepublished(env, host, beforeMs, stop);
    const names = now?.map(({ name }) => name);
    const words = names === undefined ? 'Everybody who knows the address can visit now.' : `Invited now: ${names.join(', ') || 'nobody'}.`;
    output.say(words, { byInvitation: now !== undefined, invited: names ?? [] });
  };
  return followInvitations(
    folder,
    list,
    (now) => void onChange(now).catch(() => undefined), // stopped meanwhile
    ({ message }) => output.note(`${message}; who may visit stays as it is`),
  );
}

/** For the lines that a command says of what it serves. */
export function admission(list: readonly ListedInvitation[] | undefined): { words: string; json: { invited?: number } } {
  if (list === undefined) return { words: '', json: {} };
  return {
    words: `\nVisitors by invitation alone: ${list.length} ${list.length === 1 ? 'is' : 'are'} out`,
    json: { invited: list.length },
  };
}

function inWords(list: readonly ListedInvitation[] | undefined): string {
  if (list === undefined) return 'No invitations: it is for everybody who knows the address.';
  if (list.length === 0) return 'All invitations were taken back: nobody can visit. --invite makes one, --public lets everybody in.';
  return list.map(({ name, madeAtMs }) => `${name}  since ${new Date(madeAtMs).toISOString().slice(0, 10)}`).join('\n');
}

function nameOf(text: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N} _.@-]{0,63}$/u.test(text)) return text;
  throw new GlobalNetError('malformed', `--invite wants a name of up to 64 letters and digits, not '${text}'`);
}

function withOne(list: ListedInvitation[] = [], made: ListedInvitation): ListedInvitation[] {
  if (list.some(({ name }) => name === made.name))
    throw new GlobalNetError('malformed', `there is an invitation for '${made.name}': take it back with --revoke, or take another name`);
  if (list.length >= INVITATIONS_MAX)
    throw new GlobalNetError('full', `${INVITATIONS_MAX} invitations are out, more than that a service cannot have`);
  return [...list, made];
}

function withoutOne(list: ListedInvitation[] = [], name: string): ListedInvitation[] {
  const rest = list.filter((one) => one.name !== name);
  if (rest.length === list.length) throw new GlobalNetError('malformed', `there is no invitation for '${name}'; --invites lists them`);
  return rest;
}
