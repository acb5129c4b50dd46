import { HIDDEN } from '../../src/core/wire/characters.ts';

/** Text of a stranger's for a terminal, where controls begin escape sequences: hidden characters as `\u{1b}`, and every line but the first begun with `indent`. */
export function plainText(text: string, indent: string): string {
  return text
    .split(/\r\n|\n/)
    .map((line) => line.replaceAll('\t', '    ').replace(HIDDEN, (letter) => `\\u{${(letter.codePointAt(0) as number).toString(16)}}`))
    .join(`\n${indent}`);
}

/** The same value in JSON without a character that a terminal would act on. */
export function plainJson(object: object): string {
  return JSON.stringify(object).replace(HIDDEN, (letter) =>
    Array.from({ length: letter.length }, (_, i) => `\\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}
