import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import { END } from '../wire/registry.ts';
import type { SessionStream } from './types.ts';

/**
 * Resolves when the other side has said that what was asked for is there. A stream that it has left without a word by then is reset.
 * @throws GlobalNetError `timeout`; StreamReset with what the other side said instead.
 */
export async function answered(env: Pick<Env, 'schedule'>, stream: SessionStream, withinMs: number): Promise<void> {
  let late = false;
  const cancel = env.schedule(withinMs, () => {
    late = true;
    stream.reset(END.timeout);
  });
  try {
    await stream.connected;
  } catch (error) {
    if (!late) throw error;
    throw new GlobalNetError('timeout', `the other end took the connection, and has not answered within ${withinMs / 1000} s`, {
      cause: error,
    });
  } finally {
    cancel();
  }
}
