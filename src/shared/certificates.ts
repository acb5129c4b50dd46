/** What a certificate is to a reader, by whom he trusts: the same in the tab and in a terminal. */

import type { CarriedCertificate } from '../core/peer/status.ts';

/** An issuer's key that the reader trusts, by the name that he gave it. */
export interface TrustedKey {
  name: string;
  /** As `formatIssuer` writes it. */
  issuer: string;
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
