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
/** A setup packet on the link, header included: with the seals of link and transport it fits ten segments of 1,420 bytes, which TCP
 * sends on a silent link without waiting. */
export const FRAME_SETUP_BYTES = 14_080;
/** A reply on the link, header included: fits them too, and fills three cells where it answers an extension. */
export const FRAME_REPLY_BYTES = 12_200;
/** A route tells a hop what to do with a packet. */
export const ROUTE_BYTES = 64;
export const WORK_BYTES = 8;

// Frames.
/** Circuit id 4, type 1. */
export const FRAME_HEADER_BYTES = 5;
export const CELL_BYTES = FRAME_CELL_BYTES - FRAME_HEADER_BYTES;
export const SETUP_BYTES = FRAME_SETUP_BYTES - FRAME_HEADER_BYTES;
export const REPLY_BYTES = FRAME_REPLY_BYTES - FRAME_HEADER_BYTES;

// Links.
/** Version in the clear behind the type: what every handshake message begins with. */
export const HANDSHAKE_HEADER_BYTES = 1 + 2;
/** Ephemeral key. */
export const LINK_HELLO_BYTES = HANDSHAKE_HEADER_BYTES + KEY_BYTES;
/** Peer id 32, clock 8, signature 64: sealed in answer and proof. */
export const LINK_IDENTITY_BYTES = PEER_ID_BYTES + 8 + SIGNATURE_BYTES;
export const LINK_ANSWER_BYTES = HANDSHAKE_HEADER_BYTES + KEY_BYTES + LINK_IDENTITY_BYTES + TAG_BYTES;
export const LINK_PROOF_BYTES = HANDSHAKE_HEADER_BYTES + LINK_IDENTITY_BYTES + TAG_BYTES;
/** Frames in one message of a link: sixteen cells, so that with the seal it still passes every data channel. */
export const LINK_BATCH_MAX_BYTES = 16 * FRAME_CELL_BYTES;
export const LINK_MESSAGE_MAX_BYTES = LINK_BATCH_MAX_BYTES + TAG_BYTES;
/** Control type 1, whole length 2, offset 2, length 2. */
export const DESCRIPTOR_PART_HEADER_BYTES = 1 + 2 + 2 + 2;
export const DESCRIPTOR_PART_MAX_BYTES = CELL_BYTES - DESCRIPTOR_PART_HEADER_BYTES;

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
/** What a packet's tag stands for: the route, the later slots, the body. */
export const SETUP_SEALED_BYTES = ROUTE_BYTES + (MAX_HOPS - 1) * SETUP_SLOT_BYTES + SETUP_BODY_BYTES;
/** Early data's own length comes first. */
export const EARLY_DATA_MAX_BYTES = SETUP_BODY_BYTES - 2;

// Replies: F ‖ tag.
export const REPLY_SLOT_BYTES = KEY_BYTES + TAG_BYTES;
export const REPLY_SLOTS_BYTES = MAX_HOPS * REPLY_SLOT_BYTES;
export const REPLY_BODY_BYTES = REPLY_BYTES - REPLY_SLOTS_BYTES;
/** What a reply's tag stands for: the later slots, the body. */
export const REPLY_SEALED_BYTES = REPLY_BYTES - REPLY_SLOT_BYTES;
/** Less the seal under the last hop's inner key and the data's own length. */
export const REPLY_DATA_MAX_BYTES = REPLY_BODY_BYTES - TAG_BYTES - 2;

// Messages in a payload: type 1, length 2.
export const MESSAGE_HEADER_BYTES = 3;

// Contents of the circuit's own messages.
export const CHANNEL_ACK_BYTES = 10;
export const CHANNEL_CREDIT_BYTES = 8;
export const CHANNEL_CLOSE_BYTES = 5;
/** The last bytes of a body, which an ack repeats as a proof that the cell came. */
export const ECHO_BYTES = 4;
/** What a cell of channel 0 keeps free of stream messages: an ack, two credits, the padding byte and the echo. */
export const CONTROL_RESERVE_BYTES =
  MESSAGE_HEADER_BYTES + CHANNEL_ACK_BYTES + 2 * (MESSAGE_HEADER_BYTES + CHANNEL_CREDIT_BYTES) + 1 + ECHO_BYTES;
/** Stream messages that one cell of channel 0 carries. */
export const CONTROL_PAYLOAD_BYTES = PAYLOAD_BYTES - CONTROL_RESERVE_BYTES;

