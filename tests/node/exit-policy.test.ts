import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { isMappedIp } from '../../src/core/wire/peer-address.ts';
import { isPublicIp } from '../../src/core/wire/public-ip.ts';
import { END } from '../../src/core/wire/registry.ts';
import { ExitPolicy, PolicyJudge } from '../../node/exit/index.ts';
import { ipBytes } from '../../node/ip.ts';

function policy(...lines: string[]): ExitPolicy {
  return new ExitPolicy([{ where: 'rules', lines }]);
}

function ip(text: string): Uint8Array {
  const bytes = ipBytes(text);
  assert.ok(bytes !== undefined, text);
  return bytes;
}

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
const NEVER = [
  ...[
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.127.255.255',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
  ],
  ...[
    '169.254.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.0.192',
    '192.88.99.1',
    '192.168.0.1',
    '192.168.255.255',
  ],
  ...['198.18.0.1', '198.19.255.255', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ...[
    '::',
    '::1',
    '::2',
    '::127.0.0.1',
    '::8.8.8.8',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::ffff:0:127.0.0.1',
    '0:0:0:0:0:FFFF:A9FE:A9FE',
  ],
  ...[
    '64:ff9b::127.0.0.1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::10.0.0.1',
    '100::1',
    '2001::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001:1ff:ffff::1',
  ],
  ...[
    '2002:7f00:1::',
    '2002:a00:1::1',
    '2002:808:808::1',
    'fc00::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    'fe80::1',
    'febf::1',
    'fec0::1',
    'ff02::1',
    'ff0e::1',
    '4000::1',
    '5f00::1',
  ],
];

test('private, loopback, link-local, carrier-grade, multicast, metadata, and what hides them in IPv6: never, whatever the policy says', async () => {
  const judge = new PolicyJudge({ policy: policy('accept *:*'), resolve: async () => [], ownAddresses: () => [] });
  for (const text of NEVER) {
    assert.equal(isPublicIp(ip(text)), false, text);
    assert.deepEqual(await judge.judge({ host: ip(text), port: 80 }), { refuse: END.refused }, text);
  }
  for (const text of [
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.0.1',
    '172.15.0.1',
    '172.32.0.0',
    '192.0.1.1',
    '192.167.0.1',
    '198.17.0.1',
    '198.20.0.0',
    '223.255.255.255',
    '2001:200::1',
    '2001:db8::1',
    '2003::1',
    '2606:4700::1111',
    '3fff::1',
  ])
    assert.deepEqual(await judge.judge({ host: ip(text), port: 80 }), { open: [ip(text)] }, text);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (four) => {
      // What an IPv4 address may not, it may not in any dress: mapped, translated, NAT64, 6to4.
      for (const dressed of [
        [...new Uint8Array(10), 0xff, 0xff, ...four],
        [...new Uint8Array(12), ...four],
        [0, 0x64, 0xff, 0x9b, ...new Uint8Array(8), ...four],
        [0x20, 2, ...four, ...new Uint8Array(10)],
      ])
        assert.equal(isPublicIp(Uint8Array.from(dressed)), false);
    }),
  );
});

test('names are judged by what they lead to: one that leads home opens nothing, one that leads to both only what is outside', async () => {
  const answers: Record<string, string[]> = {
    'home.example': ['127.0.0.1', '::1', '192.168.1.1'],
    'both.example': ['10.0.0.1', '203.0.113.5', 'fd00::1', '2001:db8::5', '203.0.113.6', '203.0.113.7'],
    'own.example': ['198.51.100.1', '2001:db8::1'],
    'nobody.example': [],
    'elsewhere.example': ['192.0.2.1'],
  };
  const asked: string[] = [];
  const judge = new PolicyJudge({
    policy: policy('reject 192.0.2.0/24:*', 'accept *:443'),
    resolve: async (name) => {
      asked.push(name);
      const found = answers[name];
      if (found === undefined) throw new GlobalNetError('timeout', 'no name server answers');
      return found.map(ip);
    },
    ownAddresses: () => [ip('198.51.100.1'), ip('2001:db8::1')],
  });
  for (const [name, verdict] of [
    ['home.example', { refuse: END.refused }],
    ['both.example', { open: ['203.0.113.5', '203.0.113.6', '2001:db8::5'].map(ip) }],
    ['own.example', { refuse: END.refused }],
    ['nobody.example', { refuse: END.unresolvable }],
    ['elsewhere.example', { refuse: END.refused }],
    ['silent.example', { refuse: END.timeout }],
  ] as const)
    assert.deepEqual(await judge.judge({ host: name, port: 443 }), verdict, name);
  asked.length = 0;
  assert.deepEqual(await judge.judge({ host: 'both.example', port: 22 }), { refuse: END.refused });
  assert.deepEqual(asked, [], 'no name is looked up for a port that is rejected everywhere');
});

test('a name that leads elsewhere the second time leads nowhere: it is asked once, and what was judged is what is opened', async () => {
  const turns = ['203.0.113.5', '127.0.0.1'];
  const judge = new PolicyJudge({
    policy: policy('accept *:80'),
    resolve: async () => [ip(turns.shift() as string)],
    ownAddresses: () => [],
  });
  assert.deepEqual(await judge.judge({ host: 'rebinding.example', port: 80 }), { open: [ip('203.0.113.5')] });
  assert.deepEqual(await judge.judge({ host: 'rebinding.example', port: 80 }), { refuse: END.refused });
});

test('addresses in text: every form of one address is the same bytes; what is none is none', () => {
  assert.deepEqual(ip('2001:db8::7'), ip('2001:0DB8:0:0:0:0:0:7'));
  assert.deepEqual(ip('::ffff:203.0.113.5'), ip('203.0.113.5'));
  assert.deepEqual(ip('::'), new Uint8Array(16));
  assert.deepEqual(ip('64:ff9b::1.2.3.4'), ip('64:ff9b::102:304'));
  fc.assert(fc.property(fc.ipV6(), (text) => isMappedIp(ip(text)) === false));
  for (const wrong of [
    '',
    'example.org',
    '127.1',
    '0177.0.0.1',
    '0x7f000001',
    '2130706433',
    '1.2.3.4.5',
    '1.2.3.04',
    'fe80::1%eth0',
    '[::1]',
    '::1::',
    ' 1.2.3.4',
  ])
    assert.equal(ipBytes(wrong), undefined, wrong);
});
