import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { isPublicIp } from '../../src/core/wire/public-ip.ts';
import { ip, policy } from '../support/exit-policy.ts';

test('the first rule that fits decides, and what fits none is rejected', () => {
  const made = policy(
    '# mail, but not by that network',
    'reject 203.0.113.0/24:25',
    'ACCEPT *4:25 , accept 203.0.113.0/24:1000-2000',
    '',
    'accept [2001:db8::]/32:443 # documentation',
    'accept 198.51.100.7:*',
    'reject *:*',
    'accept *:80',
  );
  for (const [address, port, accepted] of [
    ['203.0.113.9', 25, false],
    ['203.0.114.9', 25, true],
    ['203.0.113.9', 999, false],
    ['203.0.113.9', 1000, true],
    ['203.0.113.9', 2000, true],
    ['203.0.113.9', 2001, false],
    ['203.0.114.9', 1000, false],
    ['2001:db8:ffff::1', 443, true],
    ['2001:db9::1', 443, false],
    ['2001:db8::1', 25, false],
    ['198.51.100.7', 1, true],
    ['198.51.100.7', 65535, true],
    ['198.51.100.8', 65535, false],
    ['198.51.100.8', 80, false],
  ] as const)
    assert.equal(made.accepts(ip(address), port), accepted, `${address}:${port}`);
});

test('a policy says at which ports it accepts some address', () => {
  for (const [lines, ports] of [
    [
      ['accept *:80', 'accept *:443'],
      [
        [80, 80],
        [443, 443],
      ],
    ],
    [['accept *:80-90', 'accept *:91', 'accept *:85-95'], [[80, 95]]],
    [
      ['reject *:25', 'accept *:*'],
      [
        [1, 24],
        [26, 65535],
      ],
    ],
    [['reject 203.0.113.0/24:*', 'accept 203.0.113.0/25:80', 'accept *:81'], [[81, 81]]],
    [['reject *4:80', 'accept *:80'], [[80, 80]]],
    [['reject *:1-65535', 'accept *:80', 'accept *:*'], undefined],
    [['reject 0.0.0.0/0:80', 'accept *4:80', 'accept 8.8.8.8:53'], [[53, 53]]],
    [
      ['accept *:1-1', 'accept *:65535'],
      [
        [1, 1],
        [65535, 65535],
      ],
    ],
  ] as const) {
    if (ports === undefined) assert.throws(() => policy(...lines), { kind: 'malformed', message: /accepts nothing/ });
    else assert.deepEqual(policy(...lines).ports, ports);
  }
  const scattered = Array.from({ length: 33 }, (_, i) => `accept *:${10 * i + 1}`);
  assert.throws(() => policy(...scattered), { kind: 'malformed', message: /33 separate ranges of ports: at most 32/ });
});

test('a rule that cannot be read is named, with its line and what is wrong', () => {
  for (const [rule, words] of [
    ['allow *:80', /rules, line 2: 'allow \*:80': a rule begins with 'accept' or 'reject'/],
    ['accept', /behind 'accept' stands one <addresses>:<ports>/],
    ['accept *:80 *:81', /behind 'accept' stands one/],
    ['accept *', /no port/],
    ['accept 203.0.113.1', /no port/],
    ['accept *:', /ports are \*, a number from 1 to 65535.*not ''/],
    ['accept *:0', /not '0'/],
    ['accept *:65536', /not '65536'/],
    ['accept *:9-8', /not '9-8'/],
    ['accept *:http', /not 'http'/],
    ['accept example.org:80', /'example\.org' is neither an IP address.*names are judged/],
    ['accept 203.0.113.256:80', /neither an IP address/],
    ['accept 0x7f.1:80', /neither an IP address/],
    ['accept 203.0.113.0/33:80', /from 0 to 32, not '33'/],
    ['accept 203.0.113.0/:80', /from 0 to 32, not ''/],
    ['accept 203.0.113.0/a:80', /from 0 to 32, not 'a'/],
    ['accept 203.0.113.1/24:80', /203\.0\.113\.1 is not where a range of \/24 begins/],
    ['accept [2001:db8::1]/32:80', /not where a range of \/32 begins/],
    ['accept 2001:db8:::80', /is no address: IPv6 stands in brackets/],
    ['accept [203.0.113.1]:80', /neither an IP address/],
    ['accept [fe80::1%eth0]:80', /neither an IP address/],
    ['accept [2001:db8::]/129:80', /from 0 to 128, not '129'/],
    ['accept 10.0.0.0/8:80', /never opens a connection to 10\.0\.0\.0\/8, whatever its policy says/],
    ['accept 127.0.0.1:80', /never opens/],
    ['accept [::1]:80', /never opens/],
    ['accept [fd00::]/8:80', /never opens/],
  ] as const)
    assert.throws(
      () => policy('accept *:443', rule),
      (error) => error instanceof GlobalNetError && error.kind === 'malformed' && words.test(error.message),
      rule,
    );
});

test('any text is a policy or a malformed one, and a policy accepts nothing at ports that it does not name', () => {
  const word = fc.constantFrom(
    'accept',
    'reject',
    ' ',
    '*',
    '*4',
    '*6',
    ':',
    '/',
    '-',
    ',',
    '#',
    '\n',
    '[',
    ']',
    '8',
    '80',
    '203.0.113.0',
    '2001:db8::',
    '24',
    '65535',
    'x',
  );
  const address = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
  fc.assert(
    fc.property(
      fc.array(fc.array(word, { maxLength: 12 }).map((words) => words.join(''))),
      address,
      fc.integer({ min: 1, max: 65535 }),
      (lines, to, port) => {
        try {
          const made = policy(...lines);
          if (made.accepts(to, port) && isPublicIp(to)) assert.ok(made.mayAccept(port));
        } catch (error) {
          assert.ok(error instanceof GlobalNetError && error.kind === 'malformed', String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

/** Every way that an address of a house, a machine or a cloud's metadata can be written down as an address. */
