import type { OpenRequest } from '../wire/site.ts';
import type { ChunkKey } from './chunk-place.ts';

/** One thing that waits to be sent in a site stream. */
export type SendJob =
  | { readonly send: 'open'; readonly request: OpenRequest }
  | { readonly send: 'chunk' | 'sent'; readonly hash: Uint8Array }
  | { readonly send: 'end' };

type JobKey = ChunkKey | 'open' | 'end';

/** Jobs by priority, 0 first, in order of arrival within one; each chunk at most once. Every step is a few map operations. */
export class SendQueue {
  readonly #levels = new Map<number, Map<JobKey, SendJob>>();
  readonly #level = new Map<JobKey, number>();

  get size(): number {
    return this.#level.size;
  }

  /** Adds a job, or moves the one with that key forward when it waits at a later priority. */
  add(key: JobKey, priority: number, job: SendJob): void {
    const present = this.#level.get(key);
    if (present !== undefined && present <= priority) return;
    this.delete(key);
    let jobs = this.#levels.get(priority);
    if (!jobs) this.#levels.set(priority, (jobs = new Map()));
    jobs.set(key, job);
    this.#level.set(key, priority);
  }

  delete(key: JobKey): void {
    const priority = this.#level.get(key);
    if (priority === undefined) return;
    this.#level.delete(key);
    const jobs = this.#levels.get(priority) as Map<JobKey, SendJob>;
    jobs.delete(key);
    if (jobs.size === 0) this.#levels.delete(priority);
  }

  take(): { key: JobKey; job: SendJob } | undefined {
    if (this.#levels.size === 0) return undefined;
    const jobs = this.#levels.get(Math.min(...this.#levels.keys())) as Map<JobKey, SendJob>;
    const [key, job] = jobs.entries().next().value as [JobKey, SendJob];
    this.delete(key);
    return { key, job };
  }
}
