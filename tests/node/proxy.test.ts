import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, utf8 } from '../../src/core/bytes/bytes.ts';
import { COMMAND, HTTP_HEAD_MAX_BYTES, REPLY, type ProxyEffect, ProxyHandshake, type ProxyTarget } from '../../node/proxy/index.ts';

const ADDRESS = `${'a'.repeat(56)}.gnet`;

interface Said {
  readonly sent: number[];
  readonly target: ProxyTarget | undefined;
  readonly closed: boolean;
}

function said(effects: readonly ProxyEffect[]): Said {
  const sent = effects.flatMap((effect) => (effect.do === 'send' ? [...effect.bytes] : []));
  const targets = effects.flatMap((effect) => (effect.do === 'connect' ? [effect.target] : []));
  assert.ok(targets.length <= 1);
  return { sent, target: targets[0], closed: effects.some((effect) => effect.do === 'close') };
}

function tell(server: ProxyHandshake, ...parts: (Uint8Array | readonly number[])[]): Said {
  return said(parts.flatMap((part) => server.push(Uint8Array.from(part))));
}

function request(name: string, port: number, command: number = COMMAND.connect): Uint8Array {
  return concat(Uint8Array.of(5, command, 0, 3, name.length), utf8(name), Uint8Array.of(port >> 8, port & 255));
}

const PASSWORD = concat(Uint8Array.of(1, 4), utf8('anna'), Uint8Array.of(6), utf8('secret'));
const CONNECT = `CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\nUser-Agent: a browser\r\n\r\n`;
const CONNECTED = [...utf8('HTTP/1.1 200 Connection established\r\n\r\n')];
const reply5 = (code: number): number[] => [5, code, 0, 1, 0, 0, 0, 0, 0, 0];

/** Every conversation that ends in a connection, with what the server says and understands. */
const CONVERSATIONS: readonly { name: string; bytes: Uint8Array; answer: number[]; target: ProxyTarget; success: number[] }[] = [
  {
    name: 'SOCKS5 without a password',
    bytes: concat(Uint8Array.of(5, 1, 0), request(ADDRESS, 80)),
    answer: [5, 0],
    target: { host: ADDRESS, isName: true, port: 80, isolation: '' },
    success: reply5(0),
  },
  {
    name: 'SOCKS5 with user and password, as curl offers them',
    bytes: concat(Uint8Array.of(5, 3, 0, 1, 2), PASSWORD, request(ADDRESS, 443)),
    answer: [5, 2, 1, 0],
    target: { host: ADDRESS, isName: true, port: 443, isolation: '5 616e6e61 736563726574' },
    success: reply5(0),
  },
  {
    name: 'SOCKS5 to an IPv4 address',
    bytes: Uint8Array.of(5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 7, 0x1f, 0x90),
    answer: [5, 0],
    target: { host: '192.0.2.7', isName: false, port: 8080, isolation: '' },
    success: reply5(0),
  },
  {
    name: 'SOCKS5 to an IPv6 address',
    bytes: Uint8Array.of(5, 1, 0, 5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 22),
    answer: [5, 0],
    target: { host: '2001:db8:0:0:0:0:0:1', isName: false, port: 22, isolation: '' },
    success: reply5(0),
  },
  {
    name: 'SOCKS4a with a user id',
    bytes: concat(Uint8Array.of(4, 1, 0, 80, 0, 0, 0, 9), utf8('me'), Uint8Array.of(0), utf8(ADDRESS), Uint8Array.of(0)),
    answer: [],
    target: { host: ADDRESS, isName: true, port: 80, isolation: '4 6d65' },
    success: [0, 0x5a, 0, 0, 0, 0, 0, 0],
  },
  {
    name: 'SOCKS4 to an IPv4 address',
    bytes: Uint8Array.of(4, 1, 0, 80, 192, 0, 2, 7, 0),
    answer: [],
    target: { host: '192.0.2.7', isName: false, port: 80, isolation: '' },
    success: [0, 0x5a, 0, 0, 0, 0, 0, 0],
  },
  {
    name: 'CONNECT of HTTP to a name',
    bytes: utf8(CONNECT),
    answer: [],
    target: { host: 'example.org', isName: true, port: 443, isolation: '' },
    success: CONNECTED,
  },
  {
    name: 'CONNECT of HTTP to an IPv6 address with credentials',
    bytes: utf8('CONNECT [2001:db8::1]:22 HTTP/1.0\r\nproxy-authorization:Basic bWU6\r\n\r\n'),
    answer: [],
    target: { host: '2001:db8::1', isName: false, port: 22, isolation: 'http 42617369632062575536' },
    success: CONNECTED,
  },
];

