import { hex } from '../bytes/bytes.ts';
import type { Env } from '../env.ts';
import { HELLO_KEY_ID_BYTES } from '../wire/geometry.ts';
import type { HelloKeys } from '../wire/service-record.ts';
import { HELLO_KEYS_MS } from './constants.ts';

/** One generation of hello keys, both halves. */
export interface HelloSecrets {
  readonly keys: HelloKeys;
  readonly x25519Secret: Uint8Array;
  readonly kemSecret: Uint8Array;
  readonly bornAtMs: number;
}

/** Hello keys that are in use: the present generation and the one before. They live in memory only, so that a host that starts
 * anew cannot open, and cannot be made to answer, what was said to the one before it. */
export class HelloKeyring {
  readonly #env: Env;
  #generations: HelloSecrets[] = [];

  constructor(env: Env) {
    this.#env = env;
    this.#renew();
  }

  get current(): HelloSecrets {
    return this.#generations[0] as HelloSecrets;
  }

  /** When the present keys are no longer answered. */
  get freshUntilMs(): number {
    return this.current.bornAtMs + 2 * HELLO_KEYS_MS;
  }

  find(keyId: Uint8Array): HelloSecrets | undefined {
    const name = hex(keyId);
    return this.#generations.find((generation) => hex(generation.keys.keyId) === name);
  }

  /** True when new keys were made. */
  rotateIfDue(): boolean {
    const nowMs = this.#env.now();
    if (nowMs < this.current.bornAtMs + HELLO_KEYS_MS) return false;
    this.#renew();
    return true;
  }

  /** New keys, and none of the old is answered any more: who should not come back knows them. */
  replace(): void {
    for (const generation of this.#generations) wipe(generation);
    this.#generations = [];
    this.#renew();
  }

  #renew(): void {
    const { crypto } = this.#env;
    const x25519Secret = this.#env.random(32);
    const kem = crypto.kemKeyPair(this.#env.random(64));
    const keys = { keyId: this.#env.random(HELLO_KEY_ID_BYTES), x25519: crypto.x25519Public(x25519Secret), kem: kem.publicKey };
    const made = { keys, x25519Secret, kemSecret: kem.secretKey, bornAtMs: this.#env.now() };
    const [previous, ...old] = this.#generations;
    for (const generation of old) wipe(generation);
    this.#generations = previous === undefined ? [made] : [made, previous];
  }

  wipe(): void {
    for (const generation of this.#generations) wipe(generation);
  }
}

function wipe(generation: HelloSecrets): void {
  generation.x25519Secret.fill(0);
  generation.kemSecret.fill(0);
}
