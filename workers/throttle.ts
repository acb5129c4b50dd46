/** Runs `act` soon after it was asked for, however often, and at most every `everyMs`. */
export class Throttle {
  #due = false;
  #last = 0;

  constructor(
    private readonly everyMs: number,
    private readonly act: () => void,
  ) {}

  ask(): void {
    if (this.#due) return;
    this.#due = true;
    setTimeout(
      () => {
        this.#due = false;
        this.#last = Date.now();
        this.act();
      },
      Math.max(0, this.#last + this.everyMs - Date.now()),
    );
  }
}
