/** Issuers, owners and readers in a terminal: keys, certificates, and whom this user trusts. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import {
  CARRYING,
  carried,
  carrying,
  certificatesOf,
  readCertificates,
  refuseForeign,
  refuseUncertified,
} from '../../node/cli/certificates.ts';
import { type Command, parseCommand } from '../../node/cli/command.ts';
import { Output } from '../../node/cli/output.ts';
import { certify } from '../../node/commands/certify.ts';
import { expose } from '../../node/commands/expose.ts';
import { seed } from '../../node/commands/seed.ts';
import { trust } from '../../node/commands/trust.ts';
import { nodeEnv } from '../../node/node-env.ts';
import { complete } from '../../node/prompt/index.ts';
import { changeTrusted, readTrusted } from '../../node/trusted-keys.ts';
import { identityFromSeed, nobleCrypto } from '../../src/core/crypto/index.ts';
import { checkCertificates } from '../../src/core/peer/certificates.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { encodeCertificates, formatCertificate, parseCertificate, signCertificate } from '../../src/core/wire/certificate.ts';
import { formatIssuer, parseIssuer } from '../../src/core/wire/issuer.ts';
import { judge } from '../../src/shared/certificates.ts';
import { TRUSTED_MAX } from '../../src/shared/trusted-keys.ts';

const DAY_MS = 86_400_000;
const SERVICE = nobleCrypto.ed25519Public(new Uint8Array(32).fill(7));
const ADDRESS = encodeAddress(SERVICE);
const issuerKey = (byte: number): string => formatIssuer(nobleCrypto.ed25519Public(new Uint8Array(32).fill(byte)));

function temporary(t: test.TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-certificates-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What `gnet <command> …` says, as text or as objects. */
async function said(command: Command, folder: string, json: boolean, args: string[]): Promise<string> {
  const out = new PassThrough({ encoding: 'utf8' });
  const output = new Output(json, out, Object.assign(new PassThrough(), { isTTY: false }));
  const parsed = parseCommand(command, [...args, '--data', folder]);
  await command.run({ ...parsed, output, stop: new AbortController().signal });
  return String(out.read());
}
const told = async (command: Command, folder: string, ...args: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await said(command, folder, true, args)) as Record<string, unknown>;

test('gnet certify signs one line that says what was wanted, by a key that is made once and is for its owner’s eyes', async (t) => {
  const folder = temporary(t);
  const { issuer } = await told(certify, folder);
  const line = await said(certify, folder, false, [ADDRESS.toUpperCase(), '--says', 'The Example Gazette', '--days', '30']);
  assert.match(line, /^certificate-[a-z2-7]+\n$/);
  const [read, ...more] = await checkCertificates(nodeEnv(), encodeCertificates([parseCertificate(line)]), SERVICE);
  assert.deepEqual(more, []);
  assert.deepEqual([read?.issuer, read?.says], [issuer, 'The Example Gazette']);
  assert.equal((read?.untilMs ?? 0) - (read?.fromMs ?? 0), 31 * DAY_MS, 'and a day before, for clocks that are behind');
  assert.ok(Math.abs((read?.untilMs ?? 0) - Date.now() - 30 * DAY_MS) < 60_000);
  const other = await told(certify, folder, ADDRESS, '--says', 'x', '--key', 'work');
  assert.notEqual(other['issuer'], issuer);
  assert.deepEqual(parseCertificate(String(other['certificate'])).subarray(33, 65), parseIssuer(String(other['issuer'])));
  const own = join(folder, 'issuers', 'records');
  assert.deepEqual(readdirSync(own).sort(), ['issuer', 'work']);
  assert.deepEqual([statSync(own).mode & 0o777, statSync(join(own, 'issuer')).mode & 0o777], [0o700, 0o600]);
});

test('gnet certify says what is wrong', async (t) => {
  const folder = temporary(t);
  for (const [args, why] of [
    [['x.gnet', '--says', 'y'], /not a \.gnet address/],
    [[ADDRESS], /a statement is about an address and has a text/],
    [['--says', 'y'], /a statement is about an address and has a text/],
    [[ADDRESS, '--says', 'a\nb'], /--says wants one line of text/],
    [[ADDRESS, '--says', ''], /it says nothing/],
    [[ADDRESS, '--says', 'x'.repeat(201)], /at most 200/],
    [[ADDRESS, '--says', 'y', '--days', '0'], /--days wants a whole number/],
    [[ADDRESS, '--says', 'y', '--days', '3651'], /--days wants/],
    [[ADDRESS, '--says', 'y', '--key', '../x'], /--key wants/],
  ] as const)
    await assert.rejects(told(certify, folder, ...args), { kind: 'malformed', message: why }, args.join(' '));
  assert.deepEqual(readdirSync(folder), [], 'no key is made for what is refused');
});

