import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import { PEER_ID_LETTERS, peerIdBytes } from '../crypto/identity.ts';
import type { Ask } from '../ports.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import {
  type AskedPoint,
  decodeDirectoryAnswer,
  DIRECTORY_ANSWER_MAX_BYTES,
  type DirectoryAnswer,
  type DirectoryRequest,
  encodeDirectoryRequest,
} from '../wire/directory.ts';
import { DIRECTORY_IDS_MAX, DIRECTORY_POINTS_MAX, HASH_BYTES } from '../wire/geometry.ts';
import { ROLE, STREAM } from '../wire/registry.ts';
import { LEARN_ANSWERERS, LEARN_PER_POINT, LEARN_POINTS } from './constants.ts';
import { densityOutliers } from './density.ts';
import type { Directory } from './directory.ts';
import { nearestTo } from '../bytes/distance.ts';
import { unrelated } from '../wire/related.ts';

export interface DirectoryAccess {
  readonly env: Env;
  readonly directory: Directory;
  readonly ask: Ask;
  /** How requests travel: `link` until a first circuit exists, `circuit` from then on. */
  readonly via: 'circuit' | 'link';
}

export interface LearnOptions extends DirectoryAccess {
  /** Who may be asked; all that `answerersOf` allows when left out. */
  readonly answerers?: readonly Descriptor[];
  /** How many are drawn at random; or the points themselves, which tells the answerers what is looked for. */
  readonly points?: number | readonly Uint8Array[];
  readonly perPoint?: number;
  /** Only peers with all of these. */
  readonly roles?: number;
}

export interface LearnReport {
  readonly asked: number;
  readonly answered: number;
  /** Descriptors not held before. */
  readonly added: number;
}

/** One request, one answer. Undefined when there is none or it is no answer; the answerer then has its flag. */
export async function askDirectory(
  access: DirectoryAccess,
  answerer: PeerId,
  request: DirectoryRequest,
): Promise<DirectoryAnswer | undefined> {
  try {
    const answer = decodeDirectoryAnswer(
      await access.ask(answerer, STREAM.directory, access.via, encodeDirectoryRequest(request), DIRECTORY_ANSWER_MAX_BYTES),
    );
    if (answer.type === 'answer') return answer;
  } catch {
    access.directory.flag(answerer, 'noAnswer');
  }
  return undefined;
}

/**
 * Fills the pool of hops: draws points, asks for each point several unrelated answerers (the open peers nearest to it, which are
 * also those that peers near it publish to), and takes in what they say. The first one gives the descriptors, the others hashes.
 */
export async function learnRelays(options: LearnOptions): Promise<LearnReport> {
  const { env, directory } = options;
  const { points: wanted = LEARN_POINTS } = options;
  const points =
    typeof wanted === 'number' ? Array.from({ length: Math.min(wanted, DIRECTORY_POINTS_MAX) }, () => env.random(HASH_BYTES)) : wanted;
  const answerers = options.answerers ?? answerersOf(options);
  const plan = planQuestions(points, answerers);
  const perPoint = options.perPoint ?? LEARN_PER_POINT;
  const before = directory.size;
  const answers = new Map<Descriptor, DirectoryAnswer>();
  await Promise.all(
    [...plan].map(async ([answerer, asked]) => {
      const answer = await askDirectory(options, answerer.id, { type: 'relays', roles: options.roles ?? 0, perPoint, points: asked });
      if (answer !== undefined) answers.set(answerer, answer);
    }),
  );
  await takeAnswers(options, answers);
  flagDensity(directory, plan, answers, perPoint);
  return { asked: plan.size, answered: answers.size, added: directory.size - before };
}

function planQuestions(points: readonly Uint8Array[], answerers: readonly Descriptor[]): Map<Descriptor, AskedPoint[]> {
  const plan = new Map<Descriptor, AskedPoint[]>();
  for (const point of points) {
    const near = nearestTo(point, answerers, answerers.length, (descriptor) => peerIdBytes(descriptor.id));
    unrelated(near, LEARN_ANSWERERS, (descriptor) => descriptor).forEach((answerer, index) => {
      plan.set(answerer, [...(plan.get(answerer) ?? []), { hashOnly: index > 0, point }]);
    });
  }
  return plan;
}

/** Takes answers in: descriptors first, then the hashes; what hashes name and we lack, or contradict, is fetched from who named it. */
async function takeAnswers(access: DirectoryAccess, answers: ReadonlyMap<Descriptor, DirectoryAnswer>): Promise<void> {
  for (const [answerer, answer] of answers) takeDescriptors(access.directory, answerer, answer);
  await Promise.all([...answers].map(([answerer, answer]) => takeHashes(access, answerer, answer)));
}

