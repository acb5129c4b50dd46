/** Flags, help, exit codes, and what is said where. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { type Command, exitCodeOf, parseCommand } from '../../node/cli/command.ts';
import { helpText } from '../../node/cli/help.ts';
import { joinInWords } from '../../node/cli/joining.ts';
import { logLevelOf } from '../../node/cli/log-level.ts';
import { bytesInWords, Output } from '../../node/cli/output.ts';

const KNOWN: Command = {
  name: 'fly',
  usage: '<where> [--high]',
  summary: 'Flies.',
  options: {
    high: { type: 'boolean', help: 'above the clouds' },
    stop: { type: 'string', value: '<place>', multiple: true, help: 'on the way' },
  },
  positionals: { min: 1, max: 1 },
  run: async () => undefined,
};
const LOCAL: Command = { ...KNOWN, local: true };

/** An output, and what it wrote. */
function outputOf(json: boolean, isTTY = false) {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 20 })];
  return { output: new Output(json, out, err), out: () => String(out.read() ?? ''), err: () => String(err.read() ?? '') };
}

describe('flags', () => {
  it('are read before, between and behind the arguments', () => {
    const parsed = parseCommand(KNOWN, ['--high', 'home', '--stop', 'a', '--stop=b', '--json']);
    assert.deepEqual(parsed.positionals, ['home']);
    assert.equal(parsed.flag('high'), true);
    assert.deepEqual(parsed.texts('stop'), ['a', 'b']);
    assert.equal(parsed.flag('json'), true);
    assert.equal(parsed.text('data'), undefined);
  });

  it('end where -- stands', () => {
    const parsed = parseCommand({ ...KNOWN, positionals: { min: 0, max: 2 } }, ['--high', '--', '--no-high', '--json']);
    assert.deepEqual([parsed.positionals, parsed.flag('high'), parsed.flag('json')], [['--no-high', '--json'], true, false]);
  });

  for (const [what, args, words] of [
    ['a flag that is not there', ['home', '--hgih'], /'--hgih'; 'gnet fly --help' lists the flags/],
    ['a flag without its value', ['home', '--data'], /--data.*argument missing/],
    ['a value for a flag that takes none', ['home', '--high=yes'], /'--high'/],
    ['no argument', [], /usage: gnet fly <where> \[--high\]; 'gnet fly --help' tells more/],
    ['an argument too many', ['home', 'away'], /usage: gnet fly/],
  ] as const) {
    it(`that are wrong are named: ${what}`, () => {
      assert.throws(() => parseCommand(KNOWN, args), { kind: 'malformed', message: words });
    });
  }

  it('of the network are not there for a command that joins none', () => {
    assert.throws(() => parseCommand(LOCAL, ['home', '--join', 'ws://a']), { kind: 'malformed' });
    assert.doesNotMatch(helpText(LOCAL), /--join|--log/);
    assert.match(helpText(KNOWN), /--join <ws url>/);
  });

  it('may ask for help by one letter, without the arguments that are wanted', () => {
    assert.equal(parseCommand(KNOWN, ['-h']).flag('help'), true);
    assert.match(helpText(KNOWN), /^gnet fly <where> \[--high\]\n\nFlies\.\n\n {2}--high {11}above the clouds\n/);
  });

  it('name a level of the log, or say which there are', () => {
    assert.equal(logLevelOf(undefined), 'warn');
    assert.throws(() => logLevelOf('loud'), { kind: 'malformed' });
  });
});

describe('exit codes', () => {
  it('tell wrong input, no way there, a lie, and the user from all else', () => {
    const codes = (
      ['malformed', 'unreachable', 'unknown', 'unserved', 'timeout', 'unverified', 'cancelled', 'busy', 'full', 'internal'] as const
    ).map(exitCodeOf);
    assert.deepEqual(codes, [2, 3, 3, 3, 3, 4, 130, 1, 1, 1]);
  });
});

describe('output', () => {
  it('for programs is one object a line, and nothing else anywhere', () => {
    const { output, out, err } = outputOf(true, true);
    output.note('on the way');
    output.progress('half');
    output.say('words', { a: 'line\nbreak' });
    output.fail('busy', 'no');
    assert.equal(out(), '{"a":"line\\nbreak"}\n{"error":{"kind":"busy","message":"no"}}\n');
    assert.equal(err(), '');
  });

  it('says what is wrong in a few lines, however long the wrong thing is', () => {
    for (const json of [true, false]) {
      const { output, out, err } = outputOf(json);
      output.fail('malformed', `no such line: ${'x'.repeat(30_000_000)}`);
      assert.match(out() + err(), /no such line: x+…/);
      assert.ok((out() + err()).length < 2_100);
    }
  });

  it('for people has results apart from notes', () => {
    const { output, out, err } = outputOf(false);
    output.note('on the way');
    output.say('result', {});
    output.fail('busy', 'no');
    assert.equal(out(), 'result\n');
    assert.equal(err(), 'on the way\ngnet: no\n');
  });

  it('redraws progress on a terminal, within its width, and removes it before a line', () => {
    const { output, err } = outputOf(false, true);
    output.progress('x'.repeat(50));
    output.note('done');
    assert.equal(err(), `\r\x1b[2K${'x'.repeat(19)}\r\x1b[2Kdone\n`);
  });

  it('where nothing can be redrawn says now and then what is waited for, and how long already', (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setInterval'] });
    const { output, err } = outputOf(false);
    const done = output.waiting(() => 'Joining…');
    t.mock.timers.tick(9000);
    assert.equal(err(), '');
    for (let second = 0; second < 12; second++) t.mock.timers.tick(1000);
    assert.equal(err(), 'Joining… (10 s)\nJoining… (20 s)\n');
    done();
    t.mock.timers.tick(60_000);
    assert.equal(err(), '');
  });

  it('says where joining stands, and why it does not go on', () => {
    assert.equal(joinInWords({ step: 'dialling', bootstraps: 2, answered: 1 }), 'Joining: dialling, 1 of 2 bootstraps answered');
    assert.match(
      joinInWords({ step: 'failed', kind: 'unreachable', message: 'nobody', retryInMs: 900 }),
      /Not joined: nobody; trying again in 1 s/,
    );
  });

  it('rounds bytes to what is read at a glance', () => {
    assert.deepEqual([0, 999, 1000, 999_499, 999_500, 3_000_041].map(bytesInWords), [
      '0 B',
      '999 B',
      '1.0 kB',
      '999 kB',
      '1.0 MB',
      '3.0 MB',
    ]);
  });
});
