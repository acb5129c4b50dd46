/** Local policy of hidden services: nobody else has to agree with these. */

// ---- host

/** Circuits that a host keeps: with two, the death of one while the other is being opened again cuts a service off. */
export const POINTS = 3;
/** A circuit to a point that is not there by then is given up; a path of four links takes at most a second or two. */
export const ESTABLISH_TIMEOUT_MS = 20_000;
/** A standing point is asked about this often whether it still has us: three cells, 18 MB a day for three points. */
export const PROBE_MS = 180_000;
/** Where there is reason to, because a visitor met silence or another circuit has ended, it is asked within the first, and again after the second. */
export const LOOK_WITHIN_MS = 500;
export const LOOK_AGAIN_MS = 60_000;
/** First wait after a failure, doubled up to the second: a dead network is not hammered, a blip is over at once. */
export const REOPEN_MIN_MS = 500;
export const REOPEN_MAX_MS = 60_000;
/** After so many failures at one point another is drawn: once may be the path, twice is the point. */
export const POINT_FAILURES_MAX = 2;
/** So many points that failed are not drawn again. */
export const POINTS_LEFT_MAX = 8;
/** A circuit that stood this long wipes out earlier failures, so that a point that kills circuits by and by is left all the same. */
export const POINT_STABLE_MS = 300_000;
/** Hello keys live so long and are kept once more for those who read the record just before. What was asked in a hello can be
 * read by a thief of the keys for that long; shorter means more records. */
export const HELLO_KEYS_MS = 7_200_000;
/** The record is stored again this often: storing peers come and go by the hour. */
export const REPUBLISH_MS = 3_600_000;
/** Points' descriptors change with each epoch; a record that only names older ones is renewed this often, not with each of them. */
export const RECORD_RENEW_MS = 600_000;
/** A record that fewer hold is stored again soon: those who brought it may have known few peers, as all do in a young network. */
export const HOLDERS_ENOUGH = 8;
/** Wait after a publication that fewer took, doubled up to REPUBLISH_MS. */
export const PUBLISH_RETRY_MS = 15_000;
/** A change waits this long, so that three points that come up together make one record. */
export const PUBLISH_SETTLE_MS = 1_000;
/** The second record near a period's boundary follows the first at a random time within this, so that a peer that sees two
 * publications at one moment cannot tell that they belong together. */
export const PUBLISH_APART_MS = 120_000;
/** Hosts that one address may have: as many slots as a storing peer keeps of a key. */
export const HOST_SLOTS = 16;
/** So long after a host's first record of a period it looks, once, whether another one took the same slot at the same moment. */
export const SLOT_CHECK_MS = 60_000;
/** How often periods and keys are looked at. */
export const HOUSEKEEPING_MS = 60_000;
/** A hello's two payloads follow `incoming` at once; a point that holds them back ties up memory. */
export const HELLO_TIMEOUT_MS = 15_000;
/** When the session has said nothing by then, an empty answer goes out: the visitor waits for it to know that it is let in. */
export const ANSWER_DELAY_MS = 50;
/** A hello costs a host 0.4 ms, or 2 where all is @noble's (`npm run bench -- hello`): a twentieth of its thread at this rate. What follows costs more, and each is remembered. */
export const HELLOS_PER_S = 25;
/** So many at once, for a link that many follow in one moment. */
export const HELLO_BURST = 60;
/** Visitors at a time; each may hold a session's buffers of some hundred kilobytes. */
export const VISITORS_MAX = 500;
/** Hellos remembered against replay: half an hour at HELLOS_PER_S is 45,000. When it is full, hellos are refused, never forgotten. */
export const REPLAY_MAX = 60_000;

/** Hellos that are refused raise the price so soon: whoever comes meanwhile is refused with them. Long enough for the points to have heard of the last step. */
export const RAISE_AFTER_MS = 5_000;
/** Price under load, in hashes on average: the first step is 10 ms of a tab, the last about 3 s. */
export const EFFORT_MIN = 2_048;
export const EFFORT_MAX = 524_288;

// ---- visitor

/** What a visitor is ready to work: twice the most that a host asks, so that a service cannot make it burn its battery. */
export const VISITOR_EFFORT_MAX = 2 * EFFORT_MAX;
/** Hashes between two breaths: about 10 ms, so that relaying does not stall. */
export const WORK_SLICE = 2_000;
/** A circuit to a point that is not there by then is given up. */
export const OPEN_TIMEOUT_MS = 20_000;
/** The service's answer comes about one flight behind the point's; four times what the circuit took, and no less than this, is silence. */
export const ANSWER_TIMEOUT_MIN_MS = 5_000;
/** The same where another point is left to try; up to a quarter more is drawn. */
export const ANSWER_HASTE_MIN_MS = 1_000;
/** A point behind which there was silence is tried after the others for so long. */
export const POINT_SILENT_FOR_MS = 60_000;
/** Circuits spent on one connect: whoever kills them makes hops be drawn again. */
export const ATTEMPTS_MAX = 6;
/** A circuit stays so long when its channel has closed: the session's last words are still in its queue. */
export const CIRCUIT_LINGER_MS = 2_000;
/** Points of a remembered record that are tried before it is looked up anew: each costs a round trip, a look-up several. */
export const CACHED_ATTEMPTS_MAX = 2;
/** Records kept; a record is 3 KB. */
export const RECORDS_MAX = 200;

// ---- point

/** A service's circuit that has been silent for so long, and for so many of its round trips, leads visitors nowhere: they are let go. */
export const HOST_SILENT_MS = 1_500;
export const HOST_SILENT_ROUND_TRIPS = 6;
export const HOST_LOOK_MS = 250;

/** Services that wait at one point, and visitors of one of them. */
export const POINT_SERVICES_MAX = 500;
export const POINT_VISITORS_MAX = 1_000;