function takeDescriptors(directory: Directory, answerer: Descriptor, answer: DirectoryAnswer): void {
  for (const bytes of answer.descriptors) directory.add(bytes, answerer);
  for (const proof of answer.proofs) directory.addProof(proof);
}

async function takeHashes(access: DirectoryAccess, answerer: Descriptor, answer: DirectoryAnswer): Promise<void> {
  const { directory } = access;
  const contradicted: PeerId[] = [];
  const lacking: PeerId[] = [];
  for (const { id, epoch, hash } of answer.hashes) {
    if (id === directory.options.self || directory.frauds.has(id)) continue;
    if (directory.vouch(id, epoch, hash, answerer)) contradicted.push(id);
    else if (directory.lacks(hash)) lacking.push(id);
  }
  const ids = [...contradicted, ...lacking].slice(0, DIRECTORY_IDS_MAX);
  if (ids.length === 0) return;
  const named = await askDirectory(access, answerer.id, { type: 'byId', hashOnly: false, ids });
  if (named !== undefined) takeDescriptors(directory, answerer, named);
  // Another hash for the same peer and epoch is a proof of the peer's fraud, or the answerer cannot show it and made it up.
  if (contradicted.some((id) => !directory.frauds.has(id))) directory.flag(answerer.id, 'lied');
}

function flagDensity(
  directory: Directory,
  plan: Map<Descriptor, AskedPoint[]>,
  answers: Map<Descriptor, DirectoryAnswer>,
  perPoint: number,
): void {
  const flagged = new Set<PeerId>();
  for (const point of new Set([...plan.values()].flatMap((asked) => asked.map((one) => one.point)))) {
    const views = [...answers]
      .filter(([answerer]) => plan.get(answerer)?.some((asked) => asked.point === point))
      .map(([answerer, answer]) => ({ id: answerer.id, ids: [...answer.hashes.map(({ id }) => id), ...idsOf(directory, answer)] }));
    for (const id of densityOutliers(point, views, perPoint)) flagged.add(id);
  }
  for (const id of flagged) directory.flag(id, 'density');
}

function idsOf(directory: Directory, answer: DirectoryAnswer): PeerId[] {
  return answer.descriptors.flatMap((bytes) => directory.byHash(directory.env.crypto.sha256(bytes))?.id ?? []);
}

/** Looks peers up by id, each with several unrelated answerers, so that what comes back is vouched for. */
export async function lookUpPeers(access: DirectoryAccess, ids: readonly PeerId[]): Promise<void> {
  await Promise.all(ids.map((id) => lookUpPeer(access, id)));
}

async function lookUpPeer(access: DirectoryAccess, id: PeerId): Promise<void> {
  const open = answerersOf(access).filter((descriptor) => descriptor.id !== id);
  const near = nearestTo(peerIdBytes(id), open, open.length, (descriptor) => peerIdBytes(descriptor.id));
  const answers = new Map<Descriptor, DirectoryAnswer>();
  await Promise.all(
    unrelated(near, LEARN_ANSWERERS, (descriptor) => descriptor).map(async (answerer, index) => {
      const answer = await askDirectory(access, answerer.id, { type: 'byId', hashOnly: index > 0, ids: [id] });
      if (answer !== undefined) answers.set(answerer, answer);
    }),
  );
  await takeAnswers(access, answers);
}

/** Looks up who is nearest to all ids that begin with these letters: their owner, if it is there. @param letters at most 51 of base32. */
export async function lookUpPrefix(access: DirectoryAccess, letters: string): Promise<void> {
  await learnRelays({ ...access, points: [peerIdBytes(letters.padEnd(PEER_ID_LETTERS, 'a') as PeerId)] });
}

/**
 * Who may be asked. Down a circuit only those that others vouch for: who shows us keys of our own would know by them who asks. By
 * link it knows anyhow.
 */
export function answerersOf({ directory, via }: Pick<DirectoryAccess, 'directory' | 'via'>): Descriptor[] {
  const open = openPeers(directory);
  return via === 'link' ? open : open.flatMap(({ id }) => directory.vouched(id) ?? []);
}

/** Open peers other than us with all of `roles`, vouched or not: to ask, to link to, to choose guards from. */
export function openPeers(directory: Directory, roles = 0): Descriptor[] {
  return [...directory.all(ROLE.open | roles)].filter((descriptor) => descriptor.id !== directory.options.self);
}
