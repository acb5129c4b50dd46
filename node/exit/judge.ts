import { networkInterfaces } from 'node:os';
import { equal } from '../../src/core/bytes/bytes.ts';
import type { ExitTarget } from '../../src/core/wire/exit.ts';
import { isPublicIp } from '../../src/core/wire/public-ip.ts';
import { END, type EndReason } from '../../src/core/wire/registry.ts';
import { ipBytes } from '../ip.ts';
import { EXIT_ADDRESSES_MAX } from './constants.ts';
import type { ExitPolicy } from './policy.ts';
import type { Resolve } from './resolver.ts';

/** Addresses that may be connected to, in the order to try them; or why there is none. */
export type Verdict = { readonly open: readonly Uint8Array[] } | { readonly refuse: EndReason };

/** Decides where strangers' connections may go. What it allows is an address: whoever connects to anything else has not asked. */
export interface ExitJudge {
  /** Never rejects. */
  judge(target: ExitTarget): Promise<Verdict>;
}

export interface PolicyJudgeOptions {
  readonly policy: ExitPolicy;
  readonly resolve: Resolve;
  /** Addresses that are this machine's, as of now. */
  ownAddresses(): readonly Uint8Array[];
}

/** Judges by the owner's policy; never allows an address that is not public, or is this machine's own. */
export class PolicyJudge implements ExitJudge {
  constructor(private readonly options: PolicyJudgeOptions) {}

  async judge({ host, port }: ExitTarget): Promise<Verdict> {
    const { policy, resolve, ownAddresses } = this.options;
    // Before any name is looked up: else an exit that opens nothing would still resolve for everybody.
    if (!policy.mayAccept(port)) return { refuse: END.refused };
    let addresses: readonly Uint8Array[];
    try {
      addresses = typeof host === 'string' ? await resolve(host) : [host];
    } catch {
      return { refuse: END.timeout };
    }
    if (addresses.length === 0) return { refuse: END.unresolvable };
    const own = ownAddresses();
    const allowed = addresses.filter((ip) => isPublicIp(ip) && policy.accepts(ip, port) && !own.some((one) => equal(one, ip)));
    return allowed.length === 0 ? { refuse: END.refused } : { open: twoOfEach(allowed) };
  }
}

function twoOfEach(addresses: readonly Uint8Array[]): Uint8Array[] {
  return [4, 16].flatMap((length) => addresses.filter((ip) => ip.length === length).slice(0, EXIT_ADDRESSES_MAX / 2));
}

/** Of all interfaces of this machine. */
export function interfaceAddresses(): Uint8Array[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).flatMap(({ address }) => ipBytes(address) ?? []));
}
