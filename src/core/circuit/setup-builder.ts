import { concat, EMPTY, xor } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { keystream } from '../crypto/derive.ts';
import type { Aead, CryptoPort } from '../ports.ts';
import { deriveSetupKeys, type SetupContext, type SetupKeys, workHolds } from '../wire/circuit-keys.ts';
import { EARLY_DATA_MAX_BYTES, KEY_BYTES, MAX_HOPS, ROUTE_BYTES, SETUP_BYTES, SETUP_SLOT_BYTES, WORK_BYTES } from '../wire/geometry.ts';
import { encodeRoute, type Route, SETUP_AT, writeData } from '../wire/setup.ts';
import { SETUP_EFFORT_MAX } from './constants.ts';
import type { BuiltSetup, HopKeys, HopSecrets } from './types.ts';

/** Building setup packets: pure functions of the hops' keys and of what was drawn. § docs/spec/05-circuits.md */

const LATER_SLOTS_BYTES = (MAX_HOPS - 1) * SETUP_SLOT_BYTES;

/** All that is random in a setup packet, so that two implementations can be held to the same bytes. */
export interface SetupDraw {
  readonly hops: readonly HopDraw[];
  /** What stands in the slots that no hop uses: (MAX_HOPS - hops) slots. */
  readonly slots: Uint8Array;
  /** What stands behind the early data. */
  readonly padding: Uint8Array;
}

export interface HopDraw {
  /** The X25519 secret of E, 32 bytes. */
  readonly ephemeral: Uint8Array;
  /** For the encapsulation, 32 bytes. */
  readonly kem: Uint8Array;
  /** Where the search for work begins, WORK_BYTES - 1. */
  readonly work: Uint8Array;
}

type Random = (lengthBytes: number) => Uint8Array;

export function drawHop(random: Random): HopDraw {
  return { ephemeral: random(KEY_BYTES), kem: random(KEY_BYTES), work: random(WORK_BYTES - 1) };
}

/** @throws RangeError for a count of hops or a length of early data that no packet has. */
export function drawSetup(random: Random, hopCount: number, earlyBytes: number): SetupDraw {
  if (!(hopCount >= 1 && hopCount <= MAX_HOPS)) throw new RangeError(`a circuit has 1 to ${MAX_HOPS} hops, not ${hopCount}`);
  if (earlyBytes > EARLY_DATA_MAX_BYTES) throw new RangeError(`${earlyBytes} bytes of early data: at most ${EARLY_DATA_MAX_BYTES} fit`);
  return {
    hops: Array.from({ length: hopCount }, () => drawHop(random)),
    slots: random((MAX_HOPS - hopCount) * SETUP_SLOT_BYTES),
    padding: random(EARLY_DATA_MAX_BYTES - earlyBytes),
  };
}

/** One hop's part, before anything is sealed. */
export interface SetupLayer {
  /** E ‖ C ‖ work. */
  readonly head: Uint8Array;
  readonly keys: SetupKeys;
  readonly ephemeral: Uint8Array;
}

/** @throws GlobalNetError `malformed` for a key that no honest relay publishes, `refused` for too high a price. */
export function prepareLayer(crypto: CryptoPort, hop: HopKeys, draw: HopDraw): SetupLayer {
  const x25519 = crypto.x25519(draw.ephemeral, hop.onionX25519);
  const capsule = crypto.kemEncapsulate(hop.onionKem, draw.kem);
  if (x25519 === undefined || capsule === undefined)
    throw new GlobalNetError('malformed', `relay ${hop.peer} publishes an onion key that is none`);
  const context: SetupContext = { ...hop, ephemeral: crypto.x25519Public(draw.ephemeral), kem: capsule.ciphertext };
  const work = findWork(crypto, context, hop.setupEffort, draw.work);
  const head = concat(context.ephemeral, context.kem, work);
  return { head, keys: deriveSetupKeys(context, x25519, capsule.shared), ephemeral: draw.ephemeral };
}

