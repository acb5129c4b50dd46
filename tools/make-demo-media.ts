/**
 * Makes the demo site's pictures and sound, the same bytes each time: `node --import tsx tools/make-demo-media.ts`.
 * All of it is computed here, so nobody's picture or song is published by every new peer.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { root } from './paths.ts';

const SITE = join(root, 'node', 'demo-site');

// ---------------------------------------------------------------- numbers that look random and are not

/** mulberry32: small, and enough for pictures. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// ---------------------------------------------------------------- PNG

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  let crc = 0xffffffff;
  for (const byte of body) crc = (CRC[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  const whole = Buffer.alloc(8 + body.length);
  whole.writeUInt32BE(content.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4 + body.length);
  return whole;
}

const WIDTH = 720;
const HEIGHT = 480;
/** A canvas of red, green and blue from 0 to 1, that light is added to. */
const light = () => new Float32Array(WIDTH * HEIGHT * 3);

type Colour = readonly [number, number, number];

function add(canvas: Float32Array, x: number, y: number, [r, g, b]: Colour, amount: number): void {
  if (x < 0 || y < 0 || x >= WIDTH - 1 || y >= HEIGHT - 1) return;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  for (const [dx, dy] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const share = amount * (1 - Math.abs(x - left - dx)) * (1 - Math.abs(y - top - dy));
    const at = ((top + dy) * WIDTH + left + dx) * 3;
    canvas[at] = (canvas[at] as number) + r * share;
    canvas[at + 1] = (canvas[at + 1] as number) + g * share;
    canvas[at + 2] = (canvas[at + 2] as number) + b * share;
  }
}

function glow(canvas: Float32Array, x: number, y: number, radius: number, colour: Colour, amount: number): void {
  for (let dy = -3 * radius; dy <= 3 * radius; dy++) {
    for (let dx = -3 * radius; dx <= 3 * radius; dx++)
      add(canvas, x + dx, y + dy, colour, amount * Math.exp(-(dx * dx + dy * dy) / (radius * radius)));
  }
}

function line(canvas: Float32Array, from: readonly [number, number], to: readonly [number, number], colour: Colour, amount: number): void {
  const steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) * 1.5);
  for (let i = 0; i <= steps; i++)
    add(canvas, from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps, colour, amount);
}

