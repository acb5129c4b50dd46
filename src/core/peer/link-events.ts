import type { PeerId } from '../bytes/brand.ts';
import type { CircuitBuilder } from '../circuit/index.ts';
import { type Directory, type DirectoryAccess, type DirectoryServer, passWithdrawalOn } from '../directory/index.ts';
import type { Env } from '../env.ts';
import type { Links, LinksHandler } from '../link/index.ts';
import type { Link } from '../ports.ts';
import type { Relay } from '../relay/index.ts';
import { hasRole } from '../wire/descriptor.ts';
import { isForgetOf } from '../wire/directory.ts';
import { LINK_CLOSE, ROLE } from '../wire/registry.ts';
import { LINK_GONE_MS } from './constants.ts';
import type { Membership } from './membership.ts';

export interface LinkEventsOptions {
  readonly env: Env;
  readonly directory: Directory;
  readonly answers: DirectoryServer;
  readonly builder: Pick<CircuitBuilder, 'onFrame' | 'onLinkClose'>;
  /** An open relay: what it is told of a peer it passes on to those who know that peer too. */
  readonly isOpen: boolean;
  /** This peer passes circuits of others on. */
  relaying(): boolean;
  access(): DirectoryAccess;
  /** What is made with the links, and so after them. */
  network(): { readonly links: Links; readonly relay: Relay; readonly membership: Membership };
  /** A link has come or gone. */
  onChange(): void;
}

/** Who hears what the links bring. */
export class LinkEvents implements LinksHandler {
  constructor(private readonly options: LinkEventsOptions) {}

  onLink(link: Link, shown?: Uint8Array): void {
    const { directory, relaying, onChange } = this.options;
    if (directory.own !== undefined && relaying() && directory.own.bytes !== shown) link.sendDescriptor(directory.own.bytes);
    onChange();
  }

  onFrame(link: Link, frame: Uint8Array): void {
    if (!this.options.builder.onFrame(link, frame)) this.options.network().relay.onFrame(link, frame);
  }

  onDescriptor(link: Link, bytes: Uint8Array): void {
    const result = this.options.directory.add(bytes);
    if (result === 'fraud') link.close(LINK_CLOSE.breach);
    this.options.network().membership.onDescriptor(link.peer);
  }

  /** Of the link's own peer and of nobody else: others are asked for by streams, which cost them a circuit. */
  onWithdrawal(link: Link, request: Uint8Array): void {
    const { directory, answers, isOpen, access } = this.options;
    const { peer } = link;
    if (!isForgetOf(peer, request)) return link.close(LINK_CLOSE.breach);
    if (directory.get(peer) === undefined) return;
    answers.serve(request);
    if (isOpen && directory.get(peer) === undefined) passWithdrawalOn(access(), peer, request);
  }

  onClose(link: Link): void {
    const { env, builder, network, onChange } = this.options;
    const { relay, membership } = network();
    builder.onLinkClose(link);
    relay.onLinkClose(link);
    membership.onLinkClose(link);
    env.schedule(LINK_GONE_MS, () => this.#forgetIfGone(link.peer));
    onChange();
  }

  /** A tab cannot be dialled: whose link went and did not come back is closed, and mostly without a word. */
  #forgetIfGone(peer: PeerId): void {
    const { directory, network } = this.options;
    const descriptor = directory.get(peer);
    if (descriptor === undefined || hasRole(descriptor, ROLE.open) || network().links.get(peer) !== undefined) return;
    directory.withdraw(peer, descriptor.epoch);
  }
}
