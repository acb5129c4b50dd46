import type { CircuitStatus, FetchProgress, JoinState } from '../shared/peer-api.ts';
import type { Failure } from '../shared/outcome.ts';
import type { SiteInfo } from '../shared/peer-control.ts';

/** What the app says, in one place. */

export const RELAY_SENTENCE = 'Anyone can learn that this IP address relays here, and when. Nobody learns from it what you read.';

export function joinSentence(join: JoinState | undefined): string {
  if (join === undefined) return 'Not joined yet.';
  switch (join.step) {
    case 'starting':
      return 'Starting.';
    case 'dialling':
      return join.bootstraps === 0
        ? 'Calling peers from earlier visits.'
        : `Calling ${count(join.bootstraps, 'known peer')}; ${join.answered} answered.`;
    case 'learning':
      return `Linked to ${count(join.links, 'peer')}. Learning who is there: ${count(join.relays, 'relay')} so far.`;
    case 'building':
      return `Building the first circuit out of ${count(join.relays, 'relay')}.`;
    case 'ready':
      return `Joined: ${count(join.links, 'link')}, ${count(join.relays, 'relay')} known.`;
    case 'failed':
      return `Not joined. ${sentence(join.message)}${join.retryInMs > 0 ? ` Next attempt in ${Math.ceil(join.retryInMs / 1000)} s.` : ''}`;
  }
}

/** Beside the address bar, where there is little room. */
export function joinWord(join: JoinState | undefined): string {
  if (join === undefined) return 'Not joined';
  if (join.step === 'failed') return 'Not joined';
  return join.step === 'ready' ? count(join.links, 'link') : 'Joining';
}

export interface Explanation {
  title: string;
  advice: string;
}

/** With words of its own, instead of those that all of its kind have. */
export type ToldFailure = Failure & Partial<Explanation>;

/** What to do about each kind of failure; the failure's own message says what happened. */
export function explain({ kind, title, advice }: ToldFailure): Explanation {
  const { [kind]: usual } = EXPLANATIONS;
  return { title: title ?? usual.title, advice: advice ?? usual.advice };
}

const EXPLANATIONS: Record<Failure['kind'], Explanation> = {
  malformed: { title: 'This is not an address', advice: 'Check it letter by letter, or copy it again from where you found it.' },
  unverified: {
    title: 'This is not what its author signed',
    advice: 'Nothing of it is shown. Try again later: another mirror may serve it unchanged. If you know the author, tell them.',
  },
  unknown: {
    title: 'Nothing was found there',
    advice: 'Check the address. The site may never have been published, or was withdrawn long ago.',
  },
  unserved: { title: 'Nobody serves this site now', advice: 'It exists, but whoever serves it is away. Try again later.' },
  unreachable: {
    title: 'The network cannot be reached',
    advice: 'Check your connection. The app goes on trying; sites that you have stored still open.',
  },
  refused: {
    title: 'The other side refused',
    advice: 'If it is by invitation, paste the one that you were given into the address bar. Otherwise it may be busy: try again later.',
  },
  timeout: { title: 'No answer came in time', advice: 'Paths through other people’s machines break now and then. Try again.' },
  closed: { title: 'The connection ended', advice: 'Try again.' },
  full: { title: 'There is no room left', advice: 'Free some disk space, or delete stored sites from the list.' },
  unsupported: { title: 'This cannot be shown', advice: 'Other pages of the site may still open.' },
  clock: {
    title: 'Your clock is wrong',
    advice: 'Set date and time of this device, then try again. Signatures and records are only valid at their time.',
  },
  cancelled: { title: 'Stopped', advice: 'Try again when you like.' },
  busy: { title: 'Already in use', advice: 'Close what uses it, then try again.' },
  internal: { title: 'The app made a mistake', advice: 'Reload the app. If it happens again, please report what you did.' },
};

/** Its author's; a live service has none. */
export function siteTitle(info: SiteInfo | undefined): string {
  return info?.kind === 'signed' ? info.title : '';
}

/** What stands behind a site that is shown. */
export function standingText(info: SiteInfo): string {
  if (info.kind === 'live')
    return 'A live service: it makes each page as you ask for it. The key of this address vouches that it is this service that answers, and for nothing else: no author signed the pages, each visitor may be shown other ones, and nothing of them is kept here. It gets no cookies, and its scripts do not run.';
  if (info.kind === 'inbox')
    return 'An inbox: it takes messages and keeps them for its owner. The key of this address vouches that no other inbox reads what you write.';
  const { serial, createdMs, files, sizeBytes } = info;
  return `Version ${serial} of ${new Date(createdMs).toLocaleDateString()}, ${count(files, 'file')}, ${bytesText(sizeBytes)}. Signed by this address; each part is checked before it is shown.`;
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

export function shortPeer(peer: string): string {
  return peer.slice(0, 8);
}

export function shortAddress(address: string): string {
  return `${address.slice(0, 10)}….gnet`;
}

/** `visit <address>`, `question`, `spare`, or a service of ours. */
export function purposeText(purpose: string): string {
  if (purpose.startsWith('visit ')) return `reading ${shortAddress(purpose.slice('visit '.length))}`;
  if (purpose === 'question') return 'asking the network';
  return purpose === 'spare' ? 'kept ready' : 'a site served here';
}

export function hopKind({ hops, purpose }: CircuitStatus, index: number, guards: ReadonlySet<string>): string {
  if (index === hops.length - 1 && purpose === 'question') return 'asked';
  if (index === hops.length - 1 && purpose !== 'spare') return 'meeting point';
  return index === 0 && guards.has(hops[0] ?? '') ? 'guard' : 'relay';
}

export function progressText(progress: FetchProgress): string {
  const size =
    progress.totalBytes === undefined
      ? bytesText(progress.receivedBytes)
      : `${bytesText(progress.receivedBytes)} of ${bytesText(progress.totalBytes)}`;
  if (progress.circuit === undefined) return `${size} from this browser’s store`;
  return progress.firstByteMs === undefined
    ? 'waiting for the first byte'
    : `${size}, first byte after ${durationText(progress.firstByteMs)}`;
}

/** A message as a sentence of its own: errors of core begin small, to follow a colon. An address stays as it is written. */
export function sentence(text: string): string {
  const begun = /^\S+\.gnet\b/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
