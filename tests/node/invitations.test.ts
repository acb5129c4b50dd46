/** Where invitations are kept: a service's list, and those that somebody was given. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Invocation, parseCommand } from '../../node/cli/command.ts';
import { manageInvitations, managesInvitations } from '../../node/cli/inviting.ts';
import { Output } from '../../node/cli/output.ts';
import { expose } from '../../node/commands/expose.ts';
import { openFileStore } from '../../node/file-store.ts';
import { changeInvitations, followInvitations, type ListedInvitation, readInvitations } from '../../node/invitation-list.ts';
import { keepInvitations, keptInvitation } from '../../node/kept-invitations.ts';
import { keptIdentity } from '../../node/kept-identity.ts';
import { identityIn, keptHostKey, takeOverKey } from '../../node/kept-key.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { INVITATIONS_MAX } from '../../src/core/wire/geometry.ts';
import { formatInvitation, parseInvitation } from '../../src/core/wire/invitation.ts';
import { until } from '../e2e/support/until.ts';
import { testEnv } from '../support/test-env.ts';

const KEY = 'service/key';

function temporary(t: test.TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-invitations-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const one = (name: string): ListedInvitation => ({ name, secret: new Uint8Array(32).fill(name.length), madeAtMs: 1_771_200_000_000 });

test('a service’s list comes back as it was; no list is another thing than an empty one', async (t) => {
  const folder = temporary(t);
  assert.equal(await readInvitations(folder), undefined);
  await changeInvitations(folder, () => [one('anna'), one('bo')]);
  assert.deepEqual(await readInvitations(folder), [one('anna'), one('bo')]);
  await changeInvitations(folder, (list) => list?.slice(2));
  assert.deepEqual(await readInvitations(folder), []);
  await changeInvitations(folder, () => undefined);
  assert.equal(await readInvitations(folder), undefined);
});

test('the list is for its owner’s eyes alone, and a damaged one lets nobody in by mistake', async (t) => {
  const folder = temporary(t);
  await changeInvitations(folder, () => [one('anna')]);
  const own = join(folder, 'invitations');
  const file = join(own, 'list.json');
  assert.deepEqual([statSync(own).mode & 0o777, statSync(file).mode & 0o777], [0o700, 0o600]);
  const whole = readFileSync(file, 'utf8');
  for (const damaged of ['', '{', '[]', '{"invitations":[{"name":"anna","secret":"abc","madeAtMs":1}]}', whole.slice(0, -20)]) {
    writeFileSync(file, damaged);
    await assert.rejects(readInvitations(folder), { kind: 'internal', message: /damaged/ }, damaged);
    await assert.rejects(
      changeInvitations(folder, () => []),
      { kind: 'internal' },
    );
  }
});

test('changes at one time all count, and one that fails or was killed leaves what was there', async (t) => {
  const folder = temporary(t);
  await Promise.all(Array.from({ length: 8 }, (_, i) => changeInvitations(folder, (list = []) => [...list, one('x'.repeat(i + 1))])));
  assert.equal((await readInvitations(folder))?.length, 8);
  await assert.rejects(
    changeInvitations(folder, () => {
      throw new RangeError('no');
    }),
    RangeError,
  );
  assert.equal((await readInvitations(folder))?.length, 8);
  writeFileSync(join(folder, 'invitations', '~9.1'), 'half');
  await changeInvitations(folder, (list) => list);
  assert.deepEqual(readdirSync(join(folder, 'invitations')), ['list.json']);
});

test('whoever serves hears of each change once, and of a list that cannot be read', async (t) => {
  const folder = temporary(t);
  await changeInvitations(folder, () => [one('anna')]);
  const heard: (string[] | undefined)[] = [];
  const faults: string[] = [];
  const known = await readInvitations(folder);
  const onChange = (list: ListedInvitation[] | undefined): void => void heard.push(list?.map(({ name }) => name));
  const end = followInvitations(folder, known, onChange, ({ message }) => void faults.push(message), 20);
  t.after(end);
  const keepAlive = setInterval(() => undefined, 1000);
  t.after(() => clearInterval(keepAlive));
  await changeInvitations(folder, () => []);
  await until('the change', () => heard.length === 1);
  writeFileSync(join(folder, 'invitations', 'list.json'), '{');
  await until('the fault', () => faults.length === 1);
  rmSync(join(folder, 'invitations', 'list.json'));
  await until('the end of the list', () => heard.length === 2);
  assert.deepEqual(heard, [[], undefined]);
  await delay(0);
  assert.equal(faults.length, 1);
});

/** What `gnet expose 3000 <flags>` says of its invitations. */
async function managed(folder: string, ...flags: string[]): Promise<Record<string, unknown>> {
  const out = new PassThrough({ encoding: 'utf8' });
  const output = new Output(true, out, Object.assign(new PassThrough(), { isTTY: false }));
  const invocation: Invocation = { ...parseCommand(expose, ['3000', ...flags]), output, stop: new AbortController().signal };
  if (!managesInvitations(invocation)) return { did: false };
  const own = join(folder, 'peers', 'service');
  const env = testEnv({ seed: flags.join() });
  await manageInvitations(invocation, { env, dataFolder: folder, folder: own, keyRecord: KEY, command: 'gnet expose 3000' });
  return JSON.parse(String(out.read())) as Record<string, unknown>;
}

