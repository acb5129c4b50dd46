/**
 * Characters that a text from somebody else may not hold, or that are not shown of it. Both are global, for `replace`; whether a text
 * holds one tells `search`, which keeps no place as `test` would. What a path and a saved file's name may hold are rules of their own.
 */

/** Controls, lone surrogates, which UTF-8 cannot hold, and the marks that turn text round: not in what a pack or a link is called. */
export const CONTROLS = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * What a line cannot hold, or hides, or shows in another order than it stands there: controls, lone surrogates, line ends, and Unicode's
 * format characters. The joiners (U+200C, U+200D) stay: Persian and families of emoji are written with them.
 */
export const HIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
