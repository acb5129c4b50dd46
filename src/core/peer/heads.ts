import type { Identity } from '../crypto/identity.ts';
import { type DhtAccess, findValues, Republisher } from '../dht/index.ts';
import type { Env } from '../env.ts';
import { datedPublicKey, datedSigner, periodExpiresAtMs, periodOf, standingPeriods } from '../wire/dated-key.ts';
import { encodeHead, openHead, sealHead, type VerifiedHead, verifyHead } from '../wire/head.ts';
import type { VerifiedManifest } from '../wire/manifest.ts';
import { RECORD } from '../wire/registry.ts';
import { signValue, singleWriterKey } from '../wire/value.ts';
import { HEADS_CHECK_MS } from './constants.ts';

type Named = Pick<VerifiedManifest, 'serial' | 'hash'>;

/** The head of one period: signed by the dated key, which needs the author's secret once, and no live author afterwards. */
export function signHead(env: Pick<Env, 'crypto'>, author: Identity, manifest: Named, period: number): VerifiedHead {
  const { publicKey: key, sign } = datedSigner(author, period);
  const bytes = encodeHead({ key, period, serial: manifest.serial, manifestHash: manifest.hash }, sign);
  return verifyHead(env.crypto, bytes, { key, period });
}

/** Keeps a site's heads in the DHT while its author's peer runs. */
export class HeadPublisher {
  readonly #republisher: Republisher;
  #published = new Set<number>();
  #cancel: (() => void) | undefined;

  constructor(
    private readonly access: DhtAccess,
    private readonly author: Identity,
    private readonly manifest: Named,
    /** The head of the running period, for servers to show. */
    private readonly onHead: (head: VerifiedHead) => void,
  ) {
    this.#republisher = new Republisher(access);
  }

  start(): void {
    const { env } = this.access;
    const standing = standingPeriods(env.now());
    for (const period of this.#published) if (!standing.includes(period)) this.#withdraw(period);
    for (const period of standing) if (!this.#published.has(period)) this.#publish(period);
    this.#cancel = env.schedule(HEADS_CHECK_MS, () => this.start());
  }

  stop(): void {
    this.#cancel?.();
    this.#republisher.stop();
  }

  #publish(period: number): void {
    const { env } = this.access;
    const { author, manifest } = this;
    const head = signHead(env, author, manifest, period);
    if (period === periodOf(env.now())) this.onHead(head);
    this.#published.add(period);
    this.#republisher.publish(String(period), () => {
      const payload = sealHead(env, author.publicKey, head);
      const content = {
        kind: 'singleWriter',
        record: RECORD.head,
        writer: head.key,
        slot: 0,
        serial: manifest.serial,
        expiresAtMs: periodExpiresAtMs(period),
        payload,
      } as const;
      return signValue(env.crypto, datedSigner(author, period).sign, content);
    });
  }

  #withdraw(period: number): void {
    this.#published.delete(period);
    this.#republisher.withdraw(String(period));
  }
}

/** The bytes of the newest head that the DHT holds of an author's site; undefined when it holds none. @throws as `findValues`. */
export async function findHead(access: DhtAccess, author: Uint8Array): Promise<Uint8Array | undefined> {
  const { crypto, now } = access.env;
  const period = periodOf(now());
  const key = datedPublicKey(crypto, author, period);
  const values = await findValues(access, singleWriterKey(crypto, RECORD.head, key), { want: 'agreed' });
  const heads = values.flatMap((value) => openHead(crypto, author, key, period, value.payload) ?? []);
  return heads.at(-1);
}