for (const { name, bytes, answer, target, success } of CONVERSATIONS) {
  test(`${name}: understood however its bytes are cut, and what follows belongs to the connection`, () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), fc.uint8Array({ maxLength: 20 }), (cuts, rest) => {
        const server = new ProxyHandshake();
        const all = concat(bytes, rest);
        const ends = [...cuts.sort((a, b) => a - b), all.length];
        const heard = said(ends.flatMap((end, i) => server.push(all.slice(ends[i - 1] ?? 0, end))));
        assert.deepEqual(heard, { sent: answer, target, closed: false });
        assert.equal(server.state, 'asked');
        assert.deepEqual(said(server.succeed()).sent, success);
        assert.deepEqual(server.takeRest(), rest);
      }),
    );
    const server = new ProxyHandshake();
    assert.deepEqual(said([...bytes].flatMap((byte) => server.push(Uint8Array.of(byte)))).target, target);
  });

  test(`${name}: cut short, it asks for nothing`, () => {
    for (let length = 0; length < bytes.length; length++) {
      const heard = tell(new ProxyHandshake(), bytes.subarray(0, length));
      assert.deepEqual([heard.target, heard.closed], [undefined, false], `${length} bytes`);
    }
  });
}

test('every refusal is told in its own code, and closes', () => {
  const { failure, notAllowed, networkUnreachable, hostUnreachable, refused, ttlExpired } = REPLY;
  for (const code of [failure, notAllowed, networkUnreachable, hostUnreachable, refused, ttlExpired]) {
    const server = new ProxyHandshake();
    tell(server, [5, 1, 0], request(ADDRESS, 80));
    assert.deepEqual(said(server.fail(code)), { sent: reply5(code), target: undefined, closed: true });
    assert.deepEqual(tell(server, [5, 1, 0]), { sent: [], target: undefined, closed: false }, 'nothing is read afterwards');
  }
  const old = new ProxyHandshake();
  tell(old, [4, 1, 0, 80, 192, 0, 2, 7, 0]);
  assert.deepEqual(said(old.fail(REPLY.refused)), { sent: [0, 0x5b, 0, 0, 0, 0, 0, 0], target: undefined, closed: true });
});

test('every refusal of a CONNECT is told by status and Proxy-Status', () => {
  const { failure, notAllowed, networkUnreachable, hostUnreachable, refused, ttlExpired } = REPLY;
  for (const [code, answer] of [
    [failure, /^HTTP\/1\.1 502 .*\r\nProxy-Status: gnet; error=proxy_internal_error\r\n/],
    [notAllowed, /^HTTP\/1\.1 403 .*\r\nProxy-Status: gnet; error=http_request_denied\r\n/],
    [networkUnreachable, /^HTTP\/1\.1 503 .*\r\nProxy-Status: gnet; error=destination_ip_unroutable\r\n/],
    [hostUnreachable, /^HTTP\/1\.1 502 .*\r\nProxy-Status: gnet; error=destination_not_found\r\n/],
    [refused, /^HTTP\/1\.1 502 .*\r\nProxy-Status: gnet; error=connection_refused\r\n/],
    [ttlExpired, /^HTTP\/1\.1 504 .*\r\nProxy-Status: gnet; error=connection_timeout\r\n/],
  ] as const) {
    const server = new ProxyHandshake();
    tell(server, utf8(CONNECT));
    const { sent, closed } = said(server.fail(code));
    assert.match(Buffer.from(sent).toString(), answer);
    assert.ok(closed);
  }
});

