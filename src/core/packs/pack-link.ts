import type { Address } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { ADDRESS_SUFFIX, normalAddress } from '../wire/address.ts';
import { CONTROLS } from '../wire/characters.ts';
import { pathOfUrl, urlOfPath } from './resolve-path.ts';

/**
 * Links to packs. One pack, four spellings:
 *
 *   https://<app host>/#/open/<address>/<path>             everything behind '#' stays in the browser
 *   magnet:?xt=urn:gnet:<address without .gnet>&dn=<name>&x.path=<path>
 *   web+gnet:<address>/<path>                               and web+gnet:?xt=… as in a magnet link
 *   <address>/<path>                                        as people write it
 */
export interface PackLink {
  readonly address: Address;
  /** As in `PathTable.resolve`; '' is the front page. */
  readonly path: string;
  /** What the one who made the link calls it: to be shown as hearsay. */
  readonly name: string | undefined;
}

const URN = 'urn:gnet:';
const OPEN = '#/open/';
const MAX_LENGTH = 8192;
const NAME_MAX_LENGTH = 200;

/** @param appUrl where the app is served, as 'https://host/'. */
export function formatAppLink(appUrl: string, link: Pick<PackLink, 'address' | 'path'>): string {
  return `${appUrl.split('#')[0]}${OPEN}${link.address}/${urlOfPath(link.path)}`;
}

export function formatMagnetLink(link: PackLink): string {
  return `magnet:?${query(link)}`;
}

export function formatWebLink(link: Pick<PackLink, 'address' | 'path'>): string {
  return `web+gnet:${link.address}/${urlOfPath(link.path)}`;
}

function query({ address, path, name }: PackLink): string {
  const parts = [`xt=${URN}${address.slice(0, -ADDRESS_SUFFIX.length)}`];
  if (name) parts.push(`dn=${encodeURIComponent(name)}`);
  if (path) parts.push(`x.path=${encodeURIComponent(path)}`);
  return parts.join('&');
}

/** @throws GlobalNetError `malformed` saying what is wrong with it. */
export function parsePackLink(text: string): PackLink {
  const link = text.trim();
  if (link.length > MAX_LENGTH) throw wrong(`it is longer than ${MAX_LENGTH} characters`);
  if (link === '') throw wrong('it is empty');
  if (/^magnet:/i.test(link)) return parseQuery(link.slice('magnet:'.length));
  if (/^web\+gnet:/i.test(link)) return parseWeb(link.slice('web+gnet:'.length));
  if (/^https?:/i.test(link)) return parseApp(link);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(link);
  if (scheme) throw wrong(`'${scheme[1]}:' is none of https:, magnet: and web+gnet:`);
  return parsePlain(link);
}

function wrong(problem: string): GlobalNetError {
  return new GlobalNetError('malformed', `not a pack link: ${problem}`);
}

function parseApp(link: string): PackLink {
  const start = link.indexOf(OPEN);
  if (start < 0) throw wrong(`this address of the web has no '${OPEN}<address>.gnet/' in it`);
  return parseOpenPart(link.slice(start + OPEN.length));
}

/** What stands behind '#/open/' in the app's URL: an address and path, or a whole link that the browser's protocol handler put there, encoded. */
export function parseOpenPart(part: string): PackLink {
  if (/^(magnet|web\+gnet|web%2bgnet)(:|%3a)/i.test(part)) return parsePackLink(decoded(part));
  return parsePlain(part);
}

function parseWeb(rest: string): PackLink {
  if (rest.startsWith('?')) return parseQuery(rest);
  return parsePlain(rest.replace(/^\/\//, ''));
}

function parsePlain(text: string): PackLink {
  const end = text.search(/[/?#]/);
  const address = normalAddress(end < 0 ? text : text.slice(0, end));
  const path = end < 0 ? '' : (text.slice(end).split(/[?#]/)[0] as string);
  return { address, path: pathOfUrl(path), name: undefined };
}

function parseQuery(text: string): PackLink {
  if (!text.startsWith('?')) throw wrong("a magnet link begins with 'magnet:?'");
  const fields = new Map<string, string[]>();
  for (const part of text.slice(1).split('&')) {
    const [key = '', value = ''] = part.split(/=(.*)/s);
    const name = key.toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), decoded(value.replaceAll('+', ' '))]);
  }
  const topics = fields.get('xt') ?? [];
  const ours = topics.filter((topic) => topic.toLowerCase().startsWith(URN));
  if (ours.length === 0) {
    throw wrong(
      topics.some((topic) => /^urn:bt/i.test(topic))
        ? "this magnet link is for a torrent client: it has no 'xt=urn:gnet:…'"
        : "it has no 'xt=urn:gnet:…'",
    );
  }
  if (ours.length > 1) throw wrong('it names two packs');
  const name = (ours[0] as string).slice(URN.length);
  const title = fields.get('dn')?.[0]?.replace(CONTROLS, '').slice(0, NAME_MAX_LENGTH);
  return {
    address: normalAddress(name.endsWith(ADDRESS_SUFFIX) ? name : name + ADDRESS_SUFFIX),
    // Decoded already: encoding once more lets one function say what a path may be.
    path: pathOfUrl(urlOfPath(fields.get('x.path')?.[0] ?? '')),
    name: title || undefined,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong("a '%' in it is not followed by two hexadecimal digits of UTF-8");
  }
}
