/** Bytes and their text forms. No key and no network in here; nothing here knows a format. */
export * from './base32.ts';
export * from './brand.ts';
export * from './bytes.ts';
export * from './distance.ts';
export * from './errors.ts';
export * from './reader.ts';
export * from './writer.ts';
