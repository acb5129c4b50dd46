import type { SavedPart } from '../../src/shared/site-shell.ts';
import type { LiveAnswer, SitePeer } from './site-peer.ts';

/**
 * What a live service sends when it is asked for the rest of a file: a 206 that is just that, or what it sends instead where the file is another
 * one by now, or parts of files are nothing it knows. Undefined for an answer that does not fit: it is to be asked for all. @throws GlobalNetError.
 */
export async function restOf(peer: SitePeer, target: string, { sizeBytes, validator }: SavedPart): Promise<LiveAnswer | undefined> {
  const answer = await peer.http({ method: 'GET', target, wants: 'page', range: `bytes=${sizeBytes}-`, ifRange: validator });
  const { head } = answer;
  if (head.status === 200) return answer;
  const [, first, last, all] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(head.contentRange ?? '') ?? [];
  const isRest = Number(first) === sizeBytes && (all === '*' || Number(last) + 1 === Number(all));
  const isSame = head.validator === undefined || head.validator === validator; // a server may leave it out of a part
  if (head.status === 206 && isRest && isSame) return { ...answer, head: { ...head, validator } };
  answer.leave();
  return undefined;
}
