/** Local policy of the DHT. Lengths and counts of messages are in wire/geometry.ts; REPLICAS and the positions are in docs/spec/08-dht.md. */

/** Independent positions of each value, and store peers at each of them. */
export const POSITIONS = [0, 1] as const;
export const REPLICAS = 8;
/** Once so many of them have answered with values of a key, nobody further off is looked for. */
export const REPLICAS_ENOUGH = REPLICAS / 2;

/** Peers kept per bucket (peers whose position shares exactly n bits with ours): Kademlia's k; with 8, each step gains about 3 bits more than one. */
export const BUCKET_PEERS = 8;
/** The nearest, kept whatever their bucket: three times the replicas, so that who holds what stays known when half of them leave. */
export const NEAR_PEERS = 24;
/** With fewer than this nearer to a point a peer is at home there: half of the nearest it knows, as those on the point's other side are known less well. */
export const HOME_PEERS = NEAR_PEERS / 2;
/** Peers of one position in the table: an address prefix has eight positions, and they must not fill it. */
export const PEERS_PER_POSITION = 2;
/** Store peers known by hearsay. Whoever names more only pushes out what was named before. */
export const CANDIDATES_MAX = 64;
/** Candidates dialled in one round of maintenance: those nearest to our place, and as many drawn from all. */
export const PROBES = 8;
/** Unanswered requests in a row before a peer is dropped: one may be our own network. */
export const FAILURES_MAX = 2;

/** Routes that a query starts, through different first peers: the nearest of each are asked, whatever the others brought. */
export const ROUTES = 3;
/** Rounds of fetching: after the first, what routes and holders named besides … */
export const FETCH_ROUNDS = 3;
/** … so many in a round: whoever names places that he does not own costs a round of dials, and not the value. */
export const FETCH_ROUND_PEERS = 24;
/** Steps of a route: log2 of 10,000 peers is 13.3, each step gains about 4 bits; whoever asks for more wants us to work. */
export const ROUTE_HOPS_MAX = 8;
/** Next peers tried at one step. */
export const ROUTE_TRIES = 3;
/** The time a whole route may take, and the share of what is left that a step gives to the next: so that it can try another. */
export const ROUTE_BUDGET_MS = 4000;
export const ROUTE_BUDGET_SHARE = 0.6;
/** Below this no further step is worth it. */
export const ROUTE_BUDGET_MIN_MS = 100;
/** One fetch or keep: a dial of two round trips and the request, on a bad day. */
export const FETCH_TIMEOUT_MS = 3000;
/** How much longer than the first useful answer the others are waited for: a dead peer must not cost its time-out. */
export const GRACE_MS = 400;

/** Queries run for others at once; each costs up to 6 routes and 16 fetches. */
export const QUERIES_MAX = 64;

/** What a store peer gives to values: 64 MB are 16,000 of the largest. */
export const STORE_CAPACITY_BYTES = 64 * 1024 * 1024;
/** Thrown out at once when full, so that the sort behind it is paid rarely. */
export const EVICT_SHARE = 1 / 16;
/** Slots of one single-writer key: hosts of one address. Its writer alone can fill them. */
export const SLOTS_MAX = 16;
/** Values of equal serial and place that differ: two prove the conflict, more prove nothing. */
export const CONFLICTS_KEPT = 2;
/** Entries of one bag, and how many of them an answer holds. */
export const BAG_ENTRIES_MAX = 128;
export const BAG_ANSWER = 10;
/** Work of a bag entry at rest: 4,096 hashes are 10 ms in a tab; filling one bag costs over a second, and again each time it expires. */
export const BAG_EFFORT_MIN = 4096;
/** No value is kept longer than this without being written anew. */
export const VALUE_LIFE_MAX_MS = 72 * 3_600_000;
/** Peers known to be nearer to a key than we are, past which a value is not ours to hold. */
export const NOT_MINE_AFTER = NEAR_PEERS;

/** Store peers asked in parallel, and at most in turn, before "nobody has it" is believed. */
export const RUNNERS = 2;
export const RUNNERS_MAX = 6;
/** A query through a circuit: six links, the routes and the fetches. */
export const RUNNER_TIMEOUT_MS = 12_000;

/** Owners write their values anew so often: at 30 % of store peers leaving in an hour, 16 holders cannot all leave in half of one. */
export const REPUBLISH_MS = 30 * 60_000;
/** Drawn this much earlier or later, so that two values of one owner do not show by their rhythm that they belong together. */
export const REPUBLISH_JITTER = 0.3;
export const REPUBLISH_RETRY_MS = 60_000;
/** Store peers look for new neighbours so often: half an epoch of descriptors. */
export const MAINTAIN_MS = 5 * 60_000;
/** A table that is nearly empty asks the directory for more no more often than this. */
export const LEARN_AGAIN_MS = 5000;
/** Tries of bag work between two breaths, about 5 ms. */
export const WORK_SLICE = 1024;
