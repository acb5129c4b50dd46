/** Held by the one tab of a browser profile that relays: two hops of one circuit must not be one person. */
const NAME = 'gnet relaying';
/** Who holds it is asked so often whether he is there; who is silent so many times in a row has lost it. */
const ASK_EVERY_MS = 2500;
const UNANSWERED_MAX = 4;

type Word = 'who relays?' | 'I do';

/**
 * Calls `onTurn` when this tab may relay: at once, or when the tab that does has closed or does not answer any more, and when it may not any
 * longer. The answer gives the turn back. A frozen tab keeps its lock, and so does a thread that Firefox has left standing: neither relays.
 * Where there are no Web Locks nobody relays: two tabs could not know of each other.
 */
export function relayingTurn(onTurn: (isOurs: boolean) => void): () => void {
  const { locks } = navigator;
  if (locks === undefined) return () => undefined;
  const turn = new Turn(locks, onTurn);
  return () => turn.end();
}

class Turn {
  readonly #channel = new BroadcastChannel(NAME);
  readonly #asking: ReturnType<typeof setInterval>;
  #isOurs = false;
  #isOver = false;
  #unanswered = 0;
  /** Leaves the queue, or gives back what is held. */
  #leave = (): void => undefined;

  constructor(
    private readonly locks: LockManager,
    private readonly onTurn: (isOurs: boolean) => void,
  ) {
    this.#channel.onmessage = ({ data }: MessageEvent<Word>) => this.#hear(data);
    this.#asking = setInterval(() => this.#ask(), ASK_EVERY_MS);
    this.#wait();
  }

  end(): void {
    this.#isOver = true;
    clearInterval(this.#asking);
    this.#channel.close();
    this.#leave();
  }

  #hear(word: Word): void {
    if (word === 'I do') this.#unanswered = 0;
    else if (this.#isOurs) this.#say('I do');
  }

  #say(word: Word): void {
    this.#channel.postMessage(word);
  }

  #ask(): void {
    if (this.#isOurs) return;
    if (this.#unanswered++ < UNANSWERED_MAX) return this.#say('who relays?');
    this.#leave();
    this.#hold({ steal: true });
  }

  #wait(): void {
    const controller = new AbortController();
    this.#leave = () => controller.abort();
    this.#hold({ signal: controller.signal });
  }

  #hold(options: LockOptions): void {
    this.#unanswered = 0;
    const held = this.locks.request(NAME, options, () => {
      if (this.#isOver) return;
      this.#isOurs = true;
      this.onTurn(true);
      return new Promise<void>((resolve) => (this.#leave = resolve));
    });
    // It was taken from us, or we have left the queue.
    held.catch(() => this.#lose());
  }

  #lose(): void {
    if (!this.#isOurs || this.#isOver) return;
    this.#isOurs = false;
    this.onTurn(false);
    this.#wait();
  }
}
