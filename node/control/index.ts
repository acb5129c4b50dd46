/**
 * The control socket of each running process: what it answers to its owner, and how it is asked (docs/spec/20-control.md). Not here: the
 * commands that print the answers.
 */
export type * from './answers.ts';
export { answerOf } from './answers.ts';
export * from './client.ts';
export * from './server.ts';
