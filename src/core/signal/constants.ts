/** Local policy of signalling; the spec is docs/spec/12-signalling.md. */

/** An offer is good for so long, by clocks that may differ: a hoarded one must not make us show our address much later. */
export const OFFER_LIFE_MS = 5 * 60_000;

/** Offers answered at once, and then one per `ANSWER_EVERY_MS`. Each answer shows our address and costs a connection of a scarce budget. */
export const ANSWERS_BURST = 8;
export const ANSWER_EVERY_MS = 30_000;

/** Below half of the burst an offer needs so many hashes: 10 ms for one, minutes of CPU for whoever sends thousands. */
export const BUSY_EFFORT = 4096;
/** What a dialler is willing to spend: a relay that answers "more work" must not stop us with it. */
export const EFFORT_MAX = 65_536;

/** Work is looked for in slices, so that cells pass in between: 512 hashes of @noble take about 2 ms. */
export const WORK_SLICE = 512;

/** A dial through the mesh: two circuits' round trips, ICE gathering on both sides, and the connection itself. */
export const MESH_DIAL_TIMEOUT_MS = 20_000;
/** About 1 WebRTC connection in 200 never opens, even on loopback; where a Node peer offers on a busy machine up to 1 in 6 fails at once. */
export const CONNECT_TRIES = 3;
/** Open peers of the target that are asked, one after the other. */
export const RELAYS_TRIED = 3;
/** Connections kept for answering others; below it only WebSockets are dialled (a page gets 500 in its life). */
export const ATTEMPTS_RESERVE = 50;
