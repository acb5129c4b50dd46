/**
 * Where things are: store peers' table, greedy routes between them, the values they hold, and the functions by which any peer finds and
 * stores through a circuit. Not here: what values mean (service/, packs/), who is there (directory/), how a request travels (`Ask`).
 */
export * from './client.ts';
export * from './constants.ts';
export * from './merge.ts';
export * from './node.ts';
export * from './positions.ts';
export * from './republisher.ts';
export { StoreTable } from './table.ts';
export { ValueStore, type ValueStoreOptions } from './value-store.ts';
export * from './work.ts';
