/** Whose word about services a reader takes. Apart from what is made of it, since a tab need not have it before it joins. */

import { GlobalNetError } from '../core/bytes/errors.ts';
import { formatIssuer, parseIssuer } from '../core/wire/issuer.ts';
import type { TrustedKey } from './certificates.ts';

export { parseIssuer };

/** More than that nobody has looked at one by one. */
export const TRUSTED_MAX = 64;

/** @throws GlobalNetError `malformed` for a key or name that is none, or that stands there; `full`. */
export function withTrusted(list: readonly TrustedKey[], key: string, name: string): TrustedKey[] {
  const issuer = formatIssuer(parseIssuer(key));
  const called = name.trim();
  if (!/^[\p{L}\p{N}][\p{L}\p{N}\p{M} _.@-]{0,63}$/u.test(called))
    throw new GlobalNetError('malformed', `a trusted key wants a name of up to 64 letters and digits, not '${called}'`);
  const known = list.find((one) => one.issuer === issuer);
  if (known !== undefined) throw new GlobalNetError('malformed', `this key is trusted already, as '${known.name}'`);
  if (list.some((one) => one.name === called))
    throw new GlobalNetError('malformed', `another key is called '${called}': take another name, or remove that one first`);
  if (list.length >= TRUSTED_MAX) throw new GlobalNetError('full', `${TRUSTED_MAX} keys are trusted, more than that cannot be kept`);
  return [...list, { name: called, issuer }];
}

/** @param which a key, or the name of one. @throws GlobalNetError `malformed` when it is not trusted. */
export function withoutTrusted(list: readonly TrustedKey[], which: string): TrustedKey[] {
  const wanted = which.trim();
  const rest = list.filter(({ name, issuer }) => name !== wanted && issuer !== wanted.toLowerCase());
  if (rest.length === list.length) throw new GlobalNetError('malformed', `no trusted key is called '${wanted}', nor is it one`);
  return rest;
}
