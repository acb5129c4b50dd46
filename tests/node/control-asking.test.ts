/** Who asks a control socket: what is there, what answers, and what does not. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { askProcesses } from '../../node/cli/processes.ts';
import { Output } from '../../node/cli/output.ts';
import { askControl, startControlServer } from '../../node/control/index.ts';
import { openDataFolder } from '../../node/data-folder.ts';

describe('who asks a control socket', () => {
  let folder: string;
  let path: string;
  const said = (json = false): { out: string[]; output: Output } => {
    const out: string[] = [];
    const stream = { write: (text: string) => out.push(text) > 0 } as unknown as NodeJS.WritableStream;
    return { out, output: new Output(json, stream, stream) };
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gnet-ask-'));
    openDataFolder(folder);
    path = join(folder, 'run', '123456.sock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** In the place of process 123456. */
  async function pretend(answer: (socket: Socket) => void): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, answer).unref();
    writeFileSync(path.replace('.sock', '.token'), 'token');
    await new Promise<void>((listening) => server.listen(path, listening));
  }

  it('removes what a process left that was killed', async () => {
    for (const left of ['sock', 'token']) writeFileSync(path.replace('sock', left), ''); // nobody listens there
    await assert.rejects(askControl(path, { command: 'status' }), { kind: 'closed' });
    assert.deepEqual(readdirSync(join(folder, 'run')), []);
  });

  it('leaves the socket of a process that answers nothing, half, or nonsense', async () => {
    const { out, output } = said();
    let next = '';
    await pretend((socket) => socket.once('data', () => socket.end(next)));
    for (const [answer, kind] of [
      ['', 'timeout'],
      ['{"v":1,"ok":{"pi', 'malformed'],
      ['{"v":1}\n', 'malformed'],
      ['{"v":1,"error":{"kind":"refused","message":"no"}}\n', 'refused'],
    ] as const) {
      next = answer;
      await assert.rejects(askControl(path, { command: 'status' }), { kind });
      assert.ok(existsSync(path));
    }
    const asked = askProcesses({ output, text: (name) => (name === 'data' ? folder : undefined) }, { command: 'status' }, () =>
      assert.fail(),
    );
    await assert.rejects(asked, { kind: 'refused', message: 'process 123456 was asked in vain: no' });
    assert.deepEqual(out, []);
  });

  it('says who does not answer, to programs too', async () => {
    const { out, output } = said(true);
    await pretend((socket) => socket.once('data', () => socket.end()));
    const text = (name: string): string | undefined => (name === 'data' ? folder : undefined);
    assert.equal(await askProcesses({ output, text }, { command: 'status' }, () => assert.fail()), 0);
    assert.deepEqual(out, ['{"error":{"kind":"timeout","message":"process 123456 does not answer now"}}\n']);
  });

  it('says that the token cannot be read', async () => {
    await pretend((socket) => socket.resume());
    rmSync(path.replace('.sock', '.token'));
    await assert.rejects(askControl(path, { command: 'status' }), { kind: 'refused', message: /123456\.token cannot be read \(ENOENT\)/ });
  });

  it('asks one process by its number, and says when there is none', async () => {
    const { output } = said();
    const ask = (pid: string): Promise<number> =>
      askProcesses({ output, text: (name) => (name === 'data' ? folder : pid) }, { command: 'status' }, () => undefined);
    await assert.rejects(ask('77'), { kind: 'unknown', message: /no peer of process 77 runs/ });
    await assert.rejects(ask('x'), { kind: 'malformed' });
  });

  it('a process whose path is too long for a socket goes without', async () => {
    const long = join(folder, 'x'.repeat(120));
    openDataFolder(long);
    const none = startControlServer({ dataFolder: long, answer: () => ({}), onFault: () => undefined });
    await assert.rejects(none, { kind: 'refused', message: /longer than 103 bytes/ });
    assert.deepEqual(readdirSync(join(long, 'run')), []);
  });
});
