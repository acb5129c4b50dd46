/** Whose word a reader takes about services, and what follows from it: the same in the tab and in a terminal. */

import { GlobalNetError } from '../core/bytes/errors.ts';
import type { CarriedCertificate } from '../core/peer/status.ts';
import { formatIssuer, parseIssuer } from '../core/wire/issuer.ts';

export { parseIssuer };

/** An issuer's key that the reader trusts, by the name that he gave it. */
export interface TrustedKey {
  name: string;
  /** As `formatIssuer` writes it. */
  issuer: string;
}

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

/** What a certificate is to a reader who trusts some keys, now. */
export interface JudgedCertificate {
  issuer: string;
  /** What he calls the key; undefined: he does not trust it. */
  name: string | undefined;
  standing: 'holds' | 'early' | 'expired';
  fromMs: number;
  untilMs: number;
  /** Undefined where he does not trust the key: the words of whoever pleases are no news. */
  says: string | undefined;
}

export function judge(carried: readonly CarriedCertificate[], trusted: readonly TrustedKey[], nowMs: number): JudgedCertificate[] {
  const judged = carried.map(({ issuer, says, fromMs, untilMs }): JudgedCertificate => {
    const name = trusted.find((one) => one.issuer === issuer)?.name;
    const standing = nowMs < fromMs ? 'early' : nowMs < untilMs + 1000 ? 'holds' : 'expired';
    return { issuer, name, standing, fromMs, untilMs, says: name === undefined ? undefined : says };
  });
  return judged.sort((a, b) => rank(a) - rank(b));
}

/** Those that count come first. */
function rank({ name, standing }: JudgedCertificate): number {
  return name === undefined ? 2 : standing === 'holds' ? 0 : 1;
}

/** Whether somebody whom the reader trusts says something that holds now. */
export function isCertified(judged: readonly JudgedCertificate[]): boolean {
  return judged.some((one) => rank(one) === 0);
}

/** What is to be read before `says`, or before the key where that is left out. It stands apart: it could go on as if it were ours. */
export function certificateWords({ name, standing, fromMs, untilMs }: JudgedCertificate): string {
  if (name === undefined) return 'It carries a statement of a key that you do not trust:';
  const who = `${name} (a key that you trust)`;
  if (standing === 'holds') return `${who} says, until ${dayOf(untilMs)}:`;
  return standing === 'early'
    ? `${who} says this, but only from ${dayOf(fromMs)} on:`
    : `${who} said this until ${dayOf(untilMs)}; it has expired:`;
}

/** In UTC, as what was signed. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
