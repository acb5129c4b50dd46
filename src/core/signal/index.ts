/**
 * Signalling: two peers that cannot dial each other exchange WebRTC descriptions through the network, sealed to the one
 * peer meant to read them. Not here: WebRTC itself (adapters), streams (stream), who is linked with whom (directory).
 * Spec: docs/spec/12-signalling.md.
 */
export { Answerer, type AnswererOptions } from './answerer.ts';
export * from './constants.ts';
export { type MeshContact, MeshDialer, type MeshDialerOptions } from './mesh-dialer.ts';
export * from './sealed-offer.ts';
export * from './sdp.ts';
export * from './signal-stream.ts';
export type * from './types.ts';
export { findWork, workSuffices } from './work.ts';
