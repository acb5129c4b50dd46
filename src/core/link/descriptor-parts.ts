import type { Control } from '../wire/link.ts';
import type { CONTROL } from '../wire/registry.ts';
import { DESCRIPTORS_MAX_PER_HOUR } from './constants.ts';

type Part = Extract<Control, { type: typeof CONTROL.descriptorPart }>;

const HOUR_MS = 3_600_000;

/** Joins the parts of the other side's descriptor, which come in order and never mixed. */
export class DescriptorParts {
  #whole: Uint8Array | undefined;
  #received = 0;
  #hourBegan = 0;
  #inHour = 0;

  /** The descriptor with its last part, undefined before it; false when parts are out of order or descriptors too many. */
  add(part: Part, nowMs: number): Uint8Array | undefined | false {
    if (part.offset === 0 && this.#whole === undefined) {
      if (!this.#allows(nowMs)) return false;
      this.#whole = new Uint8Array(part.wholeBytes);
      this.#received = 0;
    }
    const whole = this.#whole;
    if (whole === undefined || part.offset !== this.#received || part.wholeBytes !== whole.length) return false;
    whole.set(part.bytes, part.offset);
    this.#received += part.bytes.length;
    if (this.#received < whole.length) return undefined;
    this.#whole = undefined;
    return whole;
  }

  #allows(nowMs: number): boolean {
    if (nowMs - this.#hourBegan >= HOUR_MS) {
      this.#hourBegan = nowMs;
      this.#inHour = 0;
    }
    return ++this.#inHour <= DESCRIPTORS_MAX_PER_HOUR;
  }
}
