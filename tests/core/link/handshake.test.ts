import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { newIdentity, peerIdOf } from '../../../src/core/crypto/identity.ts';
import { Handshake, type HandshakeOptions, type HandshakeStep, rtcBinding } from '../../../src/core/link/index.ts';
import { encodeHandshake } from '../../../src/core/wire/link.ts';
import { DESCRIPTOR_MAX_BYTES } from '../../../src/core/wire/geometry.ts';
import { HANDSHAKE, LINK_CLOSE, PROTOCOL_VERSION } from '../../../src/core/wire/registry.ts';
import { testEnv } from '../../support/test-env.ts';

const env = testEnv();
const [alice, bob, mallory] = [newIdentity(env), newIdentity(env), newIdentity(env)];
const BINDING = new Uint8Array(32).fill(5);

type Options = Partial<HandshakeOptions> & { binding?: Uint8Array | undefined; env?: typeof env };

function dialler(options: Options = {}): Handshake {
  return begun({ identity: alice, dialled: true, expected: undefined, binding: BINDING, env, ...options });
}

function listener(options: Options = {}): Handshake {
  return begun({ identity: bob, dialled: false, expected: undefined, binding: BINDING, env, ...options });
}

function begun(options: Options & HandshakeOptions): Handshake {
  const handshake = new Handshake(options.env ?? env, options);
  handshake.begin(options.binding);
  return handshake;
}

type Tamper = (message: Uint8Array, number: number) => Uint8Array;

/** All three messages, each through `tamper`. The last step of each side. */
function shake(a: Handshake, b: Handshake, tamper: Tamper = (message) => message): { a: HandshakeStep; b: HandshakeStep } {
  let ofA: HandshakeStep = { state: 'waiting', send: a.hello };
  let ofB: HandshakeStep = { state: 'waiting' };
  for (let number = 0; ofA.send !== undefined; ) {
    ofB = b.receive(tamper(ofA.send, number++));
    if (ofB.send === undefined || ofA.state !== 'waiting') break;
    ofA = a.receive(tamper(ofB.send, number++));
  }
  return { a: ofA, b: ofB };
}

function codeOf(step: HandshakeStep): number | string {
  return step.state === 'failed' ? step.code : step.state;
}

