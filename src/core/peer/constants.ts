import { FRAME_CELL_BYTES, TAG_BYTES } from '../wire/geometry.ts';

/** Local policy of a peer; nothing here is seen on the wire. */

/** Hops of ours before the last one: three, so that no single relay knows both ends even when it is first or last (DESIGN: paths). */
export const HOPS = 3;

/** Warm circuits held ready, so that no build is on the user's path: a page from another site, and the look-ups before it. */
export const SPARES = 3;
/** A spare older than this is not used: half a descriptor's life, so that its hops are still what their descriptors say. */
export const SPARE_MAX_AGE_MS = 5 * 60_000;
/** How often the spares are counted. */
export const SPARE_CHECK_MS = 5_000;
/** After a failed build, before the next try; doubled up to the second. */
export const SPARE_RETRY_MIN_MS = 500;
export const SPARE_RETRY_MAX_MS = 30_000;

/** For so long after a circuit has begun by a guard others begin by another: some round trips of a link. */
export const GUARD_REST_MS = 300;
/** Builds from nothing that `openTo` tries, each by another path. */
export const OPEN_TRIES = 3;
/** So long the hops of a circuit that fell silent are left out where there are others: longer than the half minute after which links close. */
export const SUSPECT_MS = 60_000;

/** An idle one-hop circuit for questions to a linked peer is closed after this. */
export const DIRECT_IDLE_MS = 30_000;

/** For one question to one peer. Eight links of 50 ms round trip and a busy machine fit many times. */
export const ASK_TIMEOUT_MS = 10_000;

/** Open peers a tab or a headless client links to: its guards, and some to be reached by. */
export const LINKS_WANTED = 6;
/** Of a limited number of links so many are kept for ourselves: the guards, and one more. Others' circuits and offers get the rest. */
export const LINKS_RESERVED = 4;
/** A link that closes sooner was no link: the peer has no room, or does not want us. */
export const LINK_SETTLED_MS = 30_000;
/** A tab whose link has closed is given so long to come back before it is told of no more. */
export const LINK_GONE_MS = 10_000;
/** How often links, directory and guards are looked after. */
export const TEND_MS = 10_000;
/** Bootstraps that must agree before the first circuit, where that many are known. */
export const AGREEING_BOOTSTRAPS = 2;
/** A peer that relays shows its descriptor with its answer, or sends it right behind its proof; one that does not sends none. */
export const DESCRIPTOR_WAIT_MS = 2_000;
/** With so many vouched relays the directory is asked only now and then: paths of three hops with a choice at each. */
export const RELAYS_ENOUGH = 12;
/** An open relay is asked to pass circuits on to any other: what it knows already it need not look up first. */
export const RELAYS_ENOUGH_OPEN = 400;
/** Half a descriptor's epoch: what is new is known before what is old has ended. */
export const LEARN_EVERY_MS = 5 * 60_000;
/** In a network that is still small, newcomers are wanted sooner; each round without any doubles it, up to the time above. */
export const LEARN_SOON_MS = 30_000;
/** A first round of joining that failed is tried again after this; doubled up to the second. */
export const JOIN_RETRY_MIN_MS = 1_000;
export const JOIN_RETRY_MAX_MS = 30_000;
/** A clock further off than this from what two peers say is called wrong: descriptors live ten minutes and more. */
export const CLOCK_WRONG_MS = 10 * 60_000;

/** What cover may cost an idle peer, all guard links together, both directions: nothing is sent back for it. */
export const COVER_BYTES_A_DAY = 50_000_000;
/** So one cell, sealed, each 7.1 s on one link; on each of two 14 s apart, of three 21 s (docs/decisions/cell-size.md). */
export const COVER_STEP_MS = Math.ceil((86_400_000 * (FRAME_CELL_BYTES + TAG_BYTES)) / COVER_BYTES_A_DAY);

/** Events the panel can look back on. */
export const EVENTS_KEPT = 50;

