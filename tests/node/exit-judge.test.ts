/** What an exit opens, whatever its policy says, and what a name leads to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { isMappedIp } from '../../src/core/wire/peer-address.ts';
import { isPublicIp } from '../../src/core/wire/public-ip.ts';
import { END } from '../../src/core/wire/registry.ts';
import { PolicyJudge } from '../../node/exit/index.ts';
import { ipBytes } from '../../node/ip.ts';
import { ip, policy } from '../support/exit-policy.ts';

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
