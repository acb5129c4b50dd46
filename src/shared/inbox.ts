/** What the interface must know of messages before it hands one to the peer. */
export { INBOX_TEXT_MAX_BYTES } from '../core/wire/geometry.ts';
