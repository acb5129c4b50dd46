/** A bell that any number may wait for; made only when somebody waits. */
export class Bell {
  #promise: Promise<void> | undefined;
  #ring: (() => void) | undefined;

  wait(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#ring = resolve;
    });
    return this.#promise;
  }

  ring(): void {
    const ring = this.#ring;
    this.#promise = this.#ring = undefined;
    ring?.();
  }
}
