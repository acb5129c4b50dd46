/** What a service carries: asked beside the first request, checked, and judged by whom the reader trusts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, EMPTY } from '../../../src/core/bytes/bytes.ts';
import { identityFromSeed } from '../../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { certificatesHandler, checkCertificates } from '../../../src/core/peer/certificates.ts';
import { ServiceSession } from '../../../src/core/peer/service-session.ts';
import type { StreamHandlers } from '../../../src/core/peer/session-host.ts';
import type { CarriedCertificate } from '../../../src/core/peer/status.ts';
import type { ConnectOptions, ServiceConnection } from '../../../src/core/service/index.ts';
import { Session, type SessionStream } from '../../../src/core/stream/index.ts';
import { encodeAddress } from '../../../src/core/wire/address.ts';
import { encodeCertificates, signCertificate } from '../../../src/core/wire/certificate.ts';
import { CERTIFICATES_MAX_BYTES } from '../../../src/core/wire/geometry.ts';
import { formatIssuer } from '../../../src/core/wire/issuer.ts';
import { readMessages } from '../../../src/core/wire/message.ts';
import { END, MESSAGE, STREAM, type StreamKind } from '../../../src/core/wire/registry.ts';
import { decodeStreamOpen } from '../../../src/core/wire/stream.ts';
import { certificateWords, isCertified, judge } from '../../../src/shared/certificates.ts';
import { pipePair } from '../../support/pipe-pair.ts';
import { testEnv } from '../../support/test-env.ts';

const key = (byte: number) => identityFromSeed(nobleCrypto, new Uint8Array(32).fill(byte));
const [SERVICE, OTHER, ALICE, MALLORY] = [key(1), key(2), key(3), key(4)];
const DAY_S = 86_400;

function certificate({
  issuer = ALICE,
  service = SERVICE,
  fromS = DAY_S,
  untilS = 3 * DAY_S,
  text = 'The Example Gazette',
} = {}): Uint8Array {
  return signCertificate(nobleCrypto, issuer, { service: service.publicKey, fromS, untilS, text }).bytes;
}

const now = (_: number, task: () => void) => {
  queueMicrotask(task);
  return () => undefined;
};
const checked = (answer: Uint8Array) => checkCertificates({ crypto: nobleCrypto, schedule: now }, answer, SERVICE.publicKey);
const TRUSTED = [{ name: 'Alice', issuer: formatIssuer(ALICE.publicKey) }];
const judged = async (list: readonly Uint8Array[], nowS = 2 * DAY_S) =>
  judge(await checked(encodeCertificates(list)), TRUSTED, 1000 * nowS);

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const other = bytes.slice();
  other[at] = (other[at] as number) ^ 1;
  return other;
}

test('of a trusted key the words are shown with the time until they hold; of another one the key, and never its words', async () => {
  const [first, second, ...more] = await judged([certificate({ issuer: MALLORY, text: 'Alice says I am good' }), certificate()]);
  assert.deepEqual(more, []);
  assert.equal(certificateWords(first!), 'Alice (a key that you trust) says, until 1970-01-04:');
  assert.equal(first!.says, 'The Example Gazette');
  assert.equal(certificateWords(second!), 'It carries a statement of a key that you do not trust:');
  assert.equal(second!.issuer, formatIssuer(MALLORY.publicKey));
  assert.ok(!JSON.stringify(second).includes('good'));
  assert.ok(isCertified([first!]) && !isCertified([second!]));
});

test('a certificate holds from its first second to its last one, by the reader’s clock; before and after that is said', async () => {
  const at = async (nowS: number) => (await judged([certificate()], nowS))[0]!;
  for (const [nowS, standing] of [
    [DAY_S - 0.001, 'early'],
    [DAY_S, 'holds'],
    [3 * DAY_S + 0.999, 'holds'],
    [3 * DAY_S + 1, 'expired'],
  ] as const)
    assert.equal((await at(nowS)).standing, standing);
  assert.equal(certificateWords(await at(0)), 'Alice (a key that you trust) says this, but only from 1970-01-02 on:');
  assert.equal(certificateWords(await at(9 * DAY_S)), 'Alice (a key that you trust) said this until 1970-01-04; it has expired:');
  assert.ok(!isCertified([await at(0)]) && !isCertified([await at(9 * DAY_S)]));
  assert.ok(isCertified(await judged([certificate({ untilS: DAY_S + 1 }), certificate()])), 'the one that holds counts');
});

test('a certificate of another service, forged, changed in a byte or of a later version is none, and takes no other one along', async () => {
  const good = certificate();
  const forged = concat(good.subarray(0, -64), certificate({ issuer: MALLORY }).subarray(-64));
  for (const bad of [certificate({ service: OTHER }), forged, flipped(good, 0), EMPTY, new Uint8Array(300).fill(7), good.subarray(1)])
    assert.deepEqual(await checked(encodeCertificates([bad, good])), await checked(encodeCertificates([good])));
  for (let at = 0; at < good.length; at += 3) assert.deepEqual(await checked(encodeCertificates([flipped(good, at)])), [], `byte ${at}`);
  assert.equal((await checked(encodeCertificates([good, good]))).length, 1, 'said twice is said once');
});

test('a list that is none carries nothing: too many, cut, or any bytes', async () => {
  const five = concat(...Array.from({ length: 5 }, (_, i) => encodeCertificates([certificate({ text: `number ${i}` })])));
  const list = encodeCertificates([certificate()]);
  for (const answer of [EMPTY, five, list.subarray(0, -1), Uint8Array.of(9), new Uint8Array(1000).fill(255)])
    assert.deepEqual(await checked(answer), []);
});

interface House {
  readonly env: ReturnType<typeof testEnv>;
  readonly visit: ServiceSession;
  /** Kinds of the streams that were opened in each hello, and what they asked. */
  readonly hellos: { kind: StreamKind; request: Uint8Array }[][];
  /** How many streams were ended in each hello. */
  readonly ends: number[];
}

