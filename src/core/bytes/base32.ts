/** RFC 4648 base32, lower case, without padding: the one text form of keys, ids and hashes. */

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const VALUE = new Map([...ALPHABET].map((letter, value) => [letter, value]));

export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >>> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) text += ALPHABET[(held << (5 - bits)) & 31];
  return text;
}

/**
 * The one inverse of `base32`: other spellings of the same bytes (case, spare bits) are refused.
 * @param wrong the error that says what is wrong, for who wants it in other words.
 * @throws TypeError, or what `wrong` makes.
 */
export function fromBase32(text: string, wrong: (problem: string) => Error = (problem) => new TypeError(problem)): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let offset = 0;
  for (const letter of text) {
    const value = VALUE.get(letter);
    if (value === undefined) throw wrong(`not base32: '${letter}' is not one of a-z, 2-7`);
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[offset++] = held >>> bits;
      held &= (1 << bits) - 1;
    }
  }
  if (bits >= 5 || held !== 0) throw wrong('not base32: the last character holds bits that belong to no byte');
  return bytes;
}
