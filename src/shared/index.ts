/** The contracts between the page, its worker and the service workers. Types, and the few lines that both ends need; nothing here runs a network or draws. */
export type * from './peer-api.ts';
export type * from './peer-control.ts';
export type * from './site-port.ts';
export type * from './site-shell.ts';
export * from './outcome.ts';
