/** What a command says: sentences for people, or with `--json` one object a line for programs. */
export class Output {
  #barShown = false;

  constructor(
    readonly json: boolean,
    private readonly out: NodeJS.WriteStream = process.stdout,
    private readonly err: NodeJS.WriteStream = process.stderr,
  ) {}

  /** A result: the sentence or the object. */
  say(text: string, object: object): void {
    this.#clearBar();
    this.out.write(this.json ? `${JSON.stringify(object)}\n` : `${text}\n`);
  }

  /** Something on the way that is no result: for people only, apart from the results. */
  note(text: string): void {
    this.#clearBar();
    if (!this.json) this.err.write(`${text}\n`);
  }

  /** Redraws one line on a terminal; elsewhere nothing. */
  progress(text: string): void {
    if (this.json || !this.err.isTTY) return;
    this.err.write(`\r\x1b[2K${text.slice(0, (this.err.columns ?? 80) - 1)}`);
    this.#barShown = true;
  }

  fail(kind: string, text: string): void {
    this.#clearBar();
    if (this.json) this.out.write(`${JSON.stringify({ error: { kind, message: text } })}\n`);
    else this.err.write(`gnet: ${text}\n`);
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
