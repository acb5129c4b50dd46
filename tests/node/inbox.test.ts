/** Where messages are kept, and how they are shown. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type Invocation, parseCommand } from '../../node/cli/command.ts';
import { Output } from '../../node/cli/output.ts';
import { plainJson, plainText } from '../../node/cli/plain-text.ts';
import { inbox } from '../../node/commands/inbox.ts';
import { send } from '../../node/commands/send.ts';
import { peerFolderOf } from '../../node/data-folder.ts';
import { identityIn } from '../../node/kept-key.ts';
import { clearMessages, MessageFolder, readMessages } from '../../node/message-folder.ts';
import { nodeEnv } from '../../node/node-env.ts';
import { keptSigningKey } from '../../node/signing-key.ts';
import { base32 } from '../../src/core/bytes/base32.ts';
import { hex } from '../../src/core/bytes/bytes.ts';
import type { Identity } from '../../src/core/crypto/identity.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { encodeInboxMessage, type InboxMessage, verifyInboxMessage } from '../../src/core/wire/inbox.ts';
import { temporary } from '../support/folders.ts';
import { testPeer } from '../support/peers.ts';

const env = nodeEnv('error');
const { publicKey: KEY } = testPeer('inbox').identity;

function message(text: string, inboxKey = KEY, signer?: Identity): InboxMessage {
  return verifyInboxMessage(env.crypto, encodeInboxMessage(env.crypto, { id: env.random(16), text }, inboxKey, signer), inboxKey);
}

async function textsIn(folder: string): Promise<string[]> {
  const { messages, damaged } = await readMessages(folder, env.crypto, KEY);
  assert.deepEqual(damaged, []);
  return messages.map((kept) => kept.message.text);
}

describe('messages that are kept', () => {
  it('come back in their order, are for their owner only, and are known by their ids, deleted or not', async (t) => {
    const folder = temporary(t);
    const kept = await MessageFolder.open(folder);
    assert.deepEqual(await textsIn(folder), []);
    const [first, second] = [message('first'), message('second')];
    assert.deepEqual(await Promise.all([kept.keep(second, 2000), kept.keep(first, 1000), kept.keep(second, 3000)]), [
      'new',
      'new',
      'known',
    ]);
    assert.deepEqual(await textsIn(folder), ['first', 'second']);
    const place = join(folder, 'messages');
    const modes = [place, ...readdirSync(place).map((name) => join(place, name))].map((path) => statSync(path).mode & 0o777);
    assert.deepEqual(modes, [0o700, 0o600, 0o600]);
    const next = await MessageFolder.open(folder);
    assert.equal(await next.keep(first, 9000), 'known', 'after a new start');
    assert.equal(await clearMessages(folder), 2);
    assert.deepEqual(await textsIn(folder), []);
    assert.equal(await kept.keep(first, 9000), 'known', 'deleted while it runs');
    assert.equal(await clearMessages(folder), 0);
  });

  it('are so many and no more, until some are deleted, by whichever process', async (t) => {
    const folder = temporary(t);
    const kept = await MessageFolder.open(folder, 2);
    for (const [text, result] of [
      ['one', 'new'],
      ['two', 'new'],
      ['three', 'full'],
    ] as const)
      assert.equal(await kept.keep(message(text), 1), result);
    assert.equal(await clearMessages(folder), 2);
    assert.equal(await kept.keep(message('four'), 1), 'new');
    assert.deepEqual(await textsIn(folder), ['four']);
  });

  it('that a disk has damaged are named and hide no others', async (t) => {
    const folder = temporary(t);
    const kept = await MessageFolder.open(folder);
    for (const [i, text] of ['one', 'two'].entries()) await kept.keep(message(text), i);
    const place = join(folder, 'messages');
    const [path] = readdirSync(place).map((name) => join(place, name)) as [string];
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    writeFileSync(join(place, '~1.0'), 'half');
    writeFileSync(join(place, 'notes.txt'), 'mine');
    const { messages, damaged } = await readMessages(folder, env.crypto, KEY);
    assert.deepEqual([messages.map((one) => one.message.text), damaged], [['two'], [path]]);
    assert.equal((await readMessages(folder, env.crypto, new Uint8Array(32))).damaged.length, 1, 'what is not signed is of any inbox');
  });

  it('are all there when their process was killed, whole; what it had begun is gone with the next one', async (t) => {
    const folder = temporary(t);
    const code = `
      const { MessageFolder } = await import('./node/message-folder.ts');
      const { encodeInboxMessage, verifyInboxMessage } = await import('./src/core/wire/inbox.ts');
      const { nodeEnv } = await import('./node/node-env.ts');
      const [folder, key] = [process.argv[1], new Uint8Array(Buffer.from(process.argv[2], 'hex'))];
      const env = nodeEnv('error');
      const kept = await MessageFolder.open(folder);
      const one = async (i) => {
        const draft = { id: env.random(16), text: 'x'.repeat(16000) + i };
        await kept.keep(verifyInboxMessage(env.crypto, encodeInboxMessage(env.crypto, draft, key), key), i);
        console.log(i);
      };
      for (let i = 0; ; i++) await one(i);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, '--', folder, hex(KEY)], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const said: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line);
      if (said.length === 20) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const kept = new Set((await textsIn(folder)).map((text) => text.replace(/^x+/, '')));
    assert.ok(said.length >= 20);
    for (const line of said) assert.ok(kept.has(line), `${line} was acknowledged`);
    await MessageFolder.open(folder);
    assert.ok(readdirSync(join(folder, 'messages')).every((name) => !name.startsWith('~')));
  });
});

/** Ranges of code points: controls but the line feed, marks of direction, separators, what is invisible, half a character. */
const ACTS = [
  0, 9, 11, 31, 127, 159, 0x61c, 0x61c, 0x200b, 0x200b, 0x200e, 0x200f, 0x2028, 0x202e, 0x2060, 0x2069, 0xd800, 0xdfff, 0xfeff, 0xfeff,
];

