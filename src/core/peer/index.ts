/**
 * A peer as a whole: the parts wired together, and what needs several of them at once (joining, circuits for a purpose, sites
 * read and hosted). Not here: any protocol (the folders beside this one), any platform (adapters, node, workers).
 */
export * from './clear-network.ts';
export * from './events.ts';
export * from './exits.ts';
export * from './inbox-host.ts';
export * from './live-site.ts';
export * from './messages.ts';
export * from './named-paths.ts';
export * from './path-session.ts';
export * from './peer.ts';
export type * from './peer-options.ts';
export * from './publisher.ts';
export * from './service-session.ts';
export type { ExitService } from './serving.ts';
export * from './site-host.ts';
export * from './sites.ts';
export type * from './status.ts';
export * from './tcp-host.ts';
export * from './tcp-visits.ts';
export type * from './visits.ts';
export { type Fits, type HopWish, isExitFor } from './ways.ts';
