import { OUTSIDE_PREFIX, OWN_PREFIX, SAVE_PREFIX } from '../../src/shared/site-paths.ts';
import { decodeReferences } from './character-references.ts';
import { type Attribute, htmlTokens, type Token } from './html-tokens.ts';

/**
 * Writes a page anew so that nothing in it leads out of its site unasked. The headers hold a hostile page by themselves; this is for what
 * passes them (hints that open connections in Firefox, frames for which Chromium connects before it checks) and for what would
 * end in a browser's error page (refreshes, links to the outside).
 */

/** Gone with all that is in them. */
const DROPPED = new Set(['script', 'noembed', 'noframes']);
/** Gone, but their content is shown: what stands in them for browsers that lack them. */
const UNWRAPPED = new Set(['noscript', 'object', 'embed', 'applet', 'param', 'portal', 'fencedframe', 'frameset', 'controlledframe']);
const ANIMATIONS = new Set(['animate', 'set', 'animatemotion', 'animatetransform']);
const LINK_RELATIONS = /^(?:alternate[\t\n\f\r ]+)?(?:stylesheet|icon|shortcut[\t\n\f\r ]+icon)$/i;
const LOADED_SCHEMES = new Set(['http:', 'https:', 'ws:', 'wss:', 'ftp:', 'file:', 'blob:', 'filesystem:', 'javascript:']);
const NAME = /^[a-z_][a-z0-9_:.-]*$/;

/** They would act on their own, reach another frame, or mean nothing here. */
const DROPPED_ATTRIBUTES = new Set([
  'srcdoc',
  'ping',
  'target',
  'formtarget',
  'download',
  'attributionsrc',
  'referrerpolicy',
  'crossorigin',
  'autofocus',
  'manifest',
  'nonce',
  'integrity',
  'sandbox',
  'allow',
]);
/** Words for people: no browser takes them for a URL. */
const TEXT_ATTRIBUTES = new Set([
  'alt',
  'title',
  'placeholder',
  'value',
  'label',
  'summary',
  'content',
  'cite',
  'datetime',
  'xmlns',
  'xmlns:xlink',
  'abbr',
  'style',
  'class',
]);

export interface PageFilter {
  /** Where the page lies: its links are relative to it. */
  readonly url: string;
  /** What the site itself calls its host: links that name it stay inside. */
  readonly host?: string;
}

/** @param html as decoded from the file. Linear in its length. */
export function filterHtml(html: string, page: PageFilter): string {
  const writer = new PageWriter(page);
  for (const token of htmlTokens(html)) writer.token(token);
  return writer.parts.join('');
}

class PageWriter {
  readonly parts: string[] = [];
  readonly #origin: string;
  readonly #host: string | undefined;
  #base: string;
  /** The links of this tag are to be saved, and not shown. */
  #saves = false;

  constructor({ url, host }: PageFilter) {
    this.#base = url;
    this.#origin = new URL(url).origin;
    this.#host = host;
  }

  token(token: Token): void {
    if (token.kind === 'text') this.parts.push(escapeText(token.text));
    else if (token.kind === 'doctype') this.parts.push('<!doctype html>');
    else if (token.kind === 'close') this.#close(token.name);
    else this.#open(token);
  }