/** A reader, and a service that answers streams as it is told, refusing the rest. */
function house(handlers: StreamHandlers): House {
  const env = testEnv();
  const hellos: House['hellos'] = [];
  const ends: number[] = [];
  const connect = async (_: string, { sessionId, messages }: ConnectOptions): Promise<ServiceConnection> => {
    const said = [...readMessages(messages)];
    const opens = said.filter(({ type }) => type === MESSAGE.streamOpen);
    ends.push(said.filter(({ type }) => type === MESSAGE.streamEnd).length);
    hellos.push(opens.map(({ content }) => decodeStreamOpen(content)).map(({ kind, request }) => ({ kind: kind as StreamKind, request })));
    const { a, b } = pipePair(env, { delayMs: 50 });
    const serve = (stream: SessionStream): void => (handlers[stream.kind] ?? ((refused) => refused.reset(END.refused)))(stream, session);
    const session: Session = new Session(env, { opener: false, id: sessionId as Uint8Array, onStream: serve });
    session.acceptEarly(messages);
    session.attach(b);
    return { pipe: a, messages: EMPTY, hops: [], sessionId, point: '' } as unknown as ServiceConnection;
  };
  const events = { onPath: () => undefined, onPathLost: () => undefined, onContested: () => undefined };
  return {
    env,
    hellos,
    ends,
    visit: new ServiceSession(env, { find: async () => undefined, connect }, encodeAddress(SERVICE.publicKey), events),
  };
}

/** What comes of asking, when all that can happen has. */
async function outcome({ env, visit }: House): Promise<readonly CarriedCertificate[] | string> {
  const asked = visit.certificates().catch((error: { kind: string }) => error.kind);
  await env.advance(60_000);
  return asked;
}

const site = (stream: SessionStream): void => {
  void stream.write(Uint8Array.of(1)).then(() => stream.end());
};

test('every reader asks for certificates behind his first request, in the same hello, with nothing in it, and once', async () => {
  const list = await checked(encodeCertificates([certificate()]));
  const all = house({ [STREAM.site]: site, [STREAM.certificates]: certificatesHandler([certificate()]) });
  const { visit, hellos, ends } = all;
  const opening = visit.openStream(STREAM.site, Uint8Array.of(7));
  assert.deepEqual(await outcome(all), list);
  assert.deepEqual(await (await opening).read(), Uint8Array.of(1));
  assert.deepEqual(hellos, [
    [
      { kind: STREAM.site, request: Uint8Array.of(7) },
      { kind: STREAM.certificates, request: EMPTY },
    ],
  ]);
  assert.deepEqual(ends, [1], 'and says all that he says about it there');
  const before = visit.streams;
  await visit.openStream(STREAM.site, EMPTY);
  assert.deepEqual(await outcome(all), list);
  assert.equal(visit.streams, before + 1);
});

test('who wants to know first is told before anything else is asked, and the next stream asks no more', async () => {
  const all = house({ [STREAM.site]: site, [STREAM.certificates]: certificatesHandler([]) });
  assert.deepEqual(await outcome(all), []);
  assert.deepEqual(
    all.hellos.map((opens) => opens.map(({ kind }) => kind)),
    [[STREAM.certificates]],
  );
  await all.visit.openStream(STREAM.site, EMPTY);
  assert.equal(all.visit.streams, 1);
});

test('a service that knows no certificates carries none; one that floods, or is silent, disturbs no request', async () => {
  for (const [what, handlers, wanted] of [
    ['older', {}, []],
    ['flood', { [STREAM.certificates]: (stream: SessionStream) => void stream.write(new Uint8Array(CERTIFICATES_MAX_BYTES + 1)) }, []],
    ['silent', { [STREAM.certificates]: () => undefined }, 'timeout'],
    ['broken', { [STREAM.certificates]: (stream: SessionStream) => stream.reset(END.internal) }, 'closed'],
  ] as const) {
    const all = house({ [STREAM.site]: site, ...handlers });
    const opened = all.visit.openStream(STREAM.site, EMPTY);
    assert.deepEqual(await outcome(all), wanted, what);
    assert.deepEqual(await (await opened).read(), Uint8Array.of(1), what);
    (await opened).end();
    await all.env.advance(1000);
    assert.equal(all.visit.streams, 0, what);
  }
});

test('a visitor who says something to the question is not listened to', async () => {
  const all = house({ [STREAM.certificates]: certificatesHandler([certificate()]) });
  const opening = all.visit.openStream(STREAM.certificates, Uint8Array.of(1, 2), new Uint8Array(10));
  await all.env.advance(1000);
  const stream = await opening;
  await assert.rejects(stream.read(), { kind: 'closed' });
  assert.ok(all.visit.attached);
});