// Stream messages.
/** What an opener may say of what it wants. */
export const STREAM_REQUEST_MAX_BYTES = 2048;
/** Fields of a streamData message before its bytes. */
export const STREAM_DATA_FIELDS_BYTES = 10;
/** Bytes that the acceptor of a stream takes before it has given any credit. */
export const STREAM_FIRST_CREDIT_BYTES = 16384;
/** Counted cells that one end of a circuit may have on their way: a round trip of 0.4 s at 30 MB/s holds 2,930. Where a link stalls, all
 * of them may come to wait at one relay. */
export const CIRCUIT_WINDOW_MAX_CELLS = 4096;
/** Payloads that each end of a channel takes before it has given any credit. */
export const CHANNEL_FIRST_CREDIT = 64;
/** Streams that each side may have opened and not yet finished. */
export const STREAMS_MAX = 1024;

// Extensions: a request or an answer is cut into parts, each one message that fills a payload but for the last.
/** Part number 1, count of parts 1. */
export const EXTEND_PART_HEADER_BYTES = 2;
export const EXTEND_PART_BYTES = PAYLOAD_BYTES - MESSAGE_HEADER_BYTES - EXTEND_PART_HEADER_BYTES;
/** Next peer, seed, slot 0 of the new hop's setup packet. */
export const EXTEND_FIXED_BYTES = PEER_ID_BYTES + KEY_BYTES + SETUP_SLOT_BYTES;
/** How much of the new hop's setup body is sent: what fills one cell, or all of it, which takes two. */
export const EXTEND_HEADS_BYTES = [EXTEND_PART_BYTES - EXTEND_FIXED_BYTES, SETUP_BODY_BYTES] as const;
/** Slot 0 and the body of the new hop's reply. */
export const EXTENDED_BYTES = REPLY_SLOT_BYTES + REPLY_BODY_BYTES;

// Keystream of tags: cell n takes its share at n mod CELL_FILL_CELLS of a stretch of keystream.
export const CELL_FILL_CELLS = 32;

// Records.
export const DESCRIPTOR_MAX_BYTES = 4096;
export const DHT_VALUE_MAX_BYTES = 4096;
/** Counts and lengths inside a descriptor: all of them at once still fit in DESCRIPTOR_MAX_BYTES. */
export const DESCRIPTOR_ADDRESSES_MAX = 4;
export const DESCRIPTOR_LINKS_MAX = 48;
export const DESCRIPTOR_TAG_MAX_BYTES = 32;
export const DESCRIPTOR_HOST_MAX_BYTES = 128;
export const DESCRIPTOR_EXTENSION_MAX_BYTES = 256;
/** Points or ids in one directory request, and descriptors asked for per point. */
export const DIRECTORY_POINTS_MAX = 8;
export const DIRECTORY_PER_POINT_MAX = 16;
export const DIRECTORY_IDS_MAX = 32;
/** Proofs of fraud in one directory answer. */
export const DIRECTORY_PROOFS_MAX = 2;
/** A peer's word on its links that it leaves: a directory request, type 1, id 32, epoch 4, signature 64. */
export const WITHDRAWAL_BYTES = 1 + PEER_ID_BYTES + 4 + SIGNATURE_BYTES;
/** Values in one answer: two positions, slots or ten of a bag, conflicts. */
export const DHT_VALUES_MAX = 32;
/** Store peers in one answer: eight at each of two positions. */
export const DHT_NODES_MAX = 16;
/** Of an id, where it only says which of a few peers is meant. */
export const ID_PREFIX_BYTES = 8;
/** Rendezvous tag: which service a visitor at the point means; random, known only from the service record. */
export const RENDEZVOUS_TAG_BYTES = 32;
export const SESSION_ID_BYTES = 16;

// Packs.
/** One piece of a file, and of a torrent: the last of a file may be shorter. */
export const CHUNK_BYTES = 65536;
export const MANIFEST_MAX_BYTES = 16 * 1024 * 1024;
export const MANIFEST_FILES_MAX = 16_384;
export const MANIFEST_TAGS_MAX = 32;
export const MANIFEST_REFERENCES_MAX = 64;
export const PATH_MAX_BYTES = 1024;
export const TITLE_MAX_BYTES = 512;
export const TAG_TEXT_MAX_BYTES = 64;
export const MEDIA_TYPE_MAX_BYTES = 128;
/** Key 32, period 4, serial 8, manifest hash 32, signature 64. */
export const HEAD_BYTES = KEY_BYTES + 4 + 8 + HASH_BYTES + SIGNATURE_BYTES;
/** Drawn anew for each sealing of a head: two versions of one day must not share a key stream. */
export const HEAD_SALT_BYTES = 16;
export const SEALED_HEAD_BYTES = HEAD_SALT_BYTES + HEAD_BYTES + TAG_BYTES;
/** A message of a site stream begins with type 1, length 4. */
export const SITE_HEADER_BYTES = 5;
/** Hashes in one request for chunks: 3 MB of answers, and the request still fits in a hello. */
export const SITE_HASHES_MAX = 48;