  #close(name: string): void {
    if (!NAME.test(name) || DROPPED.has(name) || UNWRAPPED.has(name)) return;
    this.parts.push(`</${name}>`);
  }

  #open(tag: Token & { kind: 'open' }): void {
    const { name, raw } = tag;
    if (!NAME.test(name) || DROPPED.has(name) || UNWRAPPED.has(name)) return;
    if (name === 'iframe' || name === 'frame') return this.#frame(tag.attributes);
    if (name === 'xmp' || name === 'plaintext') return void this.parts.push('<pre>', escapeText(raw ?? ''), '</pre>');
    if (!this.#keeps(name, tag.attributes)) return;
    this.parts.push('<', name);
    this.#saves = (name === 'a' || name === 'area') && attributeOf(tag.attributes, 'download') !== undefined;
    for (const attribute of tag.attributes) this.#attribute(name, attribute);
    this.parts.push(tag.selfClosing ? '/>' : '>');
    if (raw !== undefined) this.parts.push(name === 'style' ? escapeStyle(raw) : escapeText(raw), `</${name}>`);
  }

  /** A frame becomes a link: in a frame of its own a page could not be told from the one that the shell shows. */
  #frame(attributes: readonly Attribute[]): void {
    const source = attributeOf(attributes, 'src');
    if (source === undefined || source === '') return;
    this.parts.push(`<a href="${escapeValue(this.#link(source))}">${escapeText(escapeReferences(source))}</a>`);
  }

  #keeps(name: string, attributes: readonly Attribute[]): boolean {
    if (name === 'meta') return attributeOf(attributes, 'http-equiv') === undefined && attributeOf(attributes, 'charset') === undefined;
    if (name === 'link') return LINK_RELATIONS.test((attributeOf(attributes, 'rel') ?? '').trim());
    if (ANIMATIONS.has(name)) return !/href/i.test(attributeOf(attributes, 'attributename') ?? '');
    if (name === 'base') return this.#newBase(attributeOf(attributes, 'href'));
    return true;
  }

  /** The first that stays on the site holds, as in a browser. */
  #newBase(href: string | undefined): boolean {
    const inside = href === undefined ? undefined : this.#inward(href);
    if (inside === undefined || !this.#isInside(inside)) return false;
    this.#base = new URL(inside, this.#base).href;
    return true;
  }

  #attribute(element: string, { name, value }: Attribute): void {
    if (!NAME.test(name) || name.startsWith('on') || DROPPED_ATTRIBUTES.has(name)) return;
    if (TEXT_ATTRIBUTES.has(name) || name.startsWith('aria-') || name.startsWith('data-')) {
      this.parts.push(` ${name}="${escapeQuotes(value)}"`);
      return;
    }
    const clean = this.#cleanValue(element, name, this.#inward(decodeReferences(value)));
    if (clean !== undefined) this.parts.push(` ${name}="${escapeValue(clean)}"`);
  }

  #cleanValue(element: string, name: string, value: string): string | undefined {
    const isLink = (element === 'a' || element === 'area') && (name === 'href' || name === 'xlink:href');
    if (isLink || name === 'action' || name === 'formaction') return this.#link(value);
    if (name === 'srcset' || name === 'imagesrcset') return value.split(/[\s,]+/).some((part) => this.#isOutside(part)) ? undefined : value;
    if (/^[\s\0-\x20]*data:/i.test(value)) return name === 'href' && element === 'link' ? undefined : value;
    // Whatever attribute it is: what reads as a URL of another origin has no business in a page.
    return this.#isOutside(value) ? undefined : value;
  }

  /** A URL with the site's own host as the path that it means here. */
  #inward(value: string): string {
    if (this.#host === undefined || !URL.canParse(value, this.#base)) return value;
    const { host, pathname, search, hash } = new URL(value, this.#base);
    return host === this.#host ? pathname + search + hash : value;
  }

  /** Not for links: 'md:flex' reads as a URL too, but as none that a browser would load. */
  #isOutside(value: string): boolean {
    if (!URL.canParse(value, this.#base)) return true;
    const { origin, protocol } = new URL(value, this.#base);
    return origin !== this.#origin && LOADED_SCHEMES.has(protocol);
  }

  #isInside(value: string): boolean {
    return URL.canParse(value, this.#base) && new URL(value, this.#base).origin === this.#origin;
  }

  /** A link that leaves the site leads to the shell, which asks; as does one to a file that is to be saved. */
  #link(value: string): string {
    if (this.#isInside(value)) return this.#saves ? this.#saved(new URL(value, this.#base)) : value;
    return OUTSIDE_PREFIX + encodeURIComponent(URL.canParse(value, this.#base) ? new URL(value, this.#base).href : value);
  }

  #saved({ pathname, search }: URL): string {
    return pathname.startsWith(OWN_PREFIX) ? pathname : SAVE_PREFIX + pathname + search;
  }
}

function attributeOf(attributes: readonly Attribute[], name: string): string | undefined {
  const found = attributes.find((attribute) => attribute.name === name);
  return found && decodeReferences(found.value);
}

/** Browsers treat it each in its own way. */
const NUL = /\0/g;

function escapeText(text: string): string {
  return text.replace(NUL, '').replace(/</g, '&lt;');
}

/** The value's own character references stay. */
function escapeQuotes(value: string): string {
  return value.replace(NUL, '').replace(/"/g, '&quot;').replace(/</g, '&lt;');
}

function escapeReferences(text: string): string {
  return text.replace(/&/g, '&amp;');
}

function escapeValue(value: string): string {
  return escapeQuotes(escapeReferences(value));
}

/** Inside `<svg>` a browser reads the content of `<style>` as markup: nothing in it may look like a tag. `\3c ` is '<' to CSS. */
function escapeStyle(css: string): string {
  return css.replace(NUL, '').replace(/<(?=[a-z/!?])/gi, '\\3c ');
}
