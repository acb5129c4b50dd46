import { isIP, isIPv4 } from 'node:net';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { PEER_ID_LETTERS } from '../../src/core/crypto/identity.ts';
import { MAX_HOPS } from '../../src/core/wire/geometry.ts';
import type { HostAndPort } from './tcp-target.ts';

/** What `gnet status` shows of a peer id. Whoever wants a peer whose id begins like another's makes 2^40 keys for so many letters. */
export const HOP_LETTERS_MIN = 8;

/** `1000>ab3k…>rand>example.org:80`, read. */
export interface HopChain {
  readonly text: string;
  /** Port 0: any free one. */
  readonly listen: HostAndPort;
  /** Letters of a peer id, in lower case, or `rand`. */
  readonly hops: readonly string[];
  /** As it stands, in lower case. */
  readonly target: string;
}

/** What a chain leads to, for its messages. */
export interface ChainForm {
  /** `1000>rand>rand>rand>example.org:80`. */
  readonly example: string;
  /** What stands last: `host:port`. */
  readonly target: string;
}

/**
 * A chain of hops: where to listen, the hops, and the target, parted by `>`.
 * @throws GlobalNetError `malformed`, with the part that is wrong.
 */
export function parseChain(text: string, form: ChainForm): HopChain {
  const parts = text.split('>').map((part) => part.trim().toLowerCase());
  const wanted = `port>hop>…>${form.target}, such as '${form.example}', in quotes, as shells read > themselves`;
  if (parts.length < 2) throw new GlobalNetError('malformed', `a chain is ${wanted}, not '${text}'`);
  const [listen, ...rest] = parts as [string, ...string[]];
  const target = rest.pop() as string;
  const fail = (problem: string): never => {
    throw new GlobalNetError('malformed', `'${text}': ${problem}`);
  };
  if (rest.length === 0) fail(`no hop stands between '${listen}' and '${target}'; a chain is ${wanted}`);
  if (rest.length > MAX_HOPS) fail(`${rest.length} hops, and a circuit has at most ${MAX_HOPS}`);
  for (const [place, hop] of rest.entries()) {
    const problem = hopProblem(hop, rest.indexOf(hop), place);
    if (problem !== undefined) fail(`hop ${place + 1}, '${hop}', ${problem}`);
  }
  return {
    text,
    listen: listenAt(listen) ?? fail(`'${listen}' is no port to listen at, nor an IP address and a port`),
    hops: rest,
    target,
  };
}

/** Of several chains the one is named that is wrong. @throws what `find` throws, with the chain before it. */
export function inChain<Found>({ text }: HopChain, find: () => Found): Found {
  const named = (error: unknown): never => {
    throw error instanceof GlobalNetError ? new GlobalNetError(error.kind, `'${text}': ${error.message}`, { cause: error }) : error;
  };
  try {
    const found = find();
    return found instanceof Promise ? (found.catch(named) as Found) : found;
  } catch (error) {
    return named(error);
  }
}

/** Why this is no hop; `first`: where the same stands first. */
function hopProblem(hop: string, first: number, place: number): string | undefined {
  if (hop === 'rand') return undefined;
  if (hop === '') return 'is empty';
  if (hop === 'internet' || hop.includes(':')) return 'is a target, which stands last';
  if (!/^[a-z2-7]+$/.test(hop)) return "is neither 'rand' nor letters of a peer id (a to z, 2 to 7)";
  if (hop.length < HOP_LETTERS_MIN) return `is too short to name one peer: give at least ${HOP_LETTERS_MIN} letters of its id`;
  if (hop.length > PEER_ID_LETTERS) return `is longer than the ${PEER_ID_LETTERS} letters of a peer id`;
  return first < place ? `is hop ${first + 1} already; no peer stands twice in a circuit` : undefined;
}

/** A port, on 127.0.0.1, or an IP address and a port; undefined for anything else. */
function listenAt(text: string): HostAndPort | undefined {
  const found = /^(?:(?:\[([^\]]+)\]|([\d.]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65535) return undefined;
  const [, ipv6, ipv4 = '127.0.0.1'] = found;
  if (ipv6 !== undefined) return isIP(ipv6) === 6 ? { host: ipv6, port } : undefined;
  return isIPv4(ipv4) ? { host: ipv4, port } : undefined;
}