describe('link handshake', () => {
  it('gives both ends the same keys and each the other id', () => {
    const { a, b } = shake(dialler({ expected: peerIdOf(bob.publicKey) }), listener({ expected: peerIdOf(alice.publicKey) }));
    assert.ok(a.state === 'done' && b.state === 'done');
    assert.equal(a.result.peer, peerIdOf(bob.publicKey));
    assert.equal(b.result.peer, peerIdOf(alice.publicKey));
    assert.deepEqual(a.result.sendKey, b.result.receiveKey);
    assert.deepEqual(b.result.sendKey, a.result.receiveKey);
    assert.notDeepEqual(a.result.sendKey, a.result.receiveKey);
  });

  it('never the same keys twice', () => {
    const keys = [1, 2].map(() => shake(dialler(), listener()).a).map((step) => (step.state === 'done' ? step.result.sendKey.join() : ''));
    assert.notEqual(keys[0], keys[1]);
  });

  it('tells how far the clocks are apart', () => {
    const ahead = { ...env, now: () => env.now() + 90_000 };
    const b = listener({ env: ahead });
    const steps = shake(dialler(), b);
    assert.ok(steps.a.state === 'done' && steps.b.state === 'done');
    assert.equal(steps.a.result.clockOffsetMs, 90_000);
    assert.equal(steps.b.result.clockOffsetMs, -90_000);
  });

  it('the answer shows the descriptor of the listener, whole and sealed; the proof none', () => {
    const descriptor = Uint8Array.from({ length: DESCRIPTOR_MAX_BYTES }, (_, i) => i);
    const seen: Uint8Array[] = [];
    const { a, b } = shake(dialler({ descriptor }), listener({ descriptor }), (message) => {
      seen.push(message);
      return message;
    });
    assert.ok(a.state === 'done' && b.state === 'done');
    assert.deepEqual([a.result.descriptor, b.result.descriptor], [descriptor, undefined]);
    for (const message of seen) assert.ok(!Buffer.from(message).includes(Buffer.from(descriptor.subarray(0, 32))), 'in clear');
    const flip: Tamper = (message, number) => (number === 1 ? message.map((byte, at) => (at === 1000 ? byte ^ 1 : byte)) : message);
    const changed = shake(dialler(), listener({ descriptor }), flip);
    assert.equal(codeOf(changed.a), LINK_CLOSE.identity);
    const tooLong = shake(dialler(), listener({ descriptor: new Uint8Array(DESCRIPTOR_MAX_BYTES + 1) }));
    assert.equal(codeOf(tooLong.a), LINK_CLOSE.breach);
  });

  it('shows the id of neither end in clear', () => {
    const seen: Uint8Array[] = [];
    shake(dialler(), listener(), (message) => {
      seen.push(message);
      return message;
    });
    for (const { publicKey } of [alice, bob])
      for (const message of seen) assert.ok(!Buffer.from(message).includes(Buffer.from(publicKey)), 'an id is in clear');
  });

  it('fails at both ends when a man between has other bindings on either side (swapped DTLS fingerprints)', () => {
    const [one, two, his] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill)) as [Uint8Array, Uint8Array, Uint8Array];
    const a = dialler({ binding: rtcBinding(env.crypto, one, his) });
    const b = listener({ binding: rtcBinding(env.crypto, his, two) });
    const steps = shake(a, b);
    assert.equal(codeOf(steps.a), LINK_CLOSE.identity);
    assert.notEqual(steps.b.state, 'done');
  });

  it('fails when one end believes in a binding and the other does not', () => {
    assert.equal(codeOf(shake(dialler({ binding: undefined }), listener()).a), LINK_CLOSE.identity);
    assert.equal(codeOf(shake(dialler(), listener({ binding: undefined })).a), LINK_CLOSE.identity);
  });

  it('fails when a man between ends the exchange himself and shows another identity', () => {
    const steps = shake(dialler({ expected: peerIdOf(bob.publicKey) }), listener({ identity: mallory }));
    assert.equal(codeOf(steps.a), LINK_CLOSE.identity);
    assert.equal(steps.a.send, undefined, 'the dialler has shown itself');
  });

  it('a man between cannot carry the signature of one exchange into another', () => {
    // He talks to both with keys of his own and hands on what each end sealed: it opens for neither.
    const toAlice = listener({ identity: mallory });
    const toBob = dialler({ identity: mallory });
    const a = dialler({ expected: peerIdOf(bob.publicKey) });
    const b = listener();
    const answerOfBob = b.receive(toBob.hello).send as Uint8Array;
    const hisAnswer = toAlice.receive(a.hello).send as Uint8Array;
    const mixed = Uint8Array.from([...hisAnswer.subarray(0, 35), ...answerOfBob.subarray(35)]);
    assert.equal(codeOf(a.receive(mixed)), LINK_CLOSE.identity);
  });

  it('fails when its own messages come back (reflection)', () => {
    const a = dialler();
    assert.equal(codeOf(a.receive(a.hello)), LINK_CLOSE.breach);
    assert.equal(codeOf(shake(dialler(), listener({ identity: alice })).a), LINK_CLOSE.identity, 'a peer linked with itself');
  });

  it('fails when any single bit of any message is changed', () => {
    for (let number = 0; number < 3; number++)
      for (let bit = 0; bit < 155 * 8; bit += 29) {
        let changed = false;
        const flip: Tamper = (message, which) => {
          if (which !== number || bit >= message.length * 8) return message;
          changed = true;
          const copy = message.slice();
          copy[bit >>> 3] = (copy[bit >>> 3] as number) ^ (1 << (bit & 7));
          return copy;
        };
        const { b } = shake(dialler(), listener(), flip);
        assert.ok(!changed || b.state !== 'done', `message ${number}, bit ${bit}`);
      }
  });

  it('refuses an ephemeral key of small order', () => {
    const b = listener();
    assert.equal(codeOf(b.receive(encodeHandshake(HANDSHAKE.hello, PROTOCOL_VERSION, new Uint8Array(32)))), LINK_CLOSE.identity);
  });

  it('says its version to a dialler of another, and the dialler closes with that code', () => {
    const a = dialler();
    const b = listener();
    const step = b.receive(encodeHandshake(HANDSHAKE.hello, 9, new Uint8Array(32)));
    assert.equal(codeOf(step), LINK_CLOSE.version);
    const other = Uint8Array.of(HANDSHAKE.answer, 0, 9);
    assert.equal(codeOf(a.receive(other)), LINK_CLOSE.version);
    assert.deepEqual([...(step.send ?? [])], [HANDSHAKE.answer, 0, PROTOCOL_VERSION]);
  });

  it('answers any bytes with a code and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, asDialler) => {
        const side = asDialler ? dialler() : listener();
        assert.equal(side.receive(bytes).state, 'failed');
        assert.equal(side.receive(bytes).state, 'failed');
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
