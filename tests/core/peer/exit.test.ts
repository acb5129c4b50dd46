import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../../src/core/bytes/bytes.ts';
import { DecodeError } from '../../../src/core/bytes/errors.ts';
import {
  decodeExitTarget,
  encodeExitSummary,
  encodeExitTarget,
  isHostName,
  mayOpen,
  type PortRange,
  readExitSummary,
} from '../../../src/core/wire/exit.ts';
import { DESCRIPTOR_EXTENSION_MAX_BYTES } from '../../../src/core/wire/geometry.ts';
import { isMappedIp } from '../../../src/core/wire/peer-address.ts';

const port = fc.integer({ min: 1, max: 65535 });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const host = fc.oneof(
  fc
    .domain()
    .map((name) => name.toLowerCase())
    .filter(isHostName),
  bytes(4),
  bytes(16).filter((ip) => !isMappedIp(ip)),
);
/** Up to 32 ranges, ascending and apart, of ports drawn at random. */
const ranges = fc.uniqueArray(port, { maxLength: 64 }).map((ports) => {
  const sorted = ports.sort((a, b) => a - b);
  const found: PortRange[] = [];
  for (let i = 0; i + 1 < sorted.length; i += 2) {
    const first = sorted[i] as number;
    if (first > (found.at(-1)?.[1] ?? -1) + 1) found.push([first, sorted[i + 1] as number]);
  }
  return found;
});

test('an exit request reads back as it was written', () => {
  fc.assert(
    fc.property(host, port, (to, at) => {
      assert.deepEqual(decodeExitTarget(encodeExitTarget({ host: to, port: at })), { host: to, port: at });
    }),
  );
});

test('any bytes are an exit request of one encoding, or refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 24 }),
        fc
          .tuple(bytes(2), fc.constantFrom(1, 4, 6), fc.string({ maxLength: 40 }))
          .map(([at, kind, text]) => Uint8Array.of(...at, kind, ...utf8(text))),
      ),
      (request) => {
        try {
          assert.deepEqual(encodeExitTarget(decodeExitTarget(request)), request);
        } catch (error) {
          assert.ok(error instanceof DecodeError);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('what resolvers take for an address is no name, nor is what DNS cannot hold', () => {
  for (const name of [
    ...['127.0.0.1', '127.1', '2130706433', '017700000001', '0x7f000001', '0x7f.1', '0177.0.0.1', '0x', 'a.0x', 'a.1', '::1', '[::1]'],
    ...[
      '',
      '.',
      'a.',
      '.a',
      'a..b',
      '-a',
      'a-',
      'a b',
      'a/b',
      'a%00',
      'A',
      'münchen',
      `${'a'.repeat(64)}.b`,
      Array(128).fill('a').join('.'),
    ],
  ]) {
    assert.equal(isHostName(name), false, name);
    assert.throws(() => encodeExitTarget({ host: name, port: 80 }), RangeError);
    assert.throws(() => decodeExitTarget(Uint8Array.of(0, 80, 1, ...utf8(name))), DecodeError, name);
  }
  for (const name of [
    'example.org',
    'localhost',
    'xn--mnchen-3ya.de',
    '_dmarc.example.org',
    '1.example',
    'a.0xg',
    Array(127).fill('a').join('.'),
  ])
    assert.equal(isHostName(name), true, name);
  const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1);
  assert.throws(() => encodeExitTarget({ host: mapped, port: 80 }), RangeError);
  assert.throws(() => decodeExitTarget(Uint8Array.of(0, 80, 6, ...mapped)), DecodeError);
  for (const wrong of [0, -1, 1.5, 65536]) assert.throws(() => encodeExitTarget({ host: 'a', port: wrong }), RangeError);
});

test('an exit’s summary reads back as it was written, fits a descriptor, and tells what it may open', () => {
  fc.assert(
    fc.property(fc.boolean(), ranges, port, (ipv6, ports, at) => {
      const extension = encodeExitSummary({ ipv6, ports });
      assert.ok(extension.length <= DESCRIPTOR_EXTENSION_MAX_BYTES);
      const read = readExitSummary(extension);
      assert.deepEqual(read, { ipv6, ports });
      const inside = ports.some(([first, last]) => first <= at && at <= last);
      assert.equal(mayOpen({ ipv6, ports }, { host: 'example.org', port: at }), inside);
      assert.equal(mayOpen({ ipv6, ports }, { host: new Uint8Array(16), port: at }), inside && ipv6);
    }),
  );
  for (const ports of [
    [[0, 1]],
    [[2, 1]],
    [
      [5, 9],
      [1, 2],
    ],
    [
      [1, 5],
      [6, 9],
    ],
    [
      [1, 5],
      [5, 9],
    ],
    Array.from({ length: 33 }, (_, i) => [2 * i + 1, 2 * i + 1]),
  ])
    assert.throws(() => encodeExitSummary({ ipv6: false, ports: ports as unknown as PortRange[] }), RangeError);
});

test('an extension that cannot be read, or says nothing of exits, is passed over; items of later versions too', () => {
  const summary = encodeExitSummary({ ipv6: true, ports: [[80, 80]] });
  assert.deepEqual(readExitSummary(Uint8Array.of(99, 2, 1, 1, ...summary, 98, 0)), { ipv6: true, ports: [[80, 80]] });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 256 }), (extension) => {
      const read = readExitSummary(extension);
      if (read !== undefined) assert.deepEqual(readExitSummary(encodeExitSummary(read)), read);
    }),
    { numRuns: 1000 },
  );
  for (let cut = 0; cut < summary.length; cut++) assert.equal(readExitSummary(summary.subarray(0, cut)), undefined);
});