/** A site session that lost its path tries a new one after this; doubled up to the second, while someone waits. */
export const RECONNECT_MIN_MS = 100;
export const RECONNECT_MAX_MS = 5_000;
/** Paths tried for a session before its streams are told that nobody answers. */
export const RECONNECT_TRIES = 5;
/** A session with a service whose last stream ended so long ago gives its circuit back. */
export const SERVICE_IDLE_MS = 10 * 60_000;
/** Sessions that programs have open at a time, one for each address and isolation key: each is a circuit of four hops. */
export const TCP_SESSIONS_MAX = 200;
/** Requests that a page has open at a live service: many small parts at once, and few of the 500 connections that a service takes. */
export const LIVE_REQUESTS_MAX = 24;
/** Visitors' sessions of one service, those without a path included: 64 KB kept for each at most is 64 MB. */
export const HOST_SESSIONS_MAX = 1000;
/** So long a holder of an invitation may be silent when another one has come: a path that died is replaced within. */
export const CHALLENGE_MS = 10_000;
/** Visits of others that wait meanwhile; each holds a circuit. */
export const CHALLENGERS_MAX = 8;
/** A holder hears so often that others try its invitation. */
export const WARN_EVERY_MS = 60_000;
/** A holder that was refused asks no more for so long, whatever its programs want. */
export const CONTESTED_MS = 10_000;
/** Named in descriptors. */
export const SOFTWARE = 'globalnet/0.1';
/** A descriptor nobody has taken yet is offered again after this. */
export const PUBLISH_RETRY_MS = 5_000;
/** Links by WebRTC that a peer opens of its own accord, beside its WebSockets: enough to be reached when those are cut, few against Chromium's count. */
export const MESH_LINKS_WANTED = 2;
/** The longest question of directory or DHT is a proof of fraud: two descriptors of 4,096 bytes. */
export const QUESTION_MAX_BYTES = 16_384;
/** Periods change once a day; looked at often enough that the overlap is never missed. */
export const HEADS_CHECK_MS = 30 * 60_000;
/** Descriptors a tab or client holds: some 1.3 MB, and a path is drawn from them in 2 ms. */
export const CLIENT_TABLE_CAPACITY = 500;
/** With fewer of a second layer than this there is no choice at the second hop: a network too small for one. */
export const SECOND_LAYER_LEAST = 2;
/** Members of the second layer that are not known are looked up again after this: half an epoch. */
export const SECOND_LOOK_UP_MS = 5 * 60_000;
/** Where no exit is known that will do, the directory is asked for some, so often at most. */
export const EXITS_LOOK_UP_MS = 15_000;
/** Exits tried for one connection: one may be gone, or refuse what its summary seemed to allow. */
export const EXIT_TRIES = 3;
/** Some more than an exit takes to look a name up and try four addresses; one that is silent for longer gets no new connections. */
export const EXIT_ANSWER_MS = 45_000;
/**
 * Whatever goes to an exit is acked by it within a round trip and 0.1 s, however long the target takes. A circuit that has been silent for so
 * long, and for so many of its round trips, takes no new connections, and what waits on it is asked for by another: a hop that vanished without
 * a word shows on its neighbour's link only after half a minute.
 */
export const EXIT_SILENT_MS = 1_000;
export const EXIT_SILENT_ROUND_TRIPS = 4;
export const EXIT_SILENCE_LOOK_MS = 200;
/**
 * The same of a service's circuit, which is closed then: longer, as all that runs over it takes another path, which lasts some round trips.
 * Nothing that is late by so much is worth the wait, and of those that only seem so a session loses nothing.
 */
export const SERVICE_SILENT_MS = 2_000;
export const SERVICE_SILENT_ROUND_TRIPS = 6;
export const SERVICE_SILENCE_LOOK_MS = 250;
/** After this a circuit to an exit takes no new connections: what one exit sees of a user is what he does in ten minutes. */
export const EXIT_CIRCUIT_MAX_AGE_MS = 10 * 60_000;
/** How often circuits to exits are looked through for those that are old and carry nothing. */
export const EXIT_CHECK_MS = 60_000;
/** Circuits to exits at a time: one or two for each isolation key. */
export const EXIT_CIRCUITS_MAX = 200;
