/**
 * Messages to an inbox: one text on one stream, and one byte of answer once it is kept. Small, padded, and safe to hear twice.
 *
 * Not here: sessions and circuits (peer), where messages are kept and shown (node).
 */
export * from './constants.ts';
export * from './deliver.ts';
export * from './reception.ts';
