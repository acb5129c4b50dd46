/**
 * Every length on the wire, each derived from the few that are chosen. `docs/spec/03-geometry.md` holds the same table, and a
 * checker compares them. Lengths are bytes.
 */

// The primitives.
export const KEY_BYTES = 32;
export const TAG_BYTES = 16;
export const HASH_BYTES = 32;
export const SIGNATURE_BYTES = 64;
export const PEER_ID_BYTES = 32;
export const KEM_PUBLIC_BYTES = 1184;
export const KEM_CIPHERTEXT_BYTES = 1088;

// Chosen: see docs/decisions for what each rests on.
/** Hops of the longest circuit. */
export const MAX_HOPS = 8;
/** A cell on the link, header included. */
export const FRAME_CELL_BYTES = 4096;
/** A setup packet or a reply on the link, header included: four cells. */
export const FRAME_SETUP_BYTES = 4 * FRAME_CELL_BYTES;
/** A route tells a hop what to do with a packet. */
export const ROUTE_BYTES = 64;
export const WORK_BYTES = 8;

// Frames.
/** Circuit id 4, type 1. */
export const FRAME_HEADER_BYTES = 5;
export const CELL_BYTES = FRAME_CELL_BYTES - FRAME_HEADER_BYTES;
export const SETUP_BYTES = FRAME_SETUP_BYTES - FRAME_HEADER_BYTES;

// Cells.
export const CELL_TAGS_BYTES = MAX_HOPS * TAG_BYTES;
export const CELL_BODY_BYTES = CELL_BYTES - CELL_TAGS_BYTES;
/** The channel number that every body begins with. */
export const CHANNEL_BYTES = 4;
/** What one body carries of one channel. */
export const PAYLOAD_BYTES = CELL_BODY_BYTES - CHANNEL_BYTES;
/** The same, less the tag of its end-to-end seal. */
export const SEALED_PAYLOAD_BYTES = PAYLOAD_BYTES - TAG_BYTES;

// Setup packets: E ‖ C ‖ work ‖ tag ‖ route.
export const SETUP_SLOT_BYTES = KEY_BYTES + KEM_CIPHERTEXT_BYTES + WORK_BYTES + TAG_BYTES + ROUTE_BYTES;
export const SETUP_SLOTS_BYTES = MAX_HOPS * SETUP_SLOT_BYTES;
export const SETUP_BODY_BYTES = SETUP_BYTES - SETUP_SLOTS_BYTES;
/** Early data's own length comes first. */
export const EARLY_DATA_MAX_BYTES = SETUP_BODY_BYTES - 2;

// Replies: F ‖ tag.
export const REPLY_SLOT_BYTES = KEY_BYTES + TAG_BYTES;
export const REPLY_SLOTS_BYTES = MAX_HOPS * REPLY_SLOT_BYTES;
export const REPLY_BODY_BYTES = SETUP_BYTES - REPLY_SLOTS_BYTES;
/** Less the seal under the last hop's inner key and the data's own length. */
export const REPLY_DATA_MAX_BYTES = REPLY_BODY_BYTES - TAG_BYTES - 2;

// Messages in a payload: type 1, length 2.
export const MESSAGE_HEADER_BYTES = 3;

// Records.
export const DESCRIPTOR_MAX_BYTES = 4096;
export const DHT_VALUE_MAX_BYTES = 4096;
/** Rendezvous tag: which service a visitor at the point means; random, known only from the service record. */
export const RENDEZVOUS_TAG_BYTES = 32;
export const SESSION_ID_BYTES = 16;

// Packs.
/** One piece of a file, and of a torrent: the last of a file may be shorter. */
export const CHUNK_BYTES = 65536;
export const MANIFEST_MAX_BYTES = 16 * 1024 * 1024;
