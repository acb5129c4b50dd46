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
  const reader = new HtmlReader(html);
  while (!reader.done) yield* reader.next();
}

/** Goes through a text once, from its beginning. */
class HtmlReader {
  #at = 0;

  constructor(private readonly html: string) {}

  get done(): boolean {
    return this.#at >= this.html.length;
  }

  /** The text up to the next '<', and what begins with that. */
  *next(): Generator<Token> {
    const { html } = this;
    const open = html.indexOf('<', this.#at);
    const text = html.slice(this.#at, open < 0 ? html.length : open);
    if (text !== '') yield { kind: 'text', text };
    this.#at = open < 0 ? html.length : open + 1;
    const token = open < 0 ? undefined : this.#markup();
    if (token) yield token;
  }

  /** From behind a '<'; undefined for what is not for the page, and for a tag that the text ends in. */
  #markup(): Token | undefined {
    const { html } = this;
    const next = html[this.#at] ?? '';
    if (/[a-z]/i.test(next)) return this.#openTag();
    if (next === '/' && /[a-z]/i.test(html[this.#at + 1] ?? '')) return this.#closeTag();
    if (html.startsWith('!--', this.#at)) return this.#skipComment();
    if (next !== '!' && next !== '?' && next !== '/') return { kind: 'text', text: '<' };
    const isDoctype = /^!doctype/i.test(html.slice(this.#at, this.#at + 8));
    this.#skipPast('>');
    return isDoctype ? { kind: 'doctype' } : undefined;
  }

  #openTag(): Token | undefined {
    const name = this.#take(TAG_NAME).toLowerCase();
    const rest = this.#tagRest();
    if (rest === undefined) return undefined;
    if (name !== 'plaintext') return { kind: 'open', name, ...rest, raw: RAW_TEXT.has(name) ? this.#rawText(name) : undefined };
    const raw = this.html.slice(this.#at);
    this.#at = this.html.length;
    return { kind: 'open', name, ...rest, raw };
  }

  #closeTag(): Token | undefined {
    this.#at++;
    const name = this.#take(TAG_NAME).toLowerCase();
    return this.#tagRest() && { kind: 'close', name };
  }

  #skipComment(): undefined {
    this.#at += 3;
    if (this.#take(/-?>/y) !== '') return;
    const end = /--!?>/g;
    end.lastIndex = this.#at;
    this.#at = end.exec(this.html) ? end.lastIndex : this.html.length;
  }

  /** From behind the tag's name to behind its '>'; undefined when the text ends before. */
  #tagRest(): { attributes: Attribute[]; selfClosing: boolean } | undefined {
    const { html } = this;
    const attributes: Attribute[] = [];
    const names = new Set<string>();
    for (;;) {
      this.#take(SPACE);
      if (this.done) return undefined;
      if (html[this.#at] === '>') {
        this.#at++;
        return { attributes, selfClosing: html[this.#at - 2] === '/' };
      }
      if (html[this.#at] === '/') {
        this.#at++;
        continue;
      }
      const name = this.#take(ATTRIBUTE_NAME).toLowerCase();
      const value = this.#attributeValue();
      // Of two with one name, browsers take the first.
      if (!names.has(name)) attributes.push({ name, value });
      names.add(name);
    }
  }

  #attributeValue(): string {
    this.#take(SPACE);
    if (this.html[this.#at] !== '=') return '';
    this.#at++;
    this.#take(SPACE);
    const quote = this.html[this.#at];
    return quote === '"' || quote === "'" ? this.#quoted(quote) : this.#take(UNQUOTED);
  }

  #quoted(quote: string): string {
    const start = this.#at + 1;
    this.#at = start;
    const end = this.#skipPast(quote);
    return this.html.slice(start, end);
  }

  #rawText(name: string): string {
    const { html } = this;
    const end = new RegExp(`</${name}(?=[\\t\\n\\f\\r />])`, 'gi');
    end.lastIndex = this.#at;
    const found = end.exec(html)?.index ?? html.length;
    const text = html.slice(this.#at, found);
    this.#at = found;
    this.#skipPast('>');
    return text;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.html)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  /** @returns where the mark was, or the text's end. */
  #skipPast(mark: string): number {
    const end = this.html.indexOf(mark, this.#at);
    this.#at = end < 0 ? this.html.length : end + mark.length;
    return end < 0 ? this.html.length : end;
  }
}