test('HTTP: what a page can send gets no answer; who wants a proxy hears what is wrong', () => {
  for (const bytes of [
    'POST / HTTP/1.1\r\n\r\n',
    'GET /http://a/ HTTP/1.1\r\n',
    'OPTIONS * HTTP/1.1\r\n',
    'CONNECTED a:1 HTTP/1.1\r\n\r\n',
    'GET ftp://a',
  ])
    assert.deepEqual(tell(new ProxyHandshake(), utf8(bytes)), { sent: [], target: undefined, closed: true }, bytes);
  for (const [bytes, answer] of [
    ['GET http://a.gnet/ HTTP/1.1\r\n', /^HTTP\/1\.1 405 .*socks5h/s],
    ['CONNECT a HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT a:0 HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT a:99999 HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT [a]:1 HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT a b:1 HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT a:1 HTTP/2\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT a:1 HTTP/1.1\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['CONNECT a:1 HTTP/1.1\r\nno field\r\n\r\n', /^HTTP\/1\.1 400 /],
    [`CONNECT a:1 HTTP/1.1\r\nX: ${'x'.repeat(9000)}`, /^HTTP\/1\.1 400 /],
  ] as const) {
    const { sent, target, closed } = tell(new ProxyHandshake(), utf8(bytes));
    assert.match(Buffer.from(sent).toString(), answer, bytes);
    assert.deepEqual([target, closed], [undefined, true], bytes);
  }
});

test('BIND, UDP ASSOCIATE and any other command are refused with code 7', () => {
  for (const command of [COMMAND.bind, COMMAND.udpAssociate, 0, 9, 0xf0]) {
    assert.deepEqual(tell(new ProxyHandshake(), [5, 1, 0], request('example.org', 80, command)), {
      sent: [5, 0, ...reply5(7)],
      target: undefined,
      closed: true,
    });
  }
  assert.deepEqual(tell(new ProxyHandshake(), [4, 2, 0, 80, 192, 0, 2, 7, 0]).sent, [0, 0x5b, 0, 0, 0, 0, 0, 0]);
});

test('what SOCKS does not know is refused as the RFCs say', () => {
  for (const [what, bytes, sent] of [
    ['no method', [5, 0], [5, 0xff]],
    ['GSSAPI alone', [5, 1, 1], [5, 0xff]],
    ['another version', [6, 1, 0], []],
    ['a web page that posts here', [...utf8('POST / HTTP/1.1\r\n\r\n')], []],
    ['another version of passwords', [5, 1, 2, 2, 1, 65, 1, 65], [5, 2, 1, 1]],
    ['a kind of address that is none', [5, 1, 0, 5, 1, 0, 2, 1, 1, 1, 1, 0, 80], [5, 0, ...reply5(8)]],
    ['another version in the request', [5, 1, 0, 4, 1, 0, 1, 1], [5, 0, ...reply5(1)]],
    ['reserved bits', [5, 1, 0, 5, 1, 1, 1, 1], [5, 0, ...reply5(1)]],
    ['an empty name', [5, 1, 0, 5, 1, 0, 3, 0, 0, 80], [5, 0, ...reply5(1)]],
    ['a name with a line break', [5, 1, 0, 5, 1, 0, 3, 2, 65, 10, 0, 80], [5, 0, ...reply5(1)]],
    ['port 0', [5, 1, 0, 5, 1, 0, 1, 1, 1, 1, 1, 0, 0], [5, 0, ...reply5(1)]],
    ['a user id without end', [4, 1, 0, 80, 0, 0, 0, 1, ...new Uint8Array(300).fill(65)], [0, 0x5b, 0, 0, 0, 0, 0, 0]],
    ['a name without end', [4, 1, 0, 80, 0, 0, 0, 1, 0, ...new Uint8Array(300).fill(65)], [0, 0x5b, 0, 0, 0, 0, 0, 0]],
  ] as const) {
    assert.deepEqual(tell(new ProxyHandshake(), bytes), { sent: [...sent], target: undefined, closed: true }, what);
  }
});

test('two users, two passwords, and none: each has a key of its own', () => {
  const keys = [[], [1, 1, 65, 1, 66], [1, 1, 65, 1, 67], [1, 2, 65, 66, 0], [1, 0, 2, 65, 66]].map((password) => {
    const server = new ProxyHandshake();
    return tell(server, password.length === 0 ? [5, 1, 0] : [5, 1, 2], password, request(ADDRESS, 80)).target?.isolation;
  });
  assert.equal(new Set(keys).size, keys.length);
});

test('any bytes, and any that begin as they should, cut anywhere: no exception, and what is held stays small', () => {
  const beginnings = fc.constantFrom<number[]>(
    [],
    [5, 1, 0],
    [5, 1, 2, 1],
    [4, 1, 0, 80, 0, 0, 0, 1],
    [5, 1, 0, 5, 1, 0, 3],
    [...utf8('CONNECT ')],
    [...utf8('CONNECT a:1 HTTP/1.1\r\n')],
  );
  fc.assert(
    fc.property(beginnings, fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 6 }), (beginning, parts) => {
      const server = new ProxyHandshake();
      const effects = [Uint8Array.from(beginning), ...parts].flatMap((part) => server.push(part));
      const { target } = said(effects);
      const heldMax = beginning[0] === 67 ? HTTP_HEAD_MAX_BYTES : 8 + 2 * 256;
      if (target === undefined) assert.ok(server.takeRest().length <= 600 + heldMax);
      else assert.ok(target.port >= 1 && target.port <= 65535 && target.host.length <= 255);
    }),
    { numRuns: 500 },
  );
});
