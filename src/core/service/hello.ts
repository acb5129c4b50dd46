import { concat, equal } from '../bytes/bytes.ts';
import type { PeerId } from '../bytes/brand.ts';
import { Writer } from '../bytes/writer.ts';
import { deriveKeys32 } from '../crypto/derive.ts';
import { peerIdBytes } from '../crypto/identity.ts';
import type { Env } from '../env.ts';
import type { CryptoPort } from '../ports.ts';
import { HELLO_ANSWER_MESSAGES_BYTES, HELLO_SEALED_BYTES, HOLDER_BYTES, INVITATION_PROOF_BYTES, TAG_BYTES } from '../wire/geometry.ts';
import {
  decodeAnswer,
  decodeHello,
  decodeHelloContent,
  encodeAnswerHeader,
  encodeHelloContent,
  encodeHelloHeader,
  type HelloContent,
  type HelloParts,
} from '../wire/hello.ts';
import { HELLO_SLOT_MS, LABEL } from '../wire/registry.ts';
import type { HelloKeys } from '../wire/service-record.ts';
import type { HelloSecrets } from './hello-keys.ts';
import type { SealKeys } from './sealed-pipe.ts';

/** What a hello is made for: it opens nowhere else. */
export interface HelloTarget {
  /** The address's key, 32 bytes. */
  readonly service: Uint8Array;
  readonly point: PeerId;
}

export function helloSlot(nowMs: number): number {
  return Math.floor(nowMs / HELLO_SLOT_MS);
}

interface HelloSecret {
  readonly helloKey: Uint8Array;
  readonly chain: Uint8Array;
}

/** Both shared secrets, and all that the hello is bound to. */
function helloSecret(
  crypto: CryptoPort,
  secret: Uint8Array,
  target: HelloTarget,
  keys: HelloKeys,
  slot: number,
  header: Uint8Array,
): HelloSecret {
  const made = crypto.sha256(concat(keys.x25519, keys.kem, header));
  const context = [target.service, peerIdBytes(target.point), new Writer(8).u64(slot).done(), made];
  const [helloKey, chain] = deriveKeys32(LABEL.hello, secret, context, 2) as [Uint8Array, Uint8Array];
  return { helloKey, chain };
}

/** That whoever made a hello holds an invitation. The chain is this hello's own, so that no proof fits another one. */
function invitationProof(secret: Uint8Array, chain: Uint8Array, sessionId: Uint8Array, holder: Uint8Array): Uint8Array {
  return deriveKeys32(LABEL.invitationProof, secret, [chain, sessionId, holder], 1)[0] as Uint8Array;
}

/** Keys of the two directions, out of the hello's chain and what both sides have added since. */
function sealKeys(crypto: CryptoPort, chain: Uint8Array, fresh: Uint8Array, hello: Uint8Array, answerHeader: Uint8Array) {
  const context = [crypto.sha256(concat(hello, answerHeader))];
  const [toVisitor, toService] = deriveKeys32(LABEL.helloAnswer, concat(chain, fresh), context, 2) as [Uint8Array, Uint8Array];
  return { toVisitor, toService };
}

export interface PendingHello {
  readonly bytes: Uint8Array;
  /** Opens the service's first payload: its messages and the keys for what follows; undefined when it is not the service's. */
  finish(payload: Uint8Array): { messages: Uint8Array; keys: SealKeys } | undefined;
}

/** An invitation in use. */
export interface HeldInvitation {
  /** INVITATION_SECRET_BYTES. */
  readonly secret: Uint8Array;
  /** HOLDER_BYTES: random, the same for all that one running program does. */
  readonly holder: Uint8Array;
}

export interface HelloWords extends Pick<HelloContent, 'sessionId' | 'resumes' | 'missed' | 'number' | 'messages'> {
  readonly invitation?: HeldInvitation | undefined;
}

function contentOf({ invitation, ...words }: HelloWords, chain: Uint8Array): HelloContent {
  if (invitation === undefined) return { ...words, holder: new Uint8Array(HOLDER_BYTES), proof: new Uint8Array(INVITATION_PROOF_BYTES) };
  const { secret, holder } = invitation;
  return { ...words, holder, proof: invitationProof(secret, chain, words.sessionId, holder) };
}

