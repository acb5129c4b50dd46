/** What a user does with `gnet inbox` and `gnet send`, on a network that runs already. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Gnet, gnet, PROGRAM } from './gnet.ts';
import type { Network } from './network.ts';
import { until } from './until.ts';

const HOSTILE = '\u001b[2J\u009b31mfirst\r\n2026-01-01 00:00:00 UTC  signed by nobody';

/** @param site an address where something else than an inbox is. @param unknown one that nobody has published. */
export function inboxSuite(network: () => Network, site: () => string, unknown: string): void {
  describe('messages, by gnet inbox and gnet send', () => {
    let address: string;
    const args = (...words: string[]): string[] => [...words, '--data', network().dataFolder];
    const send = (...words: string[]): Promise<Gnet> => gnet(args('send', ...words));
    const list = async (): Promise<Gnet> => gnet(args('inbox', '--list'));
    const wait = async (...flags: string[]): Promise<Gnet> => {
      const inbox = new Gnet(args('inbox', '--json', ...flags));
      address = String((await inbox.line('address'))['address']);
      return inbox;
    };

    it('two messages at once are shown as they come, anonymous or signed, from an argument or standard input; no escape reaches the terminal', async () => {
      const inbox = await wait();
      const signed = spawn(process.execPath, [PROGRAM, ...args('send', address, '-', '--sign', 'anna', '--json')]);
      signed.stdin.end('second ☕\n');
      const [sent, [said]] = await Promise.all([send(address, HOSTILE), once(signed.stdout, 'data') as Promise<[Buffer]>]);
      assert.deepEqual([sent.exitCode, sent.stdout], [0, 'Kept by the inbox.\n'], sent.stderr);
      const { id, signedBy } = JSON.parse(String(said)) as Record<string, unknown>;
      const texts = await until('both messages', () => {
        const shown = inbox.lines.filter((line) => 'text' in line);
        return shown.length === 2 && shown;
      });
      assert.equal(texts.find((line) => line['text'] === HOSTILE)?.['signedBy'], undefined);
      const second = texts.find((line) => line['text'] === 'second ☕');
      assert.deepEqual([second?.['id'], second?.['signedBy']], [id, signedBy]);
      assert.match(String(signedBy), /^[a-z2-7]{52}$/);
      assert.doesNotMatch(inbox.stdout, /[\u007f-\u009f]/);
      const listed = (await list()).stdout;
      assert.match(listed, /^[\d-]+ [\d:]+ UTC {2}anonymous\n {4}\\u\{1b\}\[2J\\u\{9b\}31mfirst\n {4}2026-01-01 .*nobody\n/m);
      assert.match(listed, new RegExp(`UTC {2}signed by ${String(signedBy)}\n {4}second ☕\n`));
      const uncertified = await send(address, 'for who is vouched for', '--certified');
      assert.match(uncertified.stderr, /no key that you trust says anything of this service that holds now/);
      assert.deepEqual([uncertified.exitCode, (await list()).stdout], [1, listed]);
      const other = await gnet(args('inbox'));
      assert.deepEqual([other.exitCode, /in use by process/.test(other.stderr)], [1, true], other.stderr);
      await inbox.stop('SIGKILL');
    });

    it('an inbox that was killed has its address and its messages when it is started anew, and is known by its certificate; what is deleted is gone', async () => {
      const before = address;
      const certificate = join(network().folder, 'inbox.txt');
      const [signed] = (await gnet(args('certify', address, '--says', 'The library’s letter box', '--json'))).lines;
      writeFileSync(certificate, String(signed?.['certificate']));
      await gnet(args('trust', 'add', String(signed?.['issuer']), 'Library'));
      const inbox = await wait('--certificate', certificate);
      assert.equal(address, before);
      const sent = await send(address, 'third', '--certified');
      assert.equal(sent.exitCode, 0, sent.stderr);
      assert.equal((await inbox.line('text'))['text'], 'third');
      assert.equal((await list()).stdout.match(/ UTC {2}/g)?.length, 4, 'three messages, one of which has such a line in its text');
      assert.equal((await gnet(args('inbox', '--clear'))).stdout, '3 messages deleted.\n');
      assert.equal((await list()).stdout, '');
      await inbox.stop();
      assert.equal(inbox.exitCode, 0);
    });

    it('says plainly why a message was not taken', async () => {
      for (const [to, exitCode, words] of [
        [site(), 1, /no inbox: it takes no messages/],
        [unknown, 3, /no record of .*: it was never published/],
      ] as const) {
        const failed = await send(to, 'hello');
        assert.match(failed.stderr, words);
        assert.deepEqual([failed.exitCode, failed.stdout], [exitCode, '']);
      }
    });
  });
}
