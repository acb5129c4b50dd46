/**
 * Links: an authenticated, fairly shared channel of frames to one peer, over any transport, and the set of them.
 * Not here: what a frame means (circuits, relays), who is worth a link (directory), how a transport is made (adapters).
 * Spec: docs/spec/04-links.md.
 */
export * from './constants.ts';
export { Handshake, type HandshakeOptions, type HandshakeResult, type HandshakeStep, rtcBinding } from './handshake.ts';
export { Links } from './links.ts';
export { PeerLink } from './peer-link.ts';
export type * from './types.ts';
