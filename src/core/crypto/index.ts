/** Keys and the ways to derive them, thin over @noble. No format of the wire and no state in here. */
export * from './blind.ts';
export * from './derive.ts';
export * from './identity.ts';
export * from './noble.ts';
