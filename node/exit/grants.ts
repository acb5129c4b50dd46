import { lookup } from 'node:dns/promises';
import { equal } from '../../src/core/bytes/bytes.ts';
import type { ExitTarget } from '../../src/core/wire/exit.ts';
import { END } from '../../src/core/wire/registry.ts';
import { ipBytes } from '../ip.ts';
import type { ExitJudge, Verdict } from './judge.ts';

/** All addresses that this machine itself knows for a name. @throws what `node:dns` throws. */
export type LookUp = (name: string) => Promise<readonly Uint8Array[]>;

/** As this machine's own programs do, its list of hosts included: the owner means what the owner's `ssh` means. */
export const ownLookUp: LookUp = async (name) => (await lookup(name, { all: true })).flatMap(({ address }) => ipBytes(address) ?? []);

/**
 * Hosts that an owner opens to whoever asks, one by one: no policy is asked for them, and private addresses are what they are for. All
 * else is for the next judge.
 */
export class GrantJudge implements ExitJudge {
  constructor(
    private readonly grants: readonly ExitTarget[],
    private readonly next: ExitJudge | undefined = undefined,
    private readonly lookUp: LookUp = ownLookUp,
  ) {}

  /** A name is granted as a name: its addresses are not, nor another name of the same host. */
  async judge(target: ExitTarget): Promise<Verdict> {
    if (!this.grants.some((grant) => isSame(grant, target))) return this.next?.judge(target) ?? { refuse: END.refused };
    if (typeof target.host !== 'string') return { open: [target.host] };
    const addresses = await this.lookUp(target.host).catch(() => []);
    return addresses.length === 0 ? { refuse: END.unresolvable } : { open: addresses };
  }
}

function isSame(a: ExitTarget, b: ExitTarget): boolean {
  if (a.port !== b.port) return false;
  if (typeof a.host === 'string' || typeof b.host === 'string') return a.host === b.host;
  return equal(a.host, b.host);
}