/** A visitor's hello; undefined when the keys in the record are no keys. */
export function makeHello(env: Env, target: HelloTarget, keys: HelloKeys, words: HelloWords): PendingHello | undefined {
  const { crypto } = env;
  const secretKey = env.random(32);
  const kem = crypto.kemKeyPair(env.random(64));
  const shared = crypto.x25519(secretKey, keys.x25519);
  const sent = crypto.kemEncapsulate(keys.kem, env.random(32));
  if (shared === undefined || sent === undefined) return undefined;
  const publicKey = crypto.x25519Public(secretKey);
  const header = encodeHelloHeader({ keyId: keys.keyId, x25519: publicKey, kemCiphertext: sent.ciphertext, kemPublic: kem.publicKey });
  const { helloKey, chain } = helloSecret(crypto, concat(shared, sent.shared), target, keys, helloSlot(env.now()), header);
  const sealed = new Uint8Array(HELLO_SEALED_BYTES);
  const tag = new Uint8Array(TAG_BYTES);
  crypto.aead.seal(helloKey, 0, encodeHelloContent(contentOf(words, chain)), header, sealed, tag);
  const bytes = concat(header, sealed, tag);
  return { bytes, finish: (payload) => finishHello(crypto, secretKey, kem.secretKey, chain, bytes, payload) };
}

function finishHello(
  crypto: CryptoPort,
  secretKey: Uint8Array,
  kemSecret: Uint8Array,
  chain: Uint8Array,
  hello: Uint8Array,
  payload: Uint8Array,
): { messages: Uint8Array; keys: SealKeys } | undefined {
  const answer = decodeAnswer(payload);
  const shared = crypto.x25519(secretKey, answer.x25519);
  if (shared === undefined) return undefined;
  const fresh = concat(shared, crypto.kemDecapsulate(kemSecret, answer.kemCiphertext));
  const { toVisitor, toService } = sealKeys(crypto, chain, fresh, hello, answer.header);
  const messages = new Uint8Array(HELLO_ANSWER_MESSAGES_BYTES);
  const sealed = answer.sealed.subarray(0, HELLO_ANSWER_MESSAGES_BYTES);
  const tag = answer.sealed.subarray(HELLO_ANSWER_MESSAGES_BYTES);
  if (!crypto.aead.open(toVisitor, 0, sealed, answer.header, messages, tag)) return undefined;
  return { messages, keys: { send: toService, receive: toVisitor } };
}

export interface OpenedHello {
  readonly content: HelloContent;
  /** The slot it was made in. */
  readonly slot: number;
  /** Its maker holds the invitation with this secret. */
  proves(secret: Uint8Array): boolean;
  /** The service's own share: header of the first payload back, and the keys; undefined when the visitor's key is no key. */
  answer(env: Env): { header: Uint8Array; keys: SealKeys } | undefined;
}

/** The service's side; undefined when the hello was not made for these keys, this point and a slot near now. */
export function openHello(env: Env, target: HelloTarget, secrets: HelloSecrets, bytes: Uint8Array): OpenedHello | undefined {
  const { crypto } = env;
  const parts = decodeHello(bytes);
  const shared = crypto.x25519(secrets.x25519Secret, parts.x25519);
  if (shared === undefined) return undefined;
  const secret = concat(shared, crypto.kemDecapsulate(secrets.kemSecret, parts.kemCiphertext));
  const present = helloSlot(env.now());
  const plain = new Uint8Array(HELLO_SEALED_BYTES);
  for (const slot of [present, present - 1, present + 1]) {
    const { helloKey, chain } = helloSecret(crypto, secret, target, secrets.keys, slot, parts.header);
    if (!crypto.aead.open(helloKey, 0, parts.sealed, parts.header, plain, parts.tag)) continue;
    const content = decodeHelloContent(plain);
    return {
      content,
      slot,
      proves: (invited) => equal(content.proof, invitationProof(invited, chain, content.sessionId, content.holder)),
      answer: (answering) => answerHello(answering, parts, chain, bytes),
    };
  }
  return undefined;
}

function answerHello(
  env: Env,
  parts: HelloParts,
  chain: Uint8Array,
  hello: Uint8Array,
): { header: Uint8Array; keys: SealKeys } | undefined {
  const { crypto } = env;
  const secretKey = env.random(32);
  const shared = crypto.x25519(secretKey, parts.x25519);
  const sent = crypto.kemEncapsulate(parts.kemPublic, env.random(32));
  if (shared === undefined || sent === undefined) return undefined;
  const header = encodeAnswerHeader({ x25519: crypto.x25519Public(secretKey), kemCiphertext: sent.ciphertext });
  const { toVisitor, toService } = sealKeys(crypto, chain, concat(shared, sent.shared), hello, header);
  return { header, keys: { send: toVisitor, receive: toService } };
}
