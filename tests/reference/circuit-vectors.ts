/**
 * Makes tests/vectors/circuit.json out of the reference alone:
 *
 *   node --import tsx tests/reference/circuit-vectors.ts > tests/vectors/circuit.json
 */
import { pathToFileURL } from 'node:url';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import * as reference from './circuit-reference.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const digest = (bytes: Uint8Array): string => hex(sha256(bytes));

/** Everything random in a case: cuts of one stream, in the order in which the case asks. */
class Cuts {
  #offset = 0;
  readonly #stream: Uint8Array;
  constructor(readonly seed: Uint8Array) {
    this.#stream = reference.stream(seed, 0, 100_000);
  }
  take = (n: number): Uint8Array => this.#stream.slice(this.#offset, (this.#offset += n));
}

function makeHop(cuts: Cuts, effort: number): { secret: reference.HopSecretKeys; public: reference.Hop } {
  const id = ed25519.getPublicKey(cuts.take(32));
  const b = cuts.take(32);
  const { publicKey: K, secretKey: k } = ml_kem768.keygen(cuts.take(64));
  const B = x25519.getPublicKey(b);
  const descriptorHash = cuts.take(32);
  return { secret: { id, b, k, B, descriptorHash, effort }, public: { id, B, K, descriptorHash, effort } };
}

export function makeCase(name: string, hopCount: number, earlyBytes: number, efforts: number[], full: boolean) {
  const cuts = new Cuts(sha256(new TextEncoder().encode(`gnet circuit vector: ${name}`)));
  const hops = Array.from({ length: hopCount }, (_, i) => makeHop(cuts, efforts[i] ?? 0));
  const early = cuts.take(earlyBytes);
  const draws: reference.Draws = {
    hops: hops.map(() => ({ ephemeral: cuts.take(32), kem: cuts.take(32), work: cuts.take(7) })),
    slots: cuts.take((8 - hopCount) * 1208),
    padding: cuts.take(4409 - earlyBytes),
  };
  const { packet, layers } = reference.buildSetup(
    hops.map((hop) => hop.public),
    early,
    draws,
  );
  const arriving = [packet];
  const peeled = hops.map((hop, i) => {
    const result = reference.peelSetup(hop.secret, arriving[i] as Uint8Array);
    if (result.onward) arriving.push(result.onward);
    return result;
  });
  const own = peeled.map((each) => reference.hopCellKeys(each, cuts.take(32)));
  const data = cuts.take(200);
  const replies: Uint8Array[] = [];
  let reply = reference.buildReply((peeled.at(-1) as reference.Peeled).keys.reply, own.at(-1)!, data);
  for (let i = hopCount - 1; i >= 0; i--) {
    if (i < hopCount - 1) reply = reference.sealReply(peeled[i]!.keys.reply, own[i]!.F, reply);
    replies.unshift(reply);
  }
  const keys = reference.openReply(layers, replies[0] as Uint8Array).keys;
  const cells = [0, 1, 32].map((n) => {
    const numbers = hops.map(() => n);
    const body = cuts.take(3963);
    const unused = cuts.take((8 - hopCount) * 16);
    const out = [reference.wrapCell(keys, numbers, body, unused)];
    for (const layer of keys.slice(0, -1)) out.push(reference.openForward(layer, n, out.at(-1)!));
    const back: Uint8Array[] = [];
    let cell = reference.lastCell(body);
    for (const layer of [...keys].reverse()) back.unshift((cell = reference.sealBack(layer, n, cell)));
    return {
      number: n,
      outSha256: out.map(digest),
      backSha256: back.map(digest),
      ...(full && n === 0 ? { out: hex(out[0]!), back: hex(back[0]!) } : {}),
    };
  });
  return {
    name,
    seed: hex(cuts.seed),
    hops: hopCount,
    efforts: hops.map((hop) => hop.public.effort),
    earlyBytes,
    replyDataBytes: data.length,
    setupKeys: peeled.map((each) => Object.fromEntries(Object.entries(each.keys).map(([key, value]) => [key, hex(value)]))),
    circuitKeys: own.map((each) => Object.fromEntries(Object.entries(each.keys).map(([key, value]) => [key, hex(value)]))),
    work: layers.map((layer) => hex(layer.work)),
    /** The packet as each hop receives it, and the reply as each hop sends it. */
    setupSha256: arriving.map(digest),
    replySha256: replies.map(digest),
    ...(full ? { setup: hex(packet), reply: hex(replies[0]!) } : {}),
    cells,
  };
}

/** Changes to the case of three hops after which the hop, or the builder, must refuse. Offsets count from behind the frame's header. */
const NEGATIVE = [
  { stage: 'setup', hop: 1, xorAt: 0, why: 'E' },
  { stage: 'setup', hop: 1, xorAt: 32, why: 'C' },
  { stage: 'setup', hop: 1, xorAt: 1120, why: 'work: names another onion key' },
  { stage: 'setup', hop: 2, xorAt: 1127, why: 'work is under the tag even where none is asked for' },
  { stage: 'setup', hop: 2, xorAt: 1128, why: 'tag' },
  { stage: 'setup', hop: 2, xorAt: 1144, why: 'route' },
  { stage: 'setup', hop: 2, xorAt: 9663, why: 'the last byte of slot 7: filler is under the tag' },
  { stage: 'setup', hop: 3, xorAt: 9663, why: 'the same at the last hop' },
  { stage: 'setup', hop: 3, xorAt: 14074, why: 'padding is under the tag' },
  { stage: 'reply', hop: 3, xorAt: 0, why: 'F' },
  { stage: 'reply', hop: 3, xorAt: 383, why: 'slot 7 as sent by the last hop: dropped by the next, which seals what it drops' },
  { stage: 'reply', hop: 2, xorAt: 383, why: 'the same one hop on' },
  { stage: 'reply', hop: 1, xorAt: 383, why: 'the same on the first link' },
  { stage: 'reply', hop: 3, xorAt: 384, why: 'the inner tag' },
  { stage: 'reply', hop: 1, xorAt: 12194, why: 'padding of the reply' },
  { stage: 'cell out', hop: 1, xorAt: 127, why: 'tag 7' },
  { stage: 'cell out', hop: 2, xorAt: 16, why: 'tag 1' },
  { stage: 'cell out', hop: 3, xorAt: 127, why: 'tag 7 at the last hop, which has no use for it' },
  { stage: 'cell out', hop: 3, xorAt: 4090, why: 'body' },
  { stage: 'cell back', hop: 3, xorAt: 127, why: 'tag 7: dropped by the next hop' },
  { stage: 'cell back', hop: 2, xorAt: 0, why: 'tag 0' },
  { stage: 'cell back', hop: 1, xorAt: 127, why: 'tag 7 on the first link' },
  { stage: 'cell back', hop: 1, xorAt: 4090, why: 'body' },
] as const;

export type Negative = (typeof NEGATIVE)[number];

export function makeVectors() {
  return {
    cases: [
      makeCase('one hop', 1, 0, [0], false),
      makeCase('three hops', 3, 1000, [0, 16, 0], true),
      makeCase('eight hops', 8, 4409, [], false),
    ],
    negative: NEGATIVE,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(`${JSON.stringify(makeVectors(), null, 1)}\n`);
