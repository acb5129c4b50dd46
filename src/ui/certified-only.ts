import type { Remote } from 'comlink';
import { isCertified, judge, type TrustedKey } from '../shared/certificates.ts';
import type { CarriedCertificate } from '../shared/peer-api.ts';
import type { PeerControl } from '../shared/peer-control.ts';
import type { ToldFailure } from './words.ts';

export interface Admission {
  certificates: readonly CarriedCertificate[];
  /** Why the site is not opened; undefined: one of these keys vouches for it. */
  failure: ToldFailure | undefined;
}

const CHOICE = 'That is your choice on the start page, under “Keys that you trust”.';

/** Asks a site who vouches for it, before anything else of it is asked for or shown. */
export async function admissionOf(peer: Remote<PeerControl>, address: string, trusted: readonly TrustedKey[]): Promise<Admission> {
  const asked = await peer.askCertificates(address);
  if (!asked.ok) {
    const advice = `Each site must say who vouches for it before it is opened, one that is stored here too. ${CHOICE}`;
    return { certificates: [], failure: { ...asked, advice } };
  }
  if (isCertified(judge(asked.value, trusted, Date.now()))) return { certificates: asked.value, failure: undefined };
  void peer.closeSite(address); // there is nothing more to ask it
  return { certificates: asked.value, failure: uncertified(asked.value.length) };
}

function uncertified(carried: number): ToldFailure {
  const others = carried === 0 ? 'It carries no statement at all' : 'The statements that it carries are of other keys, or do not hold now';
  return {
    kind: 'refused',
    title: 'Nobody whom you trust vouches for this site',
    message: `${others}, so nothing else of it was asked for, and nothing is shown.`,
    advice: `Only what a key that you trust vouches for is opened. ${CHOICE} If somebody whom you know vouches for this site, add his key there, as he gave it to you.`,
  };
}
