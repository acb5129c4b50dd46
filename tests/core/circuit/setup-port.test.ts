import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { workerThread } from '../../../node/worker-thread.ts';
import { workerSetupPort } from '../../../src/adapters/node-setup-port.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { inlineSetupCrypto, splitSetupCrypto } from '../../../src/core/circuit/setup-crypto.ts';
import { remoteSetupCrypto, serveSetupCrypto } from '../../../src/core/circuit/setup-port.ts';
import { buildReply, freshKeys, peelSetup } from '../../../src/core/relay/setup-hop.ts';
import { encodeExtendAnswer, decodeExtendRequest, expandSetup } from '../../../src/core/wire/extend.ts';
import { testHop } from '../../support/circuit-hops.ts';
import { testEnv } from '../../support/test-env.ts';

describe('setup crypto on another thread', () => {
  test('builds, opens and extends as if it were here', async () => {
    const env = testEnv({ seed: 'port' });
    const worker = workerThread(new URL('../../../node/setup.worker.ts', import.meta.url));
    try {
      const remote = remoteSetupCrypto(workerSetupPort(worker));
      const { crypto } = env;
      const first = testHop(env);
      const early = env.random(100);
      const { packet, secrets } = await remote.build([first.hop], early);
      const peeled = peelSetup(crypto, first.peer, first.keyring, packet);
      assert.deepEqual(peeled?.early, early);
      const reply = buildReply(crypto.aead, peeled!.keys.reply, freshKeys(crypto, peeled!, env.random(32)), early);
      const tampered = reply.map((byte, at) => (at === 9000 ? byte ^ 1 : byte));
      assert.equal(await remote.open(secrets, tampered), undefined);
      assert.deepEqual((await remote.open(secrets, reply))?.data, early);

      const second = testHop(env);
      const extension = await remote.buildExtension(second.hop, early);
      const onward = peelSetup(crypto, second.peer, second.keyring, expandSetup(crypto.aead, decodeExtendRequest(extension.request)));
      const answer = buildReply(crypto.aead, onward!.keys.reply, freshKeys(crypto, onward!, env.random(32)), early);
      assert.deepEqual((await remote.openExtension(extension.secrets, encodeExtendAnswer(answer)))?.data, early);

      await assert.rejects(remote.build([], early), RangeError);
      await assert.rejects(
        remote.build([{ ...first.hop, onionX25519: new Uint8Array(32) }], early),
        (error: GlobalNetError) => error.kind === 'malformed',
      );
      await assert.rejects(
        remote.build([{ ...first.hop, setupEffort: 2 ** 31 }], early),
        (error: GlobalNetError) => error.kind === 'refused',
      );
    } finally {
      await worker.terminate();
    }
  });

  test('is not asked for an ordinary setup of one hop where that is done here, and for all else', async () => {
    const env = testEnv({ seed: 'split' });
    const asked: string[] = [];
    const inline = inlineSetupCrypto(env);
    const elsewhere = new Proxy(inline, {
      get(target, name: keyof typeof inline) {
        asked.push(name);
        return target[name];
      },
    });
    const split = splitSetupCrypto(inline, elsewhere);
    const [one, two] = [testHop(env), testHop(env)];
    const reply = (secretsOf: { packet: Uint8Array }): Uint8Array => {
      const peeled = peelSetup(env.crypto, one.peer, one.keyring, secretsOf.packet);
      return buildReply(env.crypto.aead, peeled!.keys.reply, freshKeys(env.crypto, peeled!, env.random(32)), new Uint8Array(0));
    };
    const short = await split.build([one.hop], new Uint8Array(0));
    assert.ok(await split.open(short.secrets, reply(short)));
    assert.deepEqual(asked, []);
    const dear = await split.build([{ ...one.hop, setupEffort: 2 }], new Uint8Array(0));
    const long = await split.build([one.hop, two.hop], new Uint8Array(0));
    assert.equal(await split.open(long.secrets, reply(dear)), undefined);
    await split.buildExtension(two.hop, new Uint8Array(0));
    assert.deepEqual(asked, ['build', 'build', 'open', 'buildExtension']);
  });

  test('whose worker dies fails what waits, and what is asked afterwards', async () => {
    const { port1, port2 } = new MessageChannel();
    const env = testEnv();
    serveSetupCrypto(workerSetupPort(port2), { ...inlineSetupCrypto(env), build: () => new Promise(() => undefined) });
    const remote = remoteSetupCrypto(workerSetupPort(port1));
    const waiting = remote.build([testHop(env).hop], new Uint8Array(0));
    remote.fail('exit code 1');
    await assert.rejects(waiting, GlobalNetError);
    await assert.rejects(remote.build([], new Uint8Array(0)), GlobalNetError);
    port1.close();
  });
});