test('gnet trust keeps keys by name, whole, for its owner’s eyes; adds none twice, and takes nothing else for one', async (t) => {
  const folder = temporary(t);
  assert.deepEqual(await told(trust, folder, 'list'), { trusted: [] });
  await told(trust, folder, 'add', issuerKey(1), 'Alice');
  await told(trust, folder, 'add', issuerKey(2).toUpperCase(), ' Bürgerin Łucja-2 ');
  const list = [
    { name: 'Alice', issuer: issuerKey(1) },
    { name: 'Bürgerin Łucja-2', issuer: issuerKey(2) },
  ];
  assert.deepEqual(await told(trust, folder, 'list'), { trusted: list });
  assert.equal(await said(trust, folder, false, ['list']), `${issuerKey(1)}  Alice\n${issuerKey(2)}  Bürgerin Łucja-2\n`);
  const own = join(folder, 'trusted');
  assert.deepEqual([statSync(own).mode & 0o777, statSync(join(own, 'list.json')).mode & 0o777], [0o700, 0o600]);
  for (const [args, why] of [
    [['add', issuerKey(1), 'Again'], /trusted already, as 'Alice'/],
    [['add', issuerKey(3), 'Alice'], /another key is called 'Alice'/],
    [['add', ADDRESS, 'Carol'], /the address of a service/],
    [['add', issuerKey(3), 'a\nb'], /wants a name/],
    [['add', issuerKey(3), '\u202eecila'], /wants a name/],
    [['add', issuerKey(3)], /usage: gnet trust add/],
    [['remove', 'Carol'], /no trusted key is called 'Carol'/],
    [['list', 'x'], /usage/],
    [['fly'], /usage/],
  ] as const)
    await assert.rejects(told(trust, folder, ...args), { kind: 'malformed', message: why }, args.join(' '));
  await told(trust, folder, 'remove', 'Alice');
  await told(trust, folder, 'remove', issuerKey(2));
  assert.deepEqual(await readTrusted(folder), []);
});

test('the list of trusted keys: changes at one time all count, a damaged one trusts nobody, and there is an end to it', async (t) => {
  const folder = temporary(t);
  await Promise.all([1, 2, 3, 4].map((byte) => told(trust, folder, 'add', issuerKey(byte), `number ${byte}`)));
  assert.equal((await readTrusted(folder)).length, 4);
  const file = join(folder, 'trusted', 'list.json');
  const whole = readFileSync(file, 'utf8');
  for (const damaged of ['', '{', '[]', whole.slice(0, -30), whole.replace('issuer-', 'issuer-a'), whole.replace('number 1', '\u202e')]) {
    writeFileSync(file, damaged);
    await assert.rejects(readTrusted(folder), { kind: 'internal', message: /damaged/ }, damaged);
    await assert.rejects(told(trust, folder, 'add', issuerKey(9), 'nine'), { kind: 'internal' });
    assert.equal(readFileSync(file, 'utf8'), damaged, 'and is left as it is');
  }
  await changeTrusted(temporary(t), () => []);
  const many = Array.from({ length: TRUSTED_MAX }, (_, i) => ({ name: `n${i}`, issuer: issuerKey(i + 1) }));
  writeFileSync(file, JSON.stringify({ trusted: many }));
  await assert.rejects(told(trust, folder, 'add', issuerKey(200), 'last'), { kind: 'full' });
});

