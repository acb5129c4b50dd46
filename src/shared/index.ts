/** The contracts between the page, its worker and the service workers, and the headers that all of them set. Nothing here runs a network or draws. */
export type * from './network-info.ts';
export type * from './peer-api.ts';
export type * from './peer-control.ts';
export type * from './site-port.ts';
export type * from './site-shell.ts';
export * from './certificates.ts';
export * from './headers.ts';
export * from './outcome.ts';
export * from './site-paths.ts';
export * from './trusted-keys.ts';
