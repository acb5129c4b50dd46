/** Local policy of circuits' windows and of sessions; what both ends must agree on is in wire/geometry.ts. § docs/spec/06-streams.md */

// ---------------------------------------------------------------- acks and the congestion window

/** After so many counted cells an ack is due, as soon as what is at hand was taken in. An ack is a whole cell the other way: 1 in 16 costs 6 % of what comes in. */
export const ACK_EVERY_CELLS = 16;
/** The rest of a burst is acked after this, unless something else goes to channel 0 before. Nothing waits for it: every window holds
 * at least ACK_EVERY_CELLS. */
export const ACK_DELAY_MS = 100;

/** The window of a new circuit: 256 KiB, as Tor's; TCP's is 15 KB. With a round trip of 0.4 s to a service, a site of 1 MB takes 1.01 s on a
 * new circuit; with 32 cells 1.22 s. At 1 Mbit/s it is a queue of 2 s, once, if so much is there to send. */
export const FIRST_WINDOW_CELLS = 64;
/** Below ACK_EVERY_CELLS a sender would wait for ACK_DELAY_MS each time. */
export const MIN_WINDOW_CELLS = ACK_EVERY_CELLS;
/** Cells that a circuit keeps in the queue of its bottleneck at least: fewer cannot be told from sending at all. */
export const QUEUE_LEAST_CELLS = 4;
/**
 * Above 4 cells a second they are so many times the root of the rate: 99 cells, 40 ms, at 10 MB/s; 11 cells, 360 ms, at 1 Mbit/s. Only the
 * circuit itself waits in it, for circuits take turns on every link; and what is over it is what a busy path may vary by: with once the root,
 * event loops that were late by 30 ms held a circuit at 4 MB/s, whatever the path could.
 */
export const QUEUE_ROOTS = 2;
/** Round trips within this of the least count as the path's own: so late are event loops and clocks of whole milliseconds on any path. Costs
 * 10 ms of queue. */
export const LATE_LOOPS_MS = 10;
/** Acks of a round after which its least round trip is believed while the window still doubles. */
export const START_SAMPLES = 2;
/** Then the least round trip of the last quarter of a window is believed: an ack for every 16 cells, so one sample for 64 of the window. */
export const START_CELLS_A_SAMPLE = 4 * ACK_EVERY_CELLS;

/**
 * After a silence of so long, Linux's least time-out, TCP begins anew on each link of a path: what goes then meets no queue, and takes up to one round trip
 * more all the same. A first window of 64 cells ended the doubling by that, and a circuit took seconds to its rate.
 */
export const SILENT_MS = 200;

/** Full rounds without a queue, one behind the other, after which a window doubles again. */
export const QUIET_ROUNDS = 3;
/** Two rounds at half the window, so often: of 60 rounds one is lost, 2 %. Without it, a circuit that joined while another one queued
 * holds the other's queue for the path's own time, and pushes it aside. */
export const PROBE_EVERY_MS = 10_000;
export const PROBE_EVERY_ROUNDS = 60;

/** Cells of one circuit that may wait on the link next to this end: 128 KiB. More would only grow old there, since what is sent is
 * chosen when it is taken off, not when it was asked for. */
export const LINK_QUEUE_CELLS = 32;

/** Messages to channel 0 that may wait for the window: 16 cells. Only a peer that does not ack while it asks makes so many wait. */
export const MESSAGES_MAX_BYTES = 65536;

// ---------------------------------------------------------------- channels

/** Channels of one circuit at a time: more than a point lets visitors wait for one service. */
export const CHANNELS_MAX = 1024;
/** Payloads that came and were not used up, in all channels of one circuit: 64 MiB. Their windows add up to more (1,024 × 64 first ones are
 * 256 MiB), but only readers that have stopped fill them: above this, the channel that holds most is closed. */
export const HELD_PAYLOADS_MAX = 16_384;
/** The largest window of one channel: 8 MiB, 0.25 s at 30 MB/s; a rendezvous point is in the middle of the path. */
export const CHANNEL_WINDOW_MAX = 2048;
/** Payloads that all channels of one circuit may be given beyond their first credit: 16 MiB, 80 MB/s at a round trip of 0.2 s. */
export const CHANNEL_GROWTH_MAX = 4096;
/** Growth that is wanted elsewhere is taken from a window that nobody has used for so long; it holds for channels and streams. Some round trips on
 * the longest paths: who is in the middle of something keeps it. */
export const GROWTH_IDLE_MS = 2000;
/** A window of which half was used up within a round trip grows to twice, within a quarter of one to four times; where none was measured yet, this
 * is taken for it. A reader at 1 Mbit/s takes 1 s for half of the first window and keeps it: a larger one would only be a longer queue. */
export const CREDIT_ROUND_MS = 250;
/** Bounds of a round trip for that. */
export const CREDIT_ROUND_LEAST_MS = 100;
export const CREDIT_ROUND_MOST_MS = 1000;

// ---------------------------------------------------------------- sessions

/** What an opener grants for an answer at once, so that a site of 1 MB comes without a round trip for credit; and of what its session
 * may still give, at most this part, so that the hundredth stream finds some too. */
export const OPEN_CREDIT_BYTES = 2 * 1024 * 1024;
export const OPEN_CREDIT_SHARE = 1 / 16;
/** The largest window of a stream: 0.4 s × 30 MB/s = 12 MB. */
export const STREAM_WINDOW_MAX_BYTES = 16 * 1024 * 1024;
/** What the streams of one session may be given beyond STREAM_FIRST_CREDIT_BYTES. In all: 32 MiB + 2 × 1,024 streams × 16 KiB = 64 MiB. */
export const SESSION_GROWTH_MAX_BYTES = 32 * 1024 * 1024;
/** What may wait unread in all streams of a session: what those windows add up to. Above it the fullest stream is reset. Looked at once in so many
 * bytes that come. */
export const SESSION_UNREAD_MAX_BYTES = 64 * 1024 * 1024;
export const UNREAD_LOOK_EVERY_BYTES = 1024 * 1024;
/** A stream's window of which half was read within this grows. Generous: what is in flight is bounded by the circuit, not by this. */
export const STREAM_ROUND_MS = 1000;

/** Bytes of a stream that wait to be sent before `write` makes its caller wait. */
export const SEND_BUFFER_BYTES = 256 * 1024;
/**
 * Where so much waits on all streams together, each one's writer waits from this on. A thousand readers who have stopped would make their
 * sender hold 256 MB else; a few cells are enough for those who read, since there are many of them.
 */
export const UNSENT_MAX_BYTES = 16 * 1024 * 1024;
export const SEND_BUFFER_LEAST_BYTES = 16 * 1024;
/** Bytes that a session keeps for the other side to acknowledge: at 0.4 s, 40 MB/s. What a visitor that never acknowledges can hold. */
export const SENT_KEEP_BYTES = 16 * 1024 * 1024;

/** What was received is told after this where no window asks for it sooner. A cell of its own; in most cases it rides with another. */
export const CREDIT_DELAY_MS = 200;
/** An end that nobody waits for, alone, goes out after this where nothing else does sooner: a cell of its own otherwise, on eight links. */
export const END_DELAY_MS = 20;
/** A detached session lives so long: three new circuits with their time-outs, and a laptop's lid. */
export const RESUME_GRACE_MS = 120_000;

/** Blocks that small pieces are gathered in: a window of single bytes must not hold a payload's buffer for each. */
export const BLOCK_BYTES = 16384;
/** Blocks kept to be used again: 4 MB, what is on its way at 10 MB/s and 0.4 s. */
export const SPARE_BLOCKS_MAX = 256;