test('an owner’s --certificate is read a line each, once each; what is forged, expired or none is named with its file', async (t) => {
  const folder = temporary(t);
  const env = nodeEnv();
  const issuer = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(5));
  const nowS = Math.floor(Date.now() / 1000);
  const make = (text: string, untilS = nowS + 1000, service = SERVICE) =>
    signCertificate(nobleCrypto, issuer, { service, fromS: nowS - 10_000, untilS, text });
  const file = (name: string, ...lines: string[]): string => {
    writeFileSync(join(folder, name), lines.join('\n'));
    return join(folder, name);
  };
  const [one, two] = [make('one'), make('two')];
  const both = file('both', formatCertificate(one), '', ` ${formatCertificate(two)} `, '');
  const read = await readCertificates(env, [both, file('again', formatCertificate(one))]);
  assert.deepEqual(
    read.map(({ text }) => text),
    ['one', 'two'],
  );
  assert.deepEqual(certificatesOf(read, SERVICE), read);
  assert.match(carrying(read).words, /^\nCarries {2}one {2}\(issuer-[a-z2-7]{56}, until \d{4}-\d\d-\d\d\)\nCarries {2}two /);
  assert.deepEqual(carrying([]), { words: '', json: {} });
  const forged = make('one').bytes.slice();
  forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1;
  for (const [given, kind, why] of [
    [join(folder, 'nothing'), 'malformed', /cannot be read.*ENOENT/],
    [file('empty', '', ' '), 'malformed', /there is no certificate in/],
    [file('old', formatCertificate(make('old', nowS - 5))), 'malformed', /old: it expired on \d{4}-\d\d-\d\d; ask its issuer/],
    [file('cut', formatCertificate(one).slice(0, -8)), 'malformed', /cut: not a certificate/],
    [file('forged', formatCertificate({ bytes: forged })), 'unverified', /forged: the signature/],
  ] as const)
    await assert.rejects(readCertificates(env, [given]), { kind, message: why }, given);
  const foreign = make('other', nowS + 1000, nobleCrypto.ed25519Public(new Uint8Array(32).fill(8)));
  refuseForeign(read, [SERVICE]);
  assert.throws(() => refuseForeign([one, foreign], [SERVICE]), {
    kind: 'malformed',
    message: /it is about .*\.gnet, and what is served here is/,
  });
  const five = ['a', 'b', 'c', 'd', 'e'].map((text) => make(text));
  assert.throws(() => certificatesOf(five, SERVICE), { kind: 'full', message: /at most 4/ });
  for (const command of [expose, seed]) assert.equal(command.options['certificate'], CARRYING['certificate']);
});

test('--certified lets through whom a trusted key speaks for now, and asks the list anew each time', async (t) => {
  const folder = temporary(t);
  const env = nodeEnv();
  const issuer = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(5));
  const nowS = Math.floor(Date.now() / 1000);
  const make = (untilS: number) =>
    signCertificate(nobleCrypto, issuer, { service: SERVICE, fromS: 0, untilS, text: 'The Example Gazette' });
  const visit = (...list: { bytes: Uint8Array }[]) => ({
    certificates: async () => checkCertificates(env, encodeCertificates(list.map(({ bytes }) => bytes)), SERVICE),
  });
  const refused = { kind: 'refused', message: /no key that you trust/ } as const;
  await assert.rejects(refuseUncertified(env, folder, visit(make(nowS + 100))), refused, 'nobody is trusted');
  await told(trust, folder, 'add', formatIssuer(issuer.publicKey), 'Alice');
  await refuseUncertified(env, folder, visit(make(nowS + 100)));
  await assert.rejects(refuseUncertified(env, folder, visit(make(nowS - 100))), refused, 'expired');
  await assert.rejects(refuseUncertified(env, folder, visit()), refused, 'none');
  await told(trust, folder, 'remove', 'Alice');
  await assert.rejects(refuseUncertified(env, folder, visit(make(nowS + 100))), refused);
});

test('what a visited service carries is told as text and as an object: words of strangers in neither', () => {
  const list = [1, 2].map((byte) => ({ issuer: issuerKey(byte), says: `words ${byte}`, fromMs: 0, untilMs: DAY_MS }));
  const { words, json } = carried(judge(list, [{ name: 'Alice', issuer: issuerKey(1) }], 5));
  assert.equal(
    words,
    `\nAlice (a key that you trust) says, until 1970-01-02:\n  words 1\nIt carries a statement of a key that you do not trust:\n  ${issuerKey(2)}`,
  );
  const times = { from: '1970-01-01T00:00:00Z', until: '1970-01-02T00:00:00Z' };
  assert.deepEqual(json, [
    { issuer: issuerKey(1), trusted: 'Alice', standing: 'holds', says: 'words 1', ...times },
    { issuer: issuerKey(2), trusted: false, standing: 'holds', ...times },
  ]);
});

test('the prompt completes what may follow gnet trust, and files of --certificate', (t) => {
  const folder = temporary(t);
  writeFileSync(join(folder, 'certificate.txt'), '');
  const of = (line: string) => complete({ commands: [trust, expose, certify], own: [], pids: () => [] }, line)[0];
  assert.deepEqual(of('trust '), ['add ', 'list ', 'remove ']);
  assert.deepEqual(of('trust r'), ['remove ']);
  assert.deepEqual(of('trust add x'), []);
  assert.deepEqual(of(`expose 80 --certificate ${folder}/cert`), [`${folder}/certificate.txt `]);
  assert.deepEqual(of('certify x --sa'), ['--says ']);
});
