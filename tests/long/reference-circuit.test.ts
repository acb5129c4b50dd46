import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CellLayers } from '../../src/core/circuit/cell-layers.ts';
import { buildExtension, drawExtension, openExtension } from '../../src/core/circuit/extension-builder.ts';
import { openReply } from '../../src/core/circuit/reply-opener.ts';
import { buildSetup, drawSetup } from '../../src/core/circuit/setup-builder.ts';
import { keystream } from '../../src/core/crypto/derive.ts';
import { peerIdBytes } from '../../src/core/crypto/identity.ts';
import { HopLayer } from '../../src/core/relay/hop-layer.ts';
import { buildReply, freshKeys, peelSetup, sealReply } from '../../src/core/relay/setup-hop.ts';
import { newCell } from '../../src/core/wire/cell.ts';
import { decodeExtendRequest, encodeExtendAnswer, expandSetup } from '../../src/core/wire/extend.ts';
import {
  CELL_BODY_BYTES,
  EARLY_DATA_MAX_BYTES,
  EXTEND_HEADS_BYTES,
  FRAME_HEADER_BYTES,
  REPLY_DATA_MAX_BYTES,
} from '../../src/core/wire/geometry.ts';
import { type TestHop, testHop } from '../support/circuit-hops.ts';
import { testEnv } from '../support/test-env.ts';
import * as reference from '../reference/circuit-reference.ts';

const refHop = ({ hop }: TestHop): reference.Hop => ({
  id: peerIdBytes(hop.peer),
  B: hop.onionX25519,
  K: hop.onionKem,
  descriptorHash: hop.descriptorHash,
  effort: hop.setupEffort,
});

function refSecrets(hop: TestHop): reference.HopSecretKeys {
  const onion = hop.keyring.find(hop.hop.onionX25519[0] as number);
  assert(onion);
  return { ...refHop(hop), b: onion.x25519Secret, k: onion.kemSecret };
}

const refDraws = (draw: ReturnType<typeof drawSetup>): reference.Draws => ({ ...draw, hops: [...draw.hops] });

