/** Local policy of the directory: none of it is seen on the wire. Lengths and counts of messages are in wire/geometry.ts. */

/** Descriptors a peer holds: 4,096 of about 2.5 KB are 10 MB. A tab is given less by its owner. */
export const TABLE_CAPACITY = 4096;
/** The part of the table thrown out at once when it is full, so that the sort behind it is paid rarely. */
export const EVICT_SHARE = 1 / 16;
/** How long an open peer's first-seen time outlives its last descriptor: a server that was off for a holiday is no newcomer. */
export const REMEMBER_MS = 30 * 24 * 3_600_000;

/** A hash counts once two unrelated answerers named it: one could be the relay's accomplice. */
export const VOUCHERS_WANTED = 2;
/** More add nothing; a bound on what answerers can make us keep. */
export const VOUCHERS_MAX = 6;

/** Proofs of fraud kept and passed on; a convicted id is thrown away by its owner, so old ones are worth little. */
export const PROOFS_KEPT = 256;

/** A red flag is worth half after an hour: a peer that had a bad moment is not shunned for the day. */
export const FLAG_HALF_LIFE_MS = 3_600_000;
/**
 * The worst of them shows in two flags, the mildest in many: an unanswered request may be our own network. Of a circuit that failed a tab on it
 * is the likelier cause: tabs are closed all day, and what they signed outlives them by minutes.
 */
export const FLAG_WEIGHT = { noAnswer: 0.5, circuitFailed: 0.5, tabCircuitFailed: 2, density: 1, lied: 3, breach: 3 } as const;
export type Flag = keyof typeof FLAG_WEIGHT;

/** Publications verified each second on average, and at once: at 1.5 ms a signature, under 5 % of a core. */
export const PUBLISH_PER_SECOND = 30;
export const PUBLISH_BURST = 300;

/** Points drawn in one round of learning: 4 × 8 descriptors are about 80 KB, 12 MB a day at one round each valid epoch pair. */
export const LEARN_POINTS = 4;
export const LEARN_PER_POINT = 8;
/** Unrelated answerers asked about each point: the median of three shows the one that lies about density. */
export const LEARN_ANSWERERS = 3;
/** Powers of two by which an answerer's density may differ from the median: the estimate from eight distances errs by half of one. */
export const DENSITY_TOLERANCE_BITS = 2;

/** Open peers nearest to our id that get our descriptor: twice those that an asker near our id asks. */
export const PUBLISH_TO = 6;
/** Publishing is spread over this time from an epoch's start, so that answerers are not asked by all in one second. */
export const PUBLISH_SPREAD_MS = 60_000;

/** Guards in use. One would make every failure total; each more is one more peer that may be hostile and sees our address. */
export const GUARDS = 3;
/** Guards ever on the list: who can shut peers down must not walk us through the network until we use his. */
export const GUARDS_LISTED_MAX = 12;
/** With fewer reachable than this the list grows by one: a path needs a choice where one guard is related to its last hop. */
export const GUARDS_REACHABLE_MIN = 2;
/** A guard's life is drawn from this range: long against an attacker who waits to be chosen, drawn so that nobody can predict the change. */
export const GUARD_LIFE_MS = { from: 60 * 24 * 3_600_000, to: 120 * 24 * 3_600_000 };
/** A guard is dropped before its time only after it failed for so long, so often, while others could be reached. */
export const GUARD_DEAD_MS = 14 * 24 * 3_600_000;
export const GUARD_DEAD_FAILURES = 20;
/** For so long after a failure the next guard in the list is used in its place. */
export const GUARD_RETRY_MS = 10 * 60_000;

/** Second hops of a service: few, so that a point that kills circuits learns few; shorter-lived, as they do not see our address. */
export const SECOND_LAYER = 4;
export const SECOND_LIFE_MS = { from: 24 * 3_600_000, to: 12 * 24 * 3_600_000 };

/** Seen for so long, a peer has the full weight; at first sight a quarter: what lived long lives on, and age cannot be bought at once. */
export const FULL_WEIGHT_AGE_MS = 30 * 60_000;
export const NEWCOMER_WEIGHT = 0.25;
/** A tab fits only behind a peer it is linked to; where it fits it is drawn this much likelier, else hardly a circuit would run through tabs. */
export const LINKED_TAB_BOOST = 4;
/**
 * What is left of the weight of a guard by which a circuit began moments ago, and of that where it was the last of two: a setup packet fills
 * TCP's first flight on a link that was silent, and a second one waits for the round trip.
 */
export const GUARD_LATELY_WEIGHT = 0.05;
/** Candidates tried for one path before the search gives up: a dead end is found in far fewer. */
export const PATH_STEPS_MAX = 2000;

/** Open peers saved for the next start. */
export const SAVED_PEERS = 64;
