/** What a user does with `gnet expose --invite` and `gnet proxy --invitation`, on a network that runs already. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { type Answer, curl, CURL_PROXY, CURL_RESET } from './curl.ts';
import { type Gnet, gnet, type Line } from './gnet.ts';
import type { Network } from './network.ts';
import { until } from './until.ts';

interface Invited {
  readonly url: string;
  readonly page: HttpServer;
  manage(...flags: string[]): Promise<Line | undefined>;
  readonly service: Gnet;
  readonly guest: Gnet;
  readonly guests: string;
  readonly next: Gnet;
  readonly nexts: string;
  readonly came: Promise<Answer>;
}

export interface InvitedPlace {
  readonly network: Network;
  start(...args: string[]): Gnet;
  /** A service for everybody. */
  readonly address: string;
  /** A proxy that was given no invitation, and where it listens. */
  readonly proxy: Gnet;
  readonly socks: string;
}

/** @returns what is to come some tests later, for it waits for ten seconds of silence. */
export function invitedSuite(place: () => InvitedPlace): () => void {
  /** What is for the invited alone, the program that holds the invitation, stopped, and the next one that has come with it. */
  let invited: Invited;
  const listens = async (process: Gnet): Promise<string> => String((await process.line('listens'))['listens']);

  it('a service by invitation: a stranger is told so, the invited gets the page, and a second program does not; by its certificate it is told from others', async () => {
    const { network, start, address, proxy, socks } = place();
    const page = createServer((request, response) => {
      if (request.url === '/stay') response.write('it goes on');
      else response.end('for the invited');
    });
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const port = String((page.address() as AddressInfo).port);
    const manage = async (...flags: string[]) => (await gnet(['expose', port, ...flags, '--json', '--data', network.dataFolder])).lines[0];
    const { invitation, address: closed } = (await manage('--invite', 'anna')) ?? {};
    const certificate = join(network.folder, 'certificate');
    const own = ['--json', '--data', network.dataFolder];
    const [signed] = (await gnet(['certify', String(closed), '--says', 'A closed house', ...own])).lines;
    writeFileSync(certificate, `${String(signed?.['certificate'])}\n`);
    await gnet(['trust', 'add', String(signed?.['issuer']), 'Anna', ...own]);
    const service = start('expose', port, '--certificate', certificate);
    const { address: served, invited: out } = await service.line('address');
    assert.deepEqual([served, out], [closed, 1]);
    assert.match(String(invitation), new RegExp(`^${String(closed)}#[a-z2-7]{56}$`));
    const url = `http://${String(closed)}/`;
    const no = await curl('--socks5-hostname', socks, url);
    assert.deepEqual([no.code, /not allowed|\(2\)/i.test(no.words)], [CURL_PROXY, true], no.words);
    assert.match(String((await proxy.line('warning'))['warning']), /for invited visitors alone: ask its owner/);

    const file = join(network.folder, 'invitation');
    writeFileSync(file, `${String(invitation)}\n`);
    const guest = start('proxy', '--listen', '127.0.0.1:0', '--strict', '--name', 'guest', '--invitation', file, '--certified');
    const next = start('proxy', '--listen', '127.0.0.1:0', '--strict', '--name', 'next');
    const guests = await listens(guest);
    assert.equal(String((await curl('--socks5-hostname', guests, url)).body), 'for the invited');
    // The data folder is shared, so the other proxy has the invitation now as well: as a second program that uses it.
    assert.notEqual((await curl('--socks5-hostname', socks, url)).code, 0);
    assert.match(String((await guest.line('warning'))['warning']), /another program came with your invitation, and was refused/);
    const elsewhere = await curl('--socks5-hostname', guests, `http://${address}/`);
    assert.deepEqual([elsewhere.code, /not allowed|\(2\)/i.test(elsewhere.words)], [CURL_PROXY, true], elsewhere.words);
    await until('why', () => guest.lines.some(({ warning }) => /^no key that you trust says anything of this/.test(String(warning))));
    assert.equal(String((await curl('--socks5-hostname', guests, url)).body), 'for the invited');

    const nexts = await listens(next);
    process.kill(guest.pid as number, 'SIGSTOP');
    invited = { url, page, manage, service, guest, guests, next, nexts, came: curl('--socks5-hostname', nexts, url) };
  });

  return () =>
    it('who holds an invitation is silent for ten seconds: another program comes in with it, and the first is told when it is back; taken back, the invitation ends what is open', async () => {
      const { url, page, manage, service, guest, guests, next, nexts, came } = invited;
      assert.equal(String((await came).body), 'for the invited');
      process.kill(guest.pid as number, 'SIGCONT');
      assert.notEqual((await curl('--socks5-hostname', guests, url)).code, 0);
      await until('it is told', () =>
        guest.lines.some(({ warning }) => /another program uses your invitation, and was/.test(String(warning))),
      );

      const staying = curl('--socks5-hostname', nexts, `${url}stay`);
      await until('it is open', () => new Promise<boolean>((resolve) => page.getConnections((_, count) => resolve(count > 0))));
      assert.equal((await manage('--invites'))?.['byInvitation'], true);
      assert.equal((await manage('--revoke', 'anna'))?.['revoked'], 'anna');
      assert.deepEqual((await service.line('byInvitation'))['invited'], []);
      const cut = await staying;
      assert.deepEqual([cut.code, String(cut.body)], [CURL_RESET, 'it goes on'], cut.words);
      const after = await curl('--socks5-hostname', nexts, url);
      assert.equal(after.code, CURL_PROXY, after.words);
      page.close();
      await Promise.all([guest.stop(), next.stop(), service.stop()]);
    });
}