// Addresses: key 32, checksum 2, version 1.
export const ADDRESS_CHECKSUM_BYTES = 2;
export const ADDRESS_BYTES = KEY_BYTES + ADDRESS_CHECKSUM_BYTES + 1;

// Certificates.
/** What an issuer says, as UTF-8. */
export const CERTIFICATE_TEXT_MAX_BYTES = 200;
/** Version 1, service 32, issuer 32, from 8, until 8, length of the text 2, signature 64. */
export const CERTIFICATE_FIXED_BYTES = 1 + 2 * KEY_BYTES + 8 + 8 + 2 + SIGNATURE_BYTES;
export const CERTIFICATE_MAX_BYTES = CERTIFICATE_FIXED_BYTES + CERTIFICATE_TEXT_MAX_BYTES;
/** Of one service: the answer rides with the first page, and should leave it room. */
export const CERTIFICATES_MAX = 4;
/** Their list, each behind its length 2. */
export const CERTIFICATES_MAX_BYTES = CERTIFICATES_MAX * (2 + CERTIFICATE_MAX_BYTES);
/** Of an issuer's key as text, before base32: key 32, checksum 2, version 1. */
export const ISSUER_BYTES = KEY_BYTES + ADDRESS_CHECKSUM_BYTES + 1;

// Service records: chosen, so that with the envelope of a DHT value they stay under DHT_VALUE_MAX_BYTES.
export const SERVICE_RECORD_BYTES = 3072;
export const SERVICE_RECORD_SALT_BYTES = 16;
export const SERVICE_RECORD_CONTENT_BYTES = SERVICE_RECORD_BYTES - SERVICE_RECORD_SALT_BYTES - TAG_BYTES;
export const SERVICE_RECORD_SIGNED_BYTES = SERVICE_RECORD_CONTENT_BYTES - SIGNATURE_BYTES;
/** Places for rendezvous points; three are used. */
export const SERVICE_POINTS_MAX = 6;
export const SERVICE_POINT_BYTES = PEER_ID_BYTES + HASH_BYTES + RENDEZVOUS_TAG_BYTES;
/** Names a generation of a service's hello keys. */
export const HELLO_KEY_ID_BYTES = 8;
/** Version 1, flags 1, reserved 14, host part 16. */
export const SERVICE_RECORD_HEADER_BYTES = 32;
/** Of a host: which part of an address's record is its own. */
export const HOST_PART_BYTES = 16;
/** Fields of a record's body before its keys. */
export const SERVICE_BODY_FIELDS_BYTES = 16;
/** What a visitor needs: sealed once more where it is for invited visitors alone. */
export const SERVICE_BODY_BYTES =
  SERVICE_BODY_FIELDS_BYTES + HELLO_KEY_ID_BYTES + KEY_BYTES + KEM_PUBLIC_BYTES + SERVICE_POINTS_MAX * SERVICE_POINT_BYTES;
/** What an invited visitor holds. */
export const INVITATION_SECRET_BYTES = 32;
/** Secret, checksum, version: before base32. */
export const INVITATION_BYTES = INVITATION_SECRET_BYTES + ADDRESS_CHECKSUM_BYTES + 1;
/** Of one service at a time. Every record has so many entries, so that their number does not show. */
export const INVITATIONS_MAX = 32;
/** The body's key, masked for one invitation. */
export const INVITATION_ENTRY_BYTES = KEY_BYTES;
/** What is left in a record for later: random. */
export const SERVICE_RECORD_SPARE_BYTES =
  SERVICE_RECORD_SIGNED_BYTES - SERVICE_RECORD_HEADER_BYTES - SERVICE_BODY_BYTES - TAG_BYTES - INVITATIONS_MAX * INVITATION_ENTRY_BYTES;

