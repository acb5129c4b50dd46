/**
 * What a terminal would act on, or hide, or show in another order than it stands there: controls, which begin escape sequences, and Unicode's
 * format characters, lone surrogates and separators of lines. Joiners (U+200C, U+200D) stay: Persian and families of emoji are written with them.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

/** Text of a stranger's for a terminal: unsafe characters as `\u{1b}`, and every line but the first begun with `indent`. */
export function plainText(text: string, indent: string): string {
  return text
    .split(/\r\n|\n/)
    .map((line) => line.replaceAll('\t', '    ').replace(UNSAFE, (letter) => `\\u{${(letter.codePointAt(0) as number).toString(16)}}`))
    .join(`\n${indent}`);
}

/** The same value in JSON without a character that a terminal would act on. */
export function plainJson(object: object): string {
  return JSON.stringify(object).replace(UNSAFE, (letter) =>
    Array.from({ length: letter.length }, (_, i) => `\\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}
