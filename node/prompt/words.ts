import { homedir } from 'node:os';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';

const BLANK = /\s/;

/**
 * A line as the words that a terminal's shell would make of it: blanks part them, quotes and backslashes keep blanks, `~/` is the user's
 * folder, and what begins with # is for people. Nothing else means anything: no variables, no patterns, no pipes.
 * @throws GlobalNetError `malformed`: a quote without its end.
 */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const letter = line[i] as string;
    if (quote === '' && BLANK.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === '' && letter === '#' && word === undefined) break;
    else if (letter === quote) quote = '';
    else if (quote === '' && (letter === '"' || letter === "'")) {
      quote = letter;
      word ??= '';
    } else if (letter === '\\' && quote !== "'" && i + 1 < line.length) word = (word ?? '') + (line[++i] as string);
    else if (letter === '~' && quote === '' && word === undefined && /^(?:\/|\s|$)/.test(line.slice(i + 1))) word = homedir();
    else word = (word ?? '') + letter;
  }
  if (quote !== '') throw new GlobalNetError('malformed', `the quote ${quote} has no end in this line`);
  if (word !== undefined) words.push(word);
  return words;
}
