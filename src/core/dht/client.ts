import { GlobalNetError } from '../bytes/errors.ts';
import { type Env, sample } from '../env.ts';
import type { Ask } from '../ports.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { decodeDhtAnswer, DHT_ANSWER_MAX_BYTES, type DhtAnswer, type DhtRequest, encodeDhtRequest } from '../wire/dht.ts';
import { unrelated } from '../wire/related.ts';
import { KEEP, STREAM } from '../wire/registry.ts';
import type { DhtValue } from '../wire/value.ts';
import { RUNNER_TIMEOUT_MS, RUNNERS, RUNNERS_MAX } from './constants.ts';
import { within } from './gather.ts';
import { verifyValues } from './lookup.ts';
import { newest } from './merge.ts';

/** What a peer needs to use the DHT without being part of it. */
export interface DhtAccess {
  readonly env: Env;
  /** Store peers that may be asked: vouched ones. Drawn from at random. */
  readonly storePeers: () => readonly Descriptor[];
  readonly ask: Ask;
}

export interface FindOptions {
  /**
   * `first`: as soon as one runner brings a value. `agreed`: what the newest is by RUNNERS unrelated runners, where a lone
   * hostile one could hide a newer serial.
   */
  readonly want?: 'first' | 'agreed';
  /** What half of one position's holders say will do. */
  readonly soon?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * What the network holds under `key`, verified, the highest serial per place; two values of one place and serial are a conflict.
 * Runs at store peers drawn at random, each asked down a circuit. Empty when RUNNERS_MAX of them, or all there are, had nothing.
 * @throws GlobalNetError `unreachable` when none answered or none is known; the signal's reason when it is aborted.
 */
export async function findValues(access: DhtAccess, key: Uint8Array, options: FindOptions = {}): Promise<DhtValue[]> {
  const runners = drawRunners(access);
  const wanted = options.want === 'agreed' ? RUNNERS : 1;
  const found: DhtValue[] = [];
  let answered = 0;
  let successes = 0;
  await askInTurn(runners, options.signal, async (runner) => {
    const answer = await askRunner(access, runner, { type: 'find', responders: false, soon: options.soon ?? false, key });
    if (answer?.type !== 'values') return false;
    answered += 1;
    const values = verifyValues(access.env, key, answer.values);
    found.push(...values);
    return values.length > 0 && ++successes >= wanted;
  });
  options.signal?.throwIfAborted();
  if (answered === 0)
    throw new GlobalNetError('unreachable', `no store peer answered (${runners.length} were asked): try again when more relays are known`);
  return newest(found);
}

/**
 * Brings a value to its holders, by RUNNERS unrelated store peers, as one may lie. How many said that they keep it.
 * @throws GlobalNetError `unreachable`; `refused` when all said no, with the work wanted in words.
 */
export async function storeValue(access: DhtAccess, value: DhtValue): Promise<number> {
  const runners = drawRunners(access);
  let kept = 0;
  let successes = 0;
  let refusal: (DhtAnswer & { type: 'stored' }) | undefined;
  await askInTurn(runners, undefined, async (runner) => {
    const answer = await askRunner(access, runner, { type: 'store', value: value.bytes });
    if (answer?.type !== 'stored') return false;
    if (answer.kept === 0) refusal = answer;
    kept = Math.max(kept, answer.kept);
    return answer.kept > 0 && ++successes >= RUNNERS;
  });
  if (kept > 0) return kept;
  if (refusal === undefined)
    throw new GlobalNetError('unreachable', `no store peer answered (${runners.length} were asked): the value is stored nowhere yet`);
  throw new GlobalNetError(
    'refused',
    refusal.result === KEEP.work
      ? `the value is stored nowhere: its bag wants work of ${refusal.effort}`
      : `the value is stored nowhere: store peers refuse it (${refusal.result})`,
  );
}

function drawRunners({ env, storePeers }: DhtAccess): Descriptor[] {
  const all = storePeers();
  return unrelated(sample(env, all, all.length), RUNNERS_MAX, (descriptor) => descriptor);
}

async function askRunner({ env, ask }: DhtAccess, runner: Descriptor, request: DhtRequest): Promise<DhtAnswer | undefined> {
  const asked = ask(runner.id, STREAM.dht, 'circuit', encodeDhtRequest(request), DHT_ANSWER_MAX_BYTES).then(decodeDhtAnswer);
  return within(env, RUNNER_TIMEOUT_MS, asked);
}

/** RUNNERS at a time, the next when one comes back, until `run` says that it is enough: then at once, without the stragglers. */
function askInTurn(
  runners: readonly Descriptor[],
  signal: AbortSignal | undefined,
  run: (runner: Descriptor) => Promise<boolean>,
): Promise<void> {
  return new Promise((resolve) => {
    let next = 0;
    let running = 0;
    let done = false;
    const finish = () => {
      done = true;
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const more = () => {
      while (!done && running < RUNNERS && next < runners.length) {
        running += 1;
        void run(runners[next++] as Descriptor).then((enough) => {
          running -= 1;
          if (done) return;
          if (enough) finish();
          else more();
        });
      }
      if (!done && running === 0) finish();
    };
    signal?.addEventListener('abort', finish, { once: true });
    if (signal?.aborted === true) finish();
    else more();
  });
}
