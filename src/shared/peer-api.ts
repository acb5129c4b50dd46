/** What a peer tells about itself: the types are core's, and the page reads them from here. */
export type * from '../core/peer/status.ts';