/** Over a sky from `top` to `bottom`; levels in steps of two, which nobody sees and which make the file shorter. */
function writePng(name: string, canvas: Float32Array, top: Colour, bottom: Colour): void {
  const rows = Buffer.alloc(HEIGHT * (1 + WIDTH * 3));
  for (let y = 0; y < HEIGHT; y++) {
    rows[y * (1 + WIDTH * 3)] = 1; // each pixel as the difference from the one to its left
    let before = [0, 0, 0];
    for (let x = 0; x < WIDTH; x++) {
      const pixel = [0, 1, 2].map((c) => {
        const sky = (top[c] as number) + (((bottom[c] as number) - (top[c] as number)) * y) / HEIGHT;
        const value = 1 - (1 - sky) * Math.exp(-(canvas[(y * WIDTH + x) * 3 + c] as number));
        return Math.round(value * 127) * 2;
      });
      pixel.forEach((value, c) => (rows[y * (1 + WIDTH * 3) + 1 + x * 3 + c] = (value - (before[c] as number)) & 255));
      before = pixel;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, true colour
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  const png = Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
  writeFileSync(join(SITE, 'gallery', name), png);
}

const AMBER: Colour = [1, 0.66, 0.25];
const TEAL: Colour = [0.18, 0.75, 0.72];
const ROSE: Colour = [0.95, 0.36, 0.45];
const VIOLET: Colour = [0.52, 0.42, 0.98];

/** Grains that follow a slow current. */
function drift(): void {
  const random = dice(7);
  const canvas = light();
  for (let grain = 0; grain < 700; grain++) {
    let [x, y] = [random() * WIDTH, random() * HEIGHT];
    const colour = random() < 0.3 ? AMBER : random() < 0.5 ? TEAL : VIOLET;
    for (let step = 0; step < 150; step++) {
      const angle = Math.sin(x / 130) * 1.9 + Math.cos(y / 95 + x / 300) * 2.1;
      x += Math.cos(angle);
      y += Math.sin(angle);
      add(canvas, x, y, colour, 0.3 * Math.sin((Math.PI * step) / 150));
    }
  }
  writePng('drift.png', canvas, [0.03, 0.05, 0.11], [0.06, 0.04, 0.13]);
}

/** Peers, their links, and one path of three hops that lights up. */
function mesh(): void {
  const random = dice(21);
  const canvas = light();
  const peers = Array.from({ length: 70 }, () => [30 + random() * (WIDTH - 60), 30 + random() * (HEIGHT - 60)] as const);
  for (const [i, peer] of peers.entries()) {
    for (const other of peers.slice(i + 1))
      if (Math.hypot(peer[0] - other[0], peer[1] - other[1]) < 95) line(canvas, peer, other, TEAL, 0.22);
    glow(canvas, peer[0], peer[1], 2 + Math.floor(random() * 3), TEAL, 0.35);
  }
  const path = [...peers].sort((a, b) => a[0] - b[0]).filter((_, i) => i % 14 === 3);
  for (const [i, hop] of path.entries()) {
    if (i > 0) line(canvas, path[i - 1] as readonly [number, number], hop, AMBER, 1.1);
    glow(canvas, hop[0], hop[1], 7, AMBER, 0.7);
  }
  writePng('mesh.png', canvas, [0.02, 0.07, 0.09], [0.02, 0.03, 0.07]);
}

/** Waves one behind the other, and a moon. */
function tide(): void {
  const canvas = light();
  glow(canvas, 540, 120, 34, [1, 0.92, 0.78], 0.9);
  for (let wave = 0; wave < 26; wave++) {
    const base = 215 + wave * 11;
    for (let x = 0; x < WIDTH; x += 0.5) {
      const y = base + Math.sin(x / (38 + wave * 3) + wave * 1.7) * (4 + wave * 0.8) + Math.sin(x / 17 + wave) * 2;
      const under = Math.exp(-((x - 540) ** 2) / (4000 + wave * 900));
      add(canvas, x, y, wave % 3 === 0 ? VIOLET : TEAL, 0.35);
      add(canvas, x, y + 1, [1, 0.88, 0.66], 0.9 * under);
    }
  }
  writePng('tide.png', canvas, [0.05, 0.05, 0.16], [0.01, 0.05, 0.1]);
}

/** Lanterns that go up, each with its own light. */
function lanterns(): void {
  const random = dice(3);
  const canvas = light();
  for (let i = 0; i < 46; i++) {
    const depth = random();
    const [x, y] = [random() * WIDTH, 30 + random() ** 0.7 * (HEIGHT - 80)];
    glow(canvas, x, y, Math.round(3 + depth * 9), random() < 0.2 ? ROSE : AMBER, 0.25 + 0.55 * depth);
    if (depth > 0.5) line(canvas, [x, y + 14 * depth], [x + (random() - 0.5) * 6, y + 34 * depth], AMBER, 0.12);
  }
  writePng('lanterns.png', canvas, [0.05, 0.03, 0.1], [0.16, 0.07, 0.1]);
}

// ---------------------------------------------------------------- sound

const RATE = 11_025;
const BEAT_S = 0.5;

/** Notes above A3 in half tones; a melody of eight bars over four chords, played twice and closed. */
const MELODY = [
  12, 15, 19, 15, 17, 15, 12, 10, 8, 12, 15, 12, 10, 7, 10, 12, 12, 15, 19, 22, 24, 22, 19, 15, 17, 20, 17, 15, 14, 10, 12, 12,
];
const CHORDS = [
  [0, 7, 12, 15],
  [-4, 3, 8, 12],
  [-7, 5, 8, 12],
  [-2, 5, 10, 14],
] as const;

const pitch = (halfTones: number) => 220 * 2 ** (halfTones / 12);

/** A soft bell: a tone, its fifth partial that fades first, and a slow breath. */
function ring(sound: Float32Array, atS: number, lengthS: number, halfTones: number, loudness: number): void {
  const start = Math.round(atS * RATE);
  for (let i = 0; i < lengthS * RATE && start + i < sound.length; i++) {
    const t = i / RATE;
    const phase = 2 * Math.PI * pitch(halfTones) * t;
    const tone = Math.sin(phase) + 0.35 * Math.sin(2 * phase) * Math.exp(-3 * t) + 0.12 * Math.sin(5 * phase) * Math.exp(-9 * t);
    sound[start + i] =
      (sound[start + i] as number) + loudness * tone * Math.min(1, t / 0.012) * Math.exp((-2.2 * t) / lengthS) * (1 - t / lengthS);
  }
}

function melody(): void {
  const lengthS = 2 * MELODY.length * BEAT_S * 0.78 + 4;
  const sound = new Float32Array(Math.round(lengthS * RATE));
  for (let i = 0; i < 2 * MELODY.length; i++) {
    const at = i * BEAT_S * 0.78;
    ring(sound, at, 1.6, MELODY[i % MELODY.length] as number, i % 4 === 0 ? 0.2 : 0.15);
    if (i % 8 === 0) for (const note of CHORDS[(i / 8) % 4] as readonly number[]) ring(sound, at, 3.6, note - 12, 0.1);
    if (i >= MELODY.length && i % 2 === 1) ring(sound, at, 1.1, (MELODY[i % MELODY.length] as number) + 12, 0.05);
  }
  for (const note of [0, 7, 12, 16]) ring(sound, lengthS - 4, 4, note, 0.14);
  const wav = Buffer.alloc(44 + 2 * sound.length);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 2 * sound.length, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // one channel
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(2 * RATE, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * sound.length, 40);
  sound.forEach((value, i) => wav.writeInt16LE(Math.round(Math.max(-1, Math.min(1, value)) * 32_000), 44 + 2 * i));
  writeFileSync(join(SITE, 'listen', 'night-relay.wav'), wav);
}

drift();
mesh();
tide();
lanterns();
melody();
