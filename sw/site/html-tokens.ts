/**
 * Cuts HTML into tags and text, as the tokenizer of the HTML standard (§ 13.2.5) does for documents whose scripts are off. It
 * need not agree with a browser about broken markup: what is made of the tokens is written anew in one plain spelling
 * (html-filter.ts), and that is all a browser sees.
 */

export interface Attribute {
  readonly name: string;
  /** As written, character references included. */
  readonly value: string;
}

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'doctype' }
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly attributes: readonly Attribute[];
      readonly selfClosing: boolean;
      readonly raw: string | undefined;
    }
  | { readonly kind: 'close'; readonly name: string };

/** Elements whose content is text up to their end tag; `noscript` is none of them while scripts are off. */
const RAW_TEXT = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes']);

const SPACE = /[\t\n\f\r ]*/y;
const TAG_NAME = /[^\t\n\f\r />]*/y;
// A '=' may begin a name: the standard takes it as part of it.
const ATTRIBUTE_NAME = /=?[^\t\n\f\r />=]*/y;
const UNQUOTED = /[^\t\n\f\r >]*/y;

export function* htmlTokens(html: string): Generator<Token> {
  let at = 0;

  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(html)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const skipPast = (mark: string): void => {
    const end = html.indexOf(mark, at);
    at = end < 0 ? html.length : end + mark.length;
  };
  const quoted = (quote: string): string => {
    const start = at + 1;
    const end = html.indexOf(quote, start);
    at = end < 0 ? html.length : end + 1;
    return html.slice(start, end < 0 ? html.length : end);
  };
  const attributeValue = (): string => {
    take(SPACE);
    if (html[at] !== '=') return '';
    at++;
    take(SPACE);
    const quote = html[at];
    return quote === '"' || quote === "'" ? quoted(quote) : take(UNQUOTED);
  };
  /** From behind the tag's name to behind its '>'; undefined when the text ends before. */
  const tagRest = (): { attributes: Attribute[]; selfClosing: boolean } | undefined => {
    const attributes: Attribute[] = [];
    const names = new Set<string>();
    for (;;) {
      take(SPACE);
      if (at >= html.length) return undefined;
      if (html[at] === '>') {
        at++;
        return { attributes, selfClosing: html[at - 2] === '/' };
      }
      if (html[at] === '/') {
        at++;
        continue;
      }
      const name = take(ATTRIBUTE_NAME).toLowerCase();
      const value = attributeValue();
      // Of two with one name, browsers take the first.
      if (!names.has(name)) attributes.push({ name, value });
      names.add(name);
    }
  };
  const rawText = (name: string): string => {
    const end = new RegExp(`</${name}(?=[\\t\\n\\f\\r />])`, 'gi');
    end.lastIndex = at;
    const found = end.exec(html);
    const text = html.slice(at, found?.index ?? html.length);
    at = html.length;
    if (found) {
      at = found.index;
      skipPast('>');
    }
    return text;
  };
  const openTag = (): Token | undefined => {
    const name = take(TAG_NAME).toLowerCase();
    const rest = tagRest();
    if (rest === undefined) return undefined;
    if (name === 'plaintext') {
      const raw = html.slice(at);
      at = html.length;
      return { kind: 'open', name, ...rest, raw };
    }
    return { kind: 'open', name, ...rest, raw: RAW_TEXT.has(name) ? rawText(name) : undefined };
  };
  const comment = (): void => {
    at += 4;
    if (take(/-?>/y) !== '') return;
    const end = /--!?>/g;
    end.lastIndex = at;
    at = end.exec(html) ? end.lastIndex : html.length;
  };

  while (at < html.length) {
    const open = html.indexOf('<', at);
    const text = html.slice(at, open < 0 ? html.length : open);
    if (text !== '') yield { kind: 'text', text };
    if (open < 0) return;
    at = open + 1;
    const next = html[at] ?? '';
    if (/[a-z]/i.test(next)) {
      const token = openTag();
      if (token) yield token;
    } else if (next === '/' && /[a-z]/i.test(html[at + 1] ?? '')) {
      at++;
      const name = take(TAG_NAME).toLowerCase();
      if (tagRest()) yield { kind: 'close', name };
    } else if (html.startsWith('<!--', open)) {
      at = open;
      comment();
    } else if (next === '!' || next === '?' || next === '/') {
      const isDoctype = /^!doctype/i.test(html.slice(at, at + 8));
      skipPast('>');
      if (isDoctype) yield { kind: 'doctype' };
    } else {
      yield { kind: 'text', text: '<' };
    }
  }
}