describe('the fast circuits are the reference, byte for byte', () => {
  for (let k = 1; k <= 8; k++) {
    test(`${k} hops: setup, reply, 70 cells each way`, () => {
      const env = testEnv({ seed: `reference ${k}` });
      const hops = Array.from({ length: k }, (_, i) => testHop(env, i % 2 === 0 ? 0 : 5));
      const early = env.random(Math.floor((EARLY_DATA_MAX_BYTES * (k - 1)) / 7));
      const draw = drawSetup(env.random, k, early.length);

      const fast = buildSetup(
        env.crypto,
        hops.map(({ hop }) => hop),
        early,
        draw,
      );
      const slow = reference.buildSetup(hops.map(refHop), early, refDraws(draw));
      assert.deepEqual(fast.packet, slow.packet);

      // out, hop by hop
      const packet = fast.packet.slice();
      let refPacket = slow.packet;
      const fresh = hops.map(() => env.random(32));
      const peeled = hops.map((hop, i) => {
        const mine = peelSetup(env.crypto, hop.peer, hop.keyring, packet);
        const theirs = reference.peelSetup(refSecrets(hop), refPacket);
        assert(mine);
        if (i < k - 1) {
          assert.deepEqual(mine.route.next, hops[i + 1]?.peer);
          assert.deepEqual(packet, theirs.onward);
          refPacket = theirs.onward as Uint8Array;
        } else {
          assert.equal(mine.route.next, undefined);
          assert.deepEqual(mine.early, early);
          assert.deepEqual(theirs.early, early);
        }
        const own = freshKeys(env.crypto, mine, fresh[i] as Uint8Array);
        const refOwn = reference.hopCellKeys(theirs, fresh[i] as Uint8Array);
        assert.deepEqual(own.keys, refOwn.keys);
        return { mine, theirs, own, refOwn };
      });

      // back, hop by hop
      const data = env.random(k === 8 ? REPLY_DATA_MAX_BYTES : 1000 * k);
      const end = peeled[k - 1] as (typeof peeled)[number];
      const reply = buildReply(env.crypto.aead, end.mine.keys.reply, end.own, data);
      let refReply = reference.buildReply(end.theirs.keys.reply, end.refOwn, data);
      assert.deepEqual(reply, refReply);
      for (const hop of peeled.slice(0, -1).reverse()) {
        sealReply(env.crypto.aead, hop.mine.keys.reply, hop.own.fresh, reply);
        refReply = reference.sealReply(hop.theirs.keys.reply, hop.refOwn.F, refReply);
        assert.deepEqual(reply, refReply);
      }
      const opened = openReply(env.crypto, fast.secrets, reply.slice());
      const refOpened = reference.openReply(slow.layers, refReply);
      assert(opened);
      assert.deepEqual(opened.data, data);
      assert.deepEqual(refOpened.data, data);
      assert.deepEqual(opened.keys, refOpened.keys);
      assert.deepEqual(
        opened.keys,
        peeled.map(({ own }) => own.keys),
      );

      // cells: more than one stretch of tag stream
      const paddingKey = env.random(32);
      const layers = new CellLayers(env.crypto.aead, opened.keys, paddingKey);
      const hopLayers = peeled.map(({ own }) => new HopLayer(env.crypto.aead, own.keys));
      for (const n of Array.from({ length: 70 }, (_, i) => i)) {
        const body = env.random(CELL_BODY_BYTES);
        const frame = newCell(0, body);
        layers.wrap(frame);
        const check = n % 23 === 0 || n === 31 || n === 32; // the reference takes its time
        const numbers = hops.map(() => n);
        const unused = keystream(env.crypto.aead, paddingKey, Math.floor(n / 32), 4096).slice(
          128 * (n % 32) + 16,
          128 * (n % 32) + 16 * (9 - k),
        );
        let refCell = check ? reference.wrapCell(refOpened.keys, numbers, body, unused) : undefined;
        if (refCell) assert.deepEqual(frame.subarray(FRAME_HEADER_BYTES), refCell);
        for (const [i, layer] of hopLayers.entries()) {
          assert(layer.openForward(frame));
          refCell &&= reference.openForward(peeled[i]?.refOwn.keys as reference.CellKeys, n, refCell);
          if (refCell) assert.deepEqual(frame.subarray(FRAME_HEADER_BYTES), refCell);
        }
        assert.deepEqual(frame.slice(133), body);

        const answer = env.random(CELL_BODY_BYTES);
        const back = newCell(0, answer);
        (hopLayers[k - 1] as HopLayer).sealOwn(back);
        let refBack = check ? reference.sealBack(end.refOwn.keys, n, reference.lastCell(answer)) : undefined;
        for (let i = k - 2; i >= 0; i--) {
          hopLayers[i]?.sealBack(back);
          refBack &&= reference.sealBack(peeled[i]?.refOwn.keys as reference.CellKeys, n, refBack);
        }
        if (refBack) {
          assert.deepEqual(back.subarray(FRAME_HEADER_BYTES), refBack);
          assert.deepEqual(reference.openBack(refOpened.keys, numbers, refBack), answer);
        }
        assert(layers.open(back));
        assert.deepEqual(back.slice(133), answer);
      }
    });
  }

  for (const headBytes of EXTEND_HEADS_BYTES) {
    test(`an extension whose request brings ${headBytes} bytes of the body`, () => {
      const env = testEnv({ seed: `extend ${headBytes}` });
      const target = testHop(env, 3);
      const early = env.random(headBytes - 2 - (headBytes % 7));
      const draw = drawExtension(env.random, early.length);
      const fast = buildExtension(env.crypto, target.hop, early, draw);
      const slow = reference.buildExtension(refHop(target), early, draw);
      assert.deepEqual(fast.request, slow.request);

      const packet = expandSetup(env.crypto.aead, decodeExtendRequest(fast.request));
      const expanded = reference.expandRequest(slow.request);
      assert.deepEqual(packet, expanded.packet);
      assert.deepEqual(peerIdBytes(decodeExtendRequest(fast.request).next), expanded.next);

      const theirs = reference.peelSetup(refSecrets(target), expanded.packet);
      const mine = peelSetup(env.crypto, target.peer, target.keyring, packet);
      assert(mine);
      assert.deepEqual(mine.early, early);
      assert.deepEqual(theirs.early, early);
      const f = env.random(32);
      const data = env.random(900);
      const own = freshKeys(env.crypto, mine, f);
      const reply = buildReply(env.crypto.aead, mine.keys.reply, own, data);
      const answer = encodeExtendAnswer(reply);
      assert.deepEqual(answer, reference.extendAnswer(reply));
      assert.deepEqual(openExtension(env.crypto, fast.secrets, answer), reference.openExtension(slow.layer, answer));
      assert.deepEqual(openExtension(env.crypto, fast.secrets, answer)?.data, data);
    });
  }
});
