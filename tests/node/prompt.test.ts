/** Commands one after another: words, completion, and the loop, on a terminal and from a pipe. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Command } from '../../node/cli/command.ts';
import { Output } from '../../node/cli/output.ts';
import { complete, runPrompt } from '../../node/prompt/index.ts';
import { wordsOf } from '../../node/prompt/words.ts';
import { until } from '../e2e/support/until.ts';

describe('the words of a line', () => {
  for (const [line, words] of [
    ['', []],
    ['   # a remark', []],
    ['status', ['status']],
    ['  open\tabc.gnet   --out x ', ['open', 'abc.gnet', '--out', 'x']],
    ['seed "my site" \'a "b"\' c\\ d', ['seed', 'my site', 'a "b"', 'c d']],
    ['a"b c"d \'\' ""', ['ab cd', '', '']],
    ['a#b #c', ['a#b']],
    ['"a\\"b" \'a\\b\' a\\', ['a"b', 'a\\b', 'a\\']],
    ['~ ~/site x~ ~other', [homedir(), `${homedir()}/site`, 'x~', '~other']],
    ['$HOME *.txt a;b a|b', ['$HOME', '*.txt', 'a;b', 'a|b']],
  ] as const) {
    it(`of '${line}'`, () => assert.deepEqual(wordsOf(line), words));
  }

  it('a quote without its end is said', () => {
    for (const line of ['"', "a 'b", 'a "b\\"']) assert.throws(() => wordsOf(line), { kind: 'malformed', message: /has no end/ });
  });

  it('any words come back from their quotes', () => {
    const quoted = (word: string): string => `'${word.replaceAll("'", `'"'"'`)}'`;
    fc.assert(fc.property(fc.array(fc.string()), (words) => assert.deepEqual(wordsOf(words.map(quoted).join(' ')), words)));
  });
});

const COMMANDS = [
  { name: 'seed', usage: '<folder>', options: { name: { type: 'string', value: '<name>', help: '' } } },
  { name: 'status', usage: '', options: { pid: { type: 'string', value: '<pid>', help: '' } }, local: true },
  { name: 'streams', usage: '', options: {}, local: true },
].map((command) => ({ ...command, summary: '', positionals: { min: 0, max: 1 }, run: async () => undefined })) as unknown as Command[];

describe('completion', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gnet-shell-'));
    mkdirSync(join(folder, 'site'));
    mkdirSync(join(folder, 'two words'));
    writeFileSync(join(folder, 'side.txt'), '');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const of = (line: string) => complete({ commands: COMMANDS, own: ['help', 'quit'], pids: () => ['4711', '99'] }, line)[0];

  it('of a command, of a flag, of a process, of a level, of a path', () => {
    assert.deepEqual(of('st'), ['status ', 'streams ']);
    assert.deepEqual(of('q'), ['quit ']);
    assert.deepEqual(of('help se'), ['seed ']);
    assert.deepEqual(of('status --p'), ['--pid ']);
    assert.deepEqual(of('status --pid '), ['4711 ', '99 ']);
    assert.deepEqual(of('status --pid 4'), ['4711 ']);
    assert.deepEqual(of('seed --log w'), ['warn ']);
    assert.deepEqual(of(`seed ${folder}/si`).sort(), [`${folder}/side.txt `, `${folder}/site/`]);
    assert.deepEqual(of(`seed --name x ${folder}/sit`), [`${folder}/site/`]);
  });

  it('says nothing where it knows nothing', () => {
    for (const line of ['x', 'fly --', 'status x', 'help seed x', 'seed --name ', `seed ${folder}/no/such`, 'help x'])
      assert.deepEqual(of(line), []);
    assert.deepEqual(complete({ commands: COMMANDS, own: [], pids: () => [] }, '  status  --p'), [['--pid '], '--p']);
    fc.assert(
      fc.property(fc.string(), (line) => void of(line)),
      { numRuns: 300 },
    );
  });
});

describe('the prompt', () => {
  /** What it ran, and how it ended; `codes` by the first word. */
  function prompt(isTerminal: boolean, codes: Record<string, number> = {}) {
    const input = Object.assign(new PassThrough(), { raw: [] as boolean[], setRawMode: (raw: boolean) => input.raw.push(raw) });
    const [screen, said] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })];
    const stop = new AbortController();
    const ran: string[][] = [];
    const ended = runPrompt({
      input,
      terminal: isTerminal ? screen : undefined,
      output: new Output(false, said, said),
      stop: stop.signal,
      run: async (words) => {
        ran.push([...words]);
        return codes[words[0] as string] ?? 0;
      },
      complete: (line) => complete({ commands: COMMANDS, own: ['quit'], pids: () => [] }, line),
    });
    return { input, screen, stop, ran, ended, said: () => String(said.read() ?? '') };
  }

  it('runs the lines of a pipe in order, and ends with the code of the last that failed', async () => {
    const { input, ran, ended } = prompt(false, { fly: 2, open: 3 });
    input.end('status\n\n# remark\nfly\nnpx gnet open x\ngnet status');
    assert.equal(await ended, 3);
    assert.deepEqual(ran, [['status'], ['fly'], ['open', 'x'], ['status']]);
  });

  it('a line that cannot be read is a failure, and the next is run', async () => {
    const { input, ran, ended, said } = prompt(false);
    input.end('open "half\nstatus\n');
    assert.equal(await ended, 2);
    assert.deepEqual(ran, [['status']]);
    assert.match(said(), /^gnet: the quote " has no end/);
  });

  it('quit leaves the rest unread, exit too unless it is told how to be one, and so does stopping', async () => {
    for (const word of ['quit', 'exit']) {
      const { input, ran, ended } = prompt(false);
      input.end(`exit --listen x\n${word}\nstatus\n`);
      assert.equal(await ended, 0);
      assert.deepEqual(ran, [['exit', '--listen', 'x']]);
    }
    const stopped = prompt(false);
    stopped.stop.abort();
    assert.equal(await stopped.ended, 0);
  });

  it('on a terminal completes, remembers, clears a line at Ctrl-C, gives the terminal to the command, and leaves at Ctrl-D with 0', async () => {
    const { input, screen, ran, ended, said } = prompt(true, { status: 3 });
    const type = async (keys: string, ranThen: number): Promise<void> => {
      input.write(keys);
      await until(`${ranThen} commands`, () => ran.length === ranThen && input.raw.at(-1) !== false, { now: () => [ran, screen.read()] });
    };
    input.write('statu');
    input.write('\t');
    await type('\r', 1);
    await type('\x1b[A\r', 2);
    input.write('nonsense');
    input.write('\x03');
    await type('streams\r', 3);
    assert.deepEqual(ran, [['status'], ['status'], ['streams']]);
    assert.deepEqual(input.raw.slice(0, 7), [true, false, true, false, true, false, true]);
    input.write('\x03');
    await until('a hint', () => /Ctrl-D, leaves/.test(said()));
    input.write('\x04');
    assert.equal(await ended, 0);
  });
});