function isHarmless(text: string): boolean {
  const acts = (point: number): boolean => ACTS.some((from, i) => i % 2 === 0 && point >= from && point <= (ACTS[i + 1] as number));
  return ![...text].some((letter) => acts(letter.codePointAt(0) as number));
}

const HOSTILE =
  'a\u001b[2J\u001b]0;title\u0007b\u009b31m\r\nc\rd\u202egnp.exe\u2028e\tf\n2026-11-21 10:00:00 UTC  signed by me\n\u{e0041}\ufeff';

describe('a stranger’s text', () => {
  it('reaches no terminal with what a terminal acts on, and its lines look like no others', () => {
    assert.equal(plainText('grüße, 中文, عربي, 👨‍👩‍👧 ok', '  '), 'grüße, 中文, عربي, 👨‍👩‍👧 ok');
    assert.equal(
      plainText(HOSTILE, '  '),
      'a\\u{1b}[2J\\u{1b}]0;title\\u{7}b\\u{9b}31m\n  c\\u{d}d\\u{202e}gnp.exe\\u{2028}e    f\n  2026-11-21 10:00:00 UTC  signed by me\n  \\u{e0041}\\u{feff}',
    );
    const texts = fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' }))).map((parts) => parts.join(''));
    const json = plainJson({ text: HOSTILE });
    assert.ok(isHarmless(json));
    fc.assert(
      fc.property(texts, (text) => isHarmless(plainText(text, ''))),
      { numRuns: 40 },
    );
    assert.deepEqual(JSON.parse(json), { text: HOSTILE });
    fc.assert(
      fc.property(texts, (text) => isHarmless(plainJson([text])) && JSON.parse(plainJson([text]))[0] === text),
      { numRuns: 40 },
    );
  });
});

