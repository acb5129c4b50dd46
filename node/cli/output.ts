import { plainJson } from './plain-text.ts';

/** Where nothing can be redrawn (a file, a log), what goes on is said so often: often enough to see that it lives, and no more. */
const TELL_EVERY_MS = 10_000;
/** A line for each of a thousand chunks a second would cost more than the chunks. */
const REDRAW_EVERY_MS = 100;
/** Who waits so long wants to know how long already. */
const COUNT_AFTER_MS = 3000;

/** An error says what was wrong by repeating it: a file that is no text would be repeated whole. */
const PROBLEM_MAX_LETTERS = 2_000;

/** What a command says: sentences for people, or with `--json` one object a line for programs. */
export class Output {
  #barShown = false;
  #drawnAt = 0;
  #toldAt = Date.now();

  constructor(
    readonly json: boolean,
    private readonly out: NodeJS.WritableStream = process.stdout,
    private readonly err: NodeJS.WritableStream & { isTTY?: boolean; columns?: number } = process.stderr,
  ) {}

  /** A result: the sentence or the object. */
  say(text: string, object: object): void {
    this.#clearBar();
    this.out.write(this.json ? `${plainJson(object)}\n` : `${text}\n`);
  }

  /** Something on the way that is no result: for people only, apart from the results. */
  note(text: string): void {
    this.#clearBar();
    this.#toldAt = Date.now();
    if (!this.json) this.err.write(`${text}\n`);
  }

  /** Something on the way that programs hear of too. */
  tell(text: string, object: object): void {
    if (this.json) this.say(text, object);
    else this.note(text);
  }

  /** Redraws one line on a terminal; elsewhere a line now and then. */
  progress(text: string): void {
    if (this.json) return;
    if (!this.err.isTTY) {
      if (Date.now() - this.#toldAt >= TELL_EVERY_MS) this.note(text);
      return;
    }
    if (this.#barShown && Date.now() - this.#drawnAt < REDRAW_EVERY_MS) return;
    this.#drawnAt = Date.now();
    this.err.write(`\r\x1b[2K${text.slice(0, (this.err.columns || 80) - 1)}`);
    this.#barShown = true;
  }

  /** Says what is waited for, and how long already, until the answer is called. */
  waiting(words: () => string): () => void {
    const since = Date.now();
    const show = (): void => {
      const waitedMs = Date.now() - since;
      this.progress(waitedMs < COUNT_AFTER_MS ? words() : `${words()} (${Math.floor(waitedMs / 1000)} s)`);
    };
    show();
    const timer = setInterval(show, 1000);
    return () => {
      clearInterval(timer);
      this.#clearBar();
    };
  }

  fail(kind: string, text: string): void {
    this.#clearBar();
    const message = text.length > PROBLEM_MAX_LETTERS ? `${text.slice(0, PROBLEM_MAX_LETTERS)}…` : text;
    if (this.json) this.out.write(`${plainJson({ error: { kind, message } })}\n`);
    else this.err.write(`gnet: ${message}\n`);
  }

  #clearBar(): void {
    if (this.#barShown) this.err.write('\r\x1b[2K');
    this.#barShown = false;
  }
}

export function barOf(done: number, total: number, width = 24): string {
  const filled = total > 0 ? Math.round((Math.min(done, total) / total) * width) : width;
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
}

export function bytesInWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit++;
  } while (value >= 999.5 && unit < units.length - 1);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