// Rendezvous: contents of messages.
export const RENDEZVOUS_SECRET_BYTES = 32;
export const ESTABLISH_BYTES = 64;
export const ESTABLISHED_BYTES = 16;
export const CONNECT_FIELDS_BYTES = 128;
export const CONNECT_OK_BYTES = 16;
export const INCOMING_BYTES = 96;
/** Where a session may go on, for the time when either end names a fresh point: peer id and tag. */
export const MOVE_BYTES = PEER_ID_BYTES + RENDEZVOUS_TAG_BYTES;

// Holders of an invitation: kind 1, token 16.
export const HOLDER_TOKEN_BYTES = 16;
export const SESSION_HOLDER_BYTES = 1 + HOLDER_TOKEN_BYTES;

// Hellos: what is left of early data behind the message's header and the fields of connect.
export const HELLO_BYTES = EARLY_DATA_MAX_BYTES - MESSAGE_HEADER_BYTES - CONNECT_FIELDS_BYTES;
/** Payloads that a hello takes in a channel, the last one padded with zeros. */
export const HELLO_PAYLOADS = Math.ceil(HELLO_BYTES / PAYLOAD_BYTES);
/** Key id, E, C, the visitor's ephemeral KEM key. */
export const HELLO_HEADER_BYTES = HELLO_KEY_ID_BYTES + KEY_BYTES + KEM_CIPHERTEXT_BYTES + KEM_PUBLIC_BYTES;
export const HELLO_SEALED_BYTES = HELLO_BYTES - HELLO_HEADER_BYTES - TAG_BYTES;
/** Random name of a running program that uses an invitation. */
export const HOLDER_BYTES = 16;
export const INVITATION_PROOF_BYTES = 32;
/** Session id 16, flags 1, reserved 15, holder 16, proof 32. */
export const HELLO_FIELDS_BYTES = SESSION_ID_BYTES + 16 + HOLDER_BYTES + INVITATION_PROOF_BYTES;
export const HELLO_MESSAGES_BYTES = HELLO_SEALED_BYTES - HELLO_FIELDS_BYTES;
/** E′ and KEM ciphertext, before the sealed part of the first payload back. */
export const HELLO_ANSWER_HEADER_BYTES = KEY_BYTES + KEM_CIPHERTEXT_BYTES;
export const HELLO_ANSWER_MESSAGES_BYTES = PAYLOAD_BYTES - HELLO_ANSWER_HEADER_BYTES - TAG_BYTES;

// Signalling.
export const SIGNAL_DESCRIPTION_MAX_BYTES = 1024;
export const SIGNAL_CANDIDATES_MAX = 16;
/** Sender's peer id 32, time 8, description. */
export const SIGNAL_OFFER_MAX_BYTES = PEER_ID_BYTES + 8 + SIGNAL_DESCRIPTION_MAX_BYTES;
/** Type 1, target's peer id 32, work 8, ephemeral key 32, tag 16. */
export const SIGNAL_REQUEST_MAX_BYTES = 1 + PEER_ID_BYTES + WORK_BYTES + KEY_BYTES + TAG_BYTES + SIGNAL_OFFER_MAX_BYTES;
/** Type 1, tag 16, description. */
export const SIGNAL_RESPONSE_MAX_BYTES = 1 + TAG_BYTES + SIGNAL_DESCRIPTION_MAX_BYTES;

// TCP.
/** Port 2. */
export const TCP_REQUEST_BYTES = 2;

// Exits.
/** Port 2, kind 1. */
export const EXIT_REQUEST_HEADER_BYTES = 3;
/** RFC 1035 § 2.3.4, as text without the last dot. */
export const HOST_NAME_MAX_BYTES = 253;
/** Ranges of ports in a descriptor: 3 + 4 × 32 bytes, half of its extension. */
export const EXIT_POLICY_RANGES_MAX = 32;

// Inboxes.
/** Names a message, so that one that comes twice is kept once. */
export const INBOX_ID_BYTES = 16;
/** Version 1, flags 1, id, key, signature, length of the text 2. */
export const INBOX_MESSAGE_HEADER_BYTES = 2 + INBOX_ID_BYTES + KEY_BYTES + SIGNATURE_BYTES + 2;
/** A message has one of these lengths: the first fits whole in a hello, the last in a stream's first credit. */
export const INBOX_MESSAGE_STEPS_BYTES = [1536, 4096, STREAM_FIRST_CREDIT_BYTES] as const;
export const INBOX_MESSAGE_MAX_BYTES = STREAM_FIRST_CREDIT_BYTES;
export const INBOX_TEXT_MAX_BYTES = INBOX_MESSAGE_MAX_BYTES - INBOX_MESSAGE_HEADER_BYTES;
export const INBOX_ANSWER_BYTES = 1;