/** What a command says, with its notes apart. */
async function said(command: typeof inbox, args: readonly string[], json = false): Promise<{ out: string; err: string }> {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })];
  const output = new Output(json, out, Object.assign(err, { isTTY: false }));
  const invocation: Invocation = { ...parseCommand(command, args), output, stop: new AbortController().signal };
  await command.run(invocation);
  return { out: String(out.read() ?? ''), err: String(err.read() ?? '') };
}

describe('gnet inbox', () => {
  it('lists what is kept, who signed it and when it came, and deletes it', async (t) => {
    const data = temporary(t);
    const folder = peerFolderOf(data, 'box');
    const at = ['--data', data, '--name', 'box'];
    assert.match((await said(inbox, ['--list', ...at])).err, /^0 messages at [a-z2-7]{56}\.gnet\.\n$/);
    const { publicKey } = await identityIn(env, folder, 'inbox/key');
    const anna = await keptSigningKey(env, data, 'anna');
    const kept = await MessageFolder.open(folder);
    await kept.keep(message(HOSTILE, publicKey), Date.UTC(2026, 10, 21, 10));
    await kept.keep(message('two\nlines', publicKey, anna), Date.UTC(2026, 10, 21, 11));
    const { out, err } = await said(inbox, ['--list', ...at]);
    assert.ok(isHarmless(out));
    const lines = out.split('\n');
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('    ')),
      ['2026-11-21 10:00:00 UTC  anonymous', `2026-11-21 11:00:00 UTC  signed by ${base32(anna.publicKey)}`, ''],
    );
    assert.deepEqual(lines.slice(-3), ['    two', '    lines', '']);
    assert.equal(err, `2 messages at ${encodeAddress(publicKey)}.\n`);
    const rows = (await said(inbox, ['--list', ...at], true)).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      rows.map((row) => [row['at'], row['text'], row['signedBy']]),
      [
        ['2026-11-21T10:00:00.000Z', HOSTILE, undefined],
        ['2026-11-21T11:00:00.000Z', 'two\nlines', base32(anna.publicKey)],
      ],
    );
    assert.equal((await said(inbox, ['--clear', ...at])).out, '2 messages deleted.\n');
    assert.equal((await said(inbox, ['--list', ...at])).out, '');
    await assert.rejects(said(inbox, ['--list', '--clear', ...at]), { kind: 'malformed' });
  });
});

describe('gnet send', () => {
  it('says what is wrong before it joins anything', async (t) => {
    const data = temporary(t);
    const address = encodeAddress(KEY);
    for (const [args, words] of [
      [['example.org', 'hello'], /not a \.gnet address/],
      [[address, ''], /an empty message/],
      [[address, 'x'.repeat(16_269)], /too large: 16269 bytes, and a message holds at most 16268/],
    ] as const)
      await assert.rejects(said(send, [...args, '--data', data]), { kind: 'malformed', message: words });
    for (const args of [[address], [address, 'two', 'words'], [address, 'hello', '--sign', '../x']])
      assert.throws(() => parseCommand(send, args), { kind: 'malformed' });
    await assert.rejects(said(send, [address, 'hello', '--data', data]), { kind: 'unreachable', message: /no local network runs/ });
  });

  it('signs with one key under one name, whoever asks first', async (t) => {
    const data = temporary(t);
    const keys = await Promise.all(['anna', 'anna', 'bo', 'anna'].map((name) => keptSigningKey(env, data, name)));
    const [anna, again, bo, third] = keys.map(({ publicKey }) => base32(publicKey));
    assert.deepEqual([again, third, bo === anna], [anna, anna, false]);
    const path = join(data, 'signing', 'records', 'anna');
    assert.deepEqual([statSync(path).mode & 0o777, statSync(join(data, 'signing')).mode & 0o777], [0o600, 0o700]);
    writeFileSync(path, 'damaged');
    await assert.rejects(keptSigningKey(env, data, 'anna'), { kind: 'internal', message: /damaged/ });
  });
});
