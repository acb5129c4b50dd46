import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex, utf8 } from '../../src/core/bytes/bytes.ts';
import { identityFromSeed, peerIdOf } from '../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import { HelloKeyring } from '../../src/core/service/hello-keys.ts';
import { helloSlot, makeHello, openHello } from '../../src/core/service/hello.ts';
import { SealedPipe } from '../../src/core/service/sealed-pipe.ts';
import { sealServiceRecord } from '../../src/core/service/record-seal.ts';
import { datedSigner } from '../../src/core/wire/dated-key.ts';
import { PAYLOAD_BYTES } from '../../src/core/wire/geometry.ts';
import { pipePair } from '../support/pipe-pair.ts';
import { testEnv } from '../support/test-env.ts';
import * as reference from './service-reference.ts';

const identity = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(3));
const pointBytes = new Uint8Array(32).fill(7);

const PLACE = { period: 20_500, serial: 1_771_200_000, slot: 2 };
const hostPart = new Uint8Array(16).fill(12);

function made(env: ReturnType<typeof testEnv>) {
  const { keys } = new HelloKeyring(env).current;
  const points = [1, 2, 3].map((byte) => ({
    peer: peerIdOf(pointBytes),
    descriptorHash: env.random(32),
    tag: new Uint8Array(32).fill(byte),
  }));
  return { effort: 5, freshUntilMs: 1_771_207_200_000, keys, points };
}

function assertBody(read: ReturnType<typeof reference.readBody>, { keys, points }: ReturnType<typeof made>): void {
  assert.equal(read.effort, 5);
  assert.equal(read.freshUntil, 1_771_207_200);
  assert.deepEqual([read.keyId, read.x25519, read.kem].map(hex), [keys.keyId, keys.x25519, keys.kem].map(hex));
  assert.deepEqual(
    read.points.map(({ peer, hash, tag }) => [peer, hash, tag].map(hex)),
    points.map(({ descriptorHash, tag }) => [pointBytes, descriptorHash, tag].map(hex)),
  );
}

test('a record is what the spec says, by OpenSSL', () => {
  const env = testEnv();
  const signer = datedSigner(identity, PLACE.period);
  const record = made(env);
  const payload = sealServiceRecord(env, identity.publicKey, signer, PLACE, { record, hostPart });
  const read = reference.openRecord(identity.publicKey, signer.publicKey, PLACE, payload);
  assert.deepEqual([read.version, read.flags, hex(read.hostPart)], [2, 0, hex(hostPart)]);
  assertBody(reference.readBody(read.body), record);
  assert.ok(nobleCrypto.ed25519Verify(signer.publicKey, read.signed, read.signature));
});

test('a record for invited visitors is what the spec says, by OpenSSL: each of them opens it, and nobody else', () => {
  const env = testEnv();
  const signer = datedSigner(identity, PLACE.period);
  const record = made(env);
  const invited = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
  const payload = sealServiceRecord(env, identity.publicKey, signer, PLACE, { record, hostPart, invited });
  const read = reference.openRecord(identity.publicKey, signer.publicKey, PLACE, payload);
  assert.equal(read.flags, 1);
  const openedBy = (secret: Uint8Array) => reference.openInvitedBody(secret, identity.publicKey, signer.publicKey, read);
  for (const secret of invited) assertBody(reference.readBody(openedBy(secret)!), record);
  assert.equal(openedBy(new Uint8Array(32).fill(4)), undefined);
  assert.ok(nobleCrypto.ed25519Verify(signer.publicKey, read.signed, read.signature));
});

test('a hello, its answer and the payloads after it are what the spec says, by OpenSSL', async () => {
  // The visitor's ephemeral secrets are the first it draws, in this order: X25519, then the seed of the KEM key.
  const drawn: Uint8Array[] = [];
  const plain = testEnv({ seed: 'visitor' });
  const visitor = { ...plain, random: (lengthBytes: number) => drawn[drawn.push(plain.random(lengthBytes)) - 1]! };
  const env = testEnv({ seed: 'service' });
  const secrets = new HelloKeyring(env).current;
  const target = { service: identity.publicKey, point: peerIdOf(pointBytes) };
  const sessionId = new Uint8Array(16).fill(4);
  const invitation = { secret: new Uint8Array(32).fill(5), holder: new Uint8Array(16).fill(6) };
  const hello = makeHello(visitor, target, secrets.keys, {
    sessionId,
    resumes: true,
    missed: true,
    number: 2,
    messages: utf8('first words'),
    invitation,
  })!;

  const serviceSide = {
    ...secrets.keys,
    service: identity.publicKey,
    point: pointBytes,
    slot: helloSlot(env.now()),
    x25519Secret: secrets.x25519Secret,
    kemSecret: secrets.kemSecret,
  };
  const read = reference.openHello(serviceSide, hello.bytes);
  assert.equal(hex(read.session), hex(sessionId));
  assert.equal(read.flags, 3);
  assert.equal(read.number, 2);
  assert.equal(hex(read.holder), hex(invitation.holder));
  assert.equal(hex(read.proof), hex(reference.proofOf(invitation.secret, read.chain, sessionId, invitation.holder)));
  assert.equal(read.messages.subarray(0, 11).toString(), 'first words');

  const { a, b } = pipePair(env, { payloadBytes: PAYLOAD_BYTES });
  const came: Uint8Array[] = [];
  b.handler = { onPayload: (payload) => void came.push(payload), onReady: () => undefined, onClose: () => undefined };
  const { header, keys } = openHello(env, target, secrets, hello.bytes)!.answer(env)!;
  const pipe = new SealedPipe(env.crypto.aead, a, keys, { answerHeader: header });
  for (let i = 0; i < 3; i++) pipe.send(new Uint8Array(pipe.payloadBytes).fill(i + 1));
  await env.advance(10);
  const kem = nobleCrypto.kemKeyPair(drawn[1]!).secretKey;
  const { toVisitor } = reference.answerKeys(read.chain, hello.bytes, came[0]!, { x25519: drawn[0]!, kem });
  const opened = came.map((payload, i) =>
    i === 0
      ? reference.open(toVisitor, 0, payload.subarray(1120), payload.subarray(0, 1120))
      : reference.open(toVisitor, i, payload, new Uint8Array(0)),
  );
  opened.forEach((bytes, i) => assert.ok(bytes.every((byte) => byte === i + 1)));
  assert.equal(opened[0]!.length + 1120 + 16, PAYLOAD_BYTES);
});