/** The first byte names the onion key; the last four are counted up until the hash is low enough. */
function findWork(crypto: CryptoPort, context: SetupContext, effort: number, start: Uint8Array): Uint8Array {
  if (effort > SETUP_EFFORT_MAX)
    throw new GlobalNetError('refused', `relay ${context.peer} asks for ${effort} hashes a setup, at most ${SETUP_EFFORT_MAX} are paid`);
  const work = concat(context.onionX25519.subarray(0, 1), start);
  const view = new DataView(work.buffer);
  const kemHash = crypto.sha256(context.kem);
  while (!workHolds(crypto, context, kemHash, work, effort)) view.setUint32(WORK_BYTES - 4, view.getUint32(WORK_BYTES - 4) + 1);
  return work;
}

export function layerSecrets(layer: SetupLayer): HopSecrets {
  return { ephemeral: layer.ephemeral, reply: layer.keys.reply, seed: layer.keys.seed };
}

/** Writes head and route into the packet's slot 0 and seals all that stands behind its tag, in place. */
export function sealLayer(aead: Aead, layer: SetupLayer, route: Route, packet: Uint8Array): void {
  packet.set(layer.head, SETUP_AT.ephemeral);
  packet.set(encodeRoute(route), SETUP_AT.route);
  const sealed = packet.subarray(SETUP_AT.route);
  aead.seal(
    layer.keys.setup,
    0,
    sealed,
    packet.subarray(SETUP_AT.work, SETUP_AT.tag),
    sealed,
    packet.subarray(SETUP_AT.tag, SETUP_AT.route),
  );
}

/** The stream that a setup key puts over slots 1..7. */
export function slotStream(aead: Aead, setupKey: Uint8Array): Uint8Array {
  return keystream(aead, setupKey, 0, ROUTE_BYTES + LATER_SLOTS_BYTES).subarray(ROUTE_BYTES);
}

/**
 * What stands in slots 1..7 when the last of these hops receives the packet: each hop before it has moved the slots up by one and
 * filled the last. Right-aligned; what is left of it is for the caller to choose.
 */
function filler(aead: Aead, before: readonly SetupLayer[]): Uint8Array {
  let slots = new Uint8Array(LATER_SLOTS_BYTES);
  before.forEach((layer, index) => {
    // The first hop's packet holds no filler yet.
    if (index > 0) slots = Uint8Array.from(xor(slots, slotStream(aead, layer.keys.setup)));
    slots.copyWithin(0, SETUP_SLOT_BYTES);
    slots.set(keystream(aead, layer.keys.fill, 0, SETUP_SLOT_BYTES), LATER_SLOTS_BYTES - SETUP_SLOT_BYTES);
  });
  return slots;
}

/**
 * One packet that every hop peels in turn.
 * @param draw from `drawSetup`, for this count of hops and this length of early data; used once.
 * @throws as `prepareLayer`.
 */
export function buildSetup(crypto: CryptoPort, hops: readonly HopKeys[], early: Uint8Array, draw: SetupDraw): BuiltSetup {
  const layers = hops.map((hop, index) => prepareLayer(crypto, hop, draw.hops[index] as HopDraw));
  const last = layers.at(-1) as SetupLayer;
  const { aead } = crypto;
  const packet = new Uint8Array(SETUP_BYTES);
  const slots = packet.subarray(SETUP_AT.slot1, SETUP_AT.body);
  // Chosen so that they seal to the filler.
  if (layers.length > 1) slots.set(xor(filler(aead, layers.slice(0, -1)), slotStream(aead, last.keys.setup)));
  slots.set(draw.slots);
  const body = packet.subarray(SETUP_AT.body);
  body.set(draw.padding, body.length - draw.padding.length);
  writeData(body, early);
  sealLayer(aead, last, { next: undefined }, packet);
  for (let index = layers.length - 2; index >= 0; index--) {
    packet.copyWithin(SETUP_AT.slot1, 0, SETUP_AT.slot7); // slot 7 is what this hop will append
    sealLayer(aead, layers[index] as SetupLayer, { next: (hops[index + 1] as HopKeys).peer }, packet);
  }
  return { packet, secrets: layers.map(layerSecrets) };
}

/** For callers that hold an Env: `buildSetup` with fresh draws. */
export function buildFreshSetup(
  env: { readonly crypto: CryptoPort; random: Random },
  hops: readonly HopKeys[],
  early: Uint8Array = EMPTY,
): BuiltSetup {
  return buildSetup(
    env.crypto,
    hops,
    early,
    drawSetup((lengthBytes) => env.random(lengthBytes), hops.length, early.length),
  );
}
