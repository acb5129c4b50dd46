import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ChainForm, parseChain } from '../../node/cli/hop-chain.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';

const FORM: ChainForm = { target: 'host:port', example: '1000>rand>rand>rand>example.org:80' };
const A = 'abcdefgh';
const B = 'b'.repeat(52);

const refused = (text: string, words: RegExp): void =>
  assert.throws(
    () => parseChain(text, FORM),
    (error) => error instanceof GlobalNetError && error.kind === 'malformed' && words.test(error.message),
    `${text}: ${words}`,
  );

test('chain: where to listen, the hops, the target', () => {
  const chain = (text: string): unknown => {
    const { listen, hops, target } = parseChain(text, FORM);
    return [listen.host, listen.port, hops, target];
  };
  assert.deepEqual(chain(`1000>${A}>rand>${B}>example.org:80`), ['127.0.0.1', 1000, [A, 'rand', B], 'example.org:80']);
  assert.deepEqual(chain(`0>${A}>[::1]:22`), ['127.0.0.1', 0, [A], '[::1]:22']);
  assert.deepEqual(chain(`10.0.0.1:81>rand>rand>internet`), ['10.0.0.1', 81, ['rand', 'rand'], 'internet']);
  assert.deepEqual(chain(` [::1]:81 > ${A.toUpperCase()} > Host:1 `), ['::1', 81, [A], 'host:1']);
  assert.equal(parseChain(`1>${Array(8).fill('rand').join('>')}>h:1`, FORM).hops.length, 8);
});

test('chain: what is wrong is said of the part that is wrong', () => {
  refused('', /a chain is port>hop>…>host:port, such as '1000>rand>rand>rand>example\.org:80', in quotes/);
  refused('1000', /in quotes, as shells read > themselves/);
  refused('1000>example.org:80', /no hop stands between '1000' and 'example\.org:80'/);
  refused(`1>${Array(9).fill('rand').join('>')}>h:1`, /9 hops, and a circuit has at most 8/);
  refused(`70000>${A}>h:1`, /'70000' is no port to listen at/);
  refused(`localhost:80>${A}>h:1`, /'localhost:80' is no port to listen at, nor an IP address and a port/);
  refused(`[10.0.0.1]:80>${A}>h:1`, /is no port to listen at/);
  refused(`1.2.3:80>${A}>h:1`, /is no port to listen at/);
  refused(`1000>${A}>>h:1`, /hop 2, '', is empty/);
  refused(`1000>abc>h:1`, /hop 1, 'abc', is too short to name one peer: give at least 8 letters/);
  refused(`1000>${B}b>h:1`, /hop 1, .* is longer than the 52 letters of a peer id/);
  refused(`1000>rand>pe-r1234>h:1`, /hop 2, 'pe-r1234', is neither 'rand' nor letters of a peer id/);
  refused(`1000>${A}>internet>h:1`, /hop 2, 'internet', is a target, which stands last/);
  refused(`1000>10.0.0.1:80>h:1`, /hop 1, '10\.0\.0\.1:80', is a target/);
  refused(`1000>${A}>rand>rand>${A}>h:1`, /hop 4, 'abcdefgh', is hop 1 already/);
});

test('chain: any text is a chain that reads back the same, or refused in words', () => {
  const part = fc.oneof(
    fc.constantFrom('rand', 'internet', A, B, '80', '[::1]:80', '', ' ', 'example.org:80'),
    fc.string({ maxLength: 60 }),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 12 }).map((parts) => parts.join('>')),
      ),
      (text) => {
        try {
          const { listen, hops, target } = parseChain(text, FORM);
          assert.ok(hops.length >= 1 && hops.length <= 8 && listen.port >= 0 && listen.port <= 65535);
          const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
          assert.deepEqual(
            { ...parseChain([`${host}:${listen.port}`, ...hops, target].join('>'), FORM), text },
            { text, listen, hops, target },
          );
        } catch (error) {
          assert.ok(error instanceof GlobalNetError && error.kind === 'malformed', String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
