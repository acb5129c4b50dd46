/**
 * Streams: one end of a circuit as channels with windows (CircuitChannels), and resumable byte streams over any Pipe (Session).
 * Not here: how cells are sealed (circuit, relay), how a rendezvous channel is sealed end to end (service), what streams are for.
 */
export * from './answered.ts';
export * from './ask.ts';
export * from './circuit-channels.ts';
export * from './session.ts';
export * from './silence.ts';
export * from './types.ts';