test('--invite, --invites, --revoke and --public do what they say, one at a time, while the service runs too', async (t) => {
  const folder = temporary(t);
  assert.deepEqual(await managed(folder), { did: false });
  const { address, invitation, invited, link } = await managed(folder, '--invite', 'anna', '--app', 'https://gnet.example/');
  assert.equal(invited, 'anna');
  assert.equal(parseInvitation(String(invitation)).address, address);
  assert.equal(link, `https://gnet.example/#/invitation/${String(invitation).replace('#', '/')}`);
  // The service's own process holds its folder.
  const store = await openFileStore(join(folder, 'peers', 'service'));
  t.after(() => store.close());
  const second = await managed(folder, '--invite', 'bo');
  assert.deepEqual([second['address'], second['link']], [address, undefined], 'nobody has said where the app is');
  const listed = await managed(folder, '--invites');
  assert.deepEqual(
    (listed['invitations'] as { name: string }[]).map(({ name }) => name),
    ['anna', 'bo'],
  );
  assert.ok(!JSON.stringify(listed).includes('secret'), 'shown once');
  await assert.rejects(managed(folder, '--invite', 'anna'), { kind: 'malformed', message: /there is an invitation for 'anna'/ });
  await assert.rejects(managed(folder, '--invite', '../x'), { kind: 'malformed', message: /--invite wants a name/ });
  await assert.rejects(managed(folder, '--revoke', 'carol'), { kind: 'malformed', message: /no invitation for 'carol'/ });
  await assert.rejects(managed(folder, '--invites', '--public'), { kind: 'malformed', message: /one of --invite/ });
  for (const name of ['anna', 'bo']) assert.equal((await managed(folder, '--revoke', name))['revoked'], name);
  assert.equal(
    (await managed(folder, '--invites'))['byInvitation'],
    true,
    'with the last one taken back it is for nobody, not for everybody',
  );
  assert.equal((await managed(folder, '--public'))['byInvitation'], false);
  assert.equal((await managed(folder, '--invites'))['byInvitation'], false);
});

test('one invitation more than a record has entries is refused', async (t) => {
  const folder = temporary(t);
  await managed(folder, '--invite', 'first');
  const own = join(folder, 'peers', 'service');
  await changeInvitations(own, () => Array.from({ length: INVITATIONS_MAX }, (_, i) => one(`n${i}`)));
  await assert.rejects(managed(folder, '--invite', 'last'), { kind: 'full' });
});

test('an invitation that was given is kept by its address, as text or by a file with some; what is none is named', async (t) => {
  const folder = temporary(t);
  const env = testEnv();
  const made = [1, 2].map((byte) => {
    const address = encodeAddress(env.crypto.ed25519Public(new Uint8Array(32).fill(byte)));
    return { address, secret: new Uint8Array(32).fill(byte) };
  });
  const [first, second] = made.map(formatInvitation) as [string, string];
  assert.equal(await keptInvitation(folder, made[0]!.address), undefined);
  await keepInvitations(folder, [first]);
  const file = join(folder, 'given');
  writeFileSync(file, `${second}\n\n`);
  await keepInvitations(folder, [file]);
  for (const { address, secret } of made) assert.deepEqual(await keptInvitation(folder, address), secret);
  const kept = join(folder, 'invitations');
  assert.deepEqual(
    [kept, ...readdirSync(kept).map((name) => join(kept, name))].map((path) => statSync(path).mode & 0o777),
    [0o700, 0o600, 0o600],
  );
  await keepInvitations(folder, [formatInvitation({ ...made[0]!, secret: new Uint8Array(32).fill(9) })]);
  assert.deepEqual(await keptInvitation(folder, made[0]!.address), new Uint8Array(32).fill(9), 'a new one takes the place of the old');
  writeFileSync(file, '\n');
  for (const [given, problem] of [
    [join(folder, 'nothing'), /wants an invitation or a file with one.*ENOENT/],
    [file, /no invitation in/],
    [first.slice(0, -1), /not an invitation/],
  ] as const)
    await assert.rejects(keepInvitations(folder, [given]), { kind: 'malformed', message: problem });
  writeFileSync(join(kept, made[0]!.address.slice(0, -5)), second.slice(3));
  await assert.rejects(keptInvitation(folder, made[0]!.address), { kind: 'internal', message: /damaged/ });
});

test('a service’s key can be taken over from another host’s file, once; its host key never is', async (t) => {
  const folder = temporary(t);
  const env = testEnv();
  const [one, two] = [await openFileStore(join(folder, 'one')), await openFileStore(join(folder, 'two'))];
  const identity = await keptIdentity(env, one.records, KEY);
  const file = join(folder, 'one', 'records', 'service.key');
  await takeOverKey(two.records, KEY, file);
  await takeOverKey(two.records, KEY, file);
  assert.deepEqual(await keptIdentity(env, two.records, KEY), identity);
  assert.notDeepEqual(await keptHostKey(env, two.records), await keptHostKey(env, one.records));
  assert.deepEqual(await identityIn(env, join(folder, 'two'), KEY), identity, 'while it runs');
  mkdirSync(join(folder, 'short'));
  writeFileSync(join(folder, 'other'), new Uint8Array(32).fill(7));
  writeFileSync(join(folder, 'cut'), new Uint8Array(31));
  for (const [given, problem] of [
    ['other', /has a key of its own/],
    ['cut', /no service's key: 31 bytes/],
    ['missing', /cannot be read.*ENOENT/],
    ['short', /cannot be read.*EISDIR/],
  ] as const)
    await assert.rejects(takeOverKey(two.records, KEY, join(folder, given)), { kind: 'malformed', message: problem });
  await Promise.all([one.close(), two.close()]);
});
