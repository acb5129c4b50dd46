import type { TransportKind } from '../ports.ts';
import { FRAME_CELL_BYTES, FRAME_SETUP_BYTES } from '../wire/geometry.ts';

/**
 * Bytes that may wait inside a transport, where no queue of ours can reorder them: a page load that comes while they wait
 * stands behind them. 64 KB in a data channel keep it full (measured: more brings nothing); a WebSocket has the kernel's
 * buffer behind it and a coarser drain signal, so it gets twice that.
 */
export const TRANSPORT_HOLD_BYTES: Record<TransportKind, number> = { webrtc: 65_536, websocket: 131_072, memory: 65_536 };

/** One turn of a circuit. A cell at a time mixes finest; a setup packet goes whole and the circuit pays for it afterwards. */
export const TURN_BYTES = FRAME_CELL_BYTES;

/**
 * After a silence of so long, which is Linux's least time-out, TCP sends ten segments at once and the rest as acknowledgements come, on each link of a
 * path anew. And a hop passes on whole messages: one whose last bytes do not go with the first ten segments comes a round trip late as a whole.
 * So what goes at first is cut where those end, and later messages are at most this part of what has been sent since.
 */
export const SILENT_MS = 200;
/** As much as ten of Ethernet's segments hold, less what WebSocket and seal add: a setup packet was made to fit. */
export const FIRST_FLIGHT_BYTES = FRAME_SETUP_BYTES;
export const MESSAGE_SHARE_OF_BURST = 1 / 4;

/** What may wait on one link before it is closed: windows and the relay's own caps end circuits long before. */
export const QUEUE_MAX_BYTES = 64 * 1024 * 1024;

/** From the transport's opening to the last handshake message: three flights on a bad mobile link, and no half-open ones for long. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** How often silence is looked at. */
export const PULSE_CHECK_MS = 5_000;
/** We sent and nothing came back for so long: ask. */
export const SILENCE_IN_USE_MS = 10_000;
/**
 * Nothing either way: ask seldom. A ping and its pong are two cells, so ten idle links cost 10 × 8 KB × 86,400 / 150 = 47 MB
 * a day, shared by both ends. Transports keep address translations open by themselves (ICE consent, WebSocket pings).
 */
export const SILENCE_IDLE_MS = 150_000;
/** The listener asks so much later, so that one pair of cells serves both ends. */
export const LISTENER_WAITS_MS = 2 * PULSE_CHECK_MS;
/** A ping unanswered for so long: the link is dead. */
export const PONG_TIMEOUT_MS = 15_000;

/** Each costs its reader a signature check; honest peers send one per epoch, and a new one when their links change. */
export const DESCRIPTORS_MAX_PER_HOUR = 30;

/** Handshakes of strangers that may be under way at once; each holds a transport and costs two exchanges and a signature. */
export const PENDING_MAX = 64;

/** A second link of the same peer is looked at after so long, then ever less often, until one of the two carries no circuit and has been out of
 * use for `DUPLICATE_QUIET_MS`. Circuits may stand for hours, and each look costs four cells. */
export const DUPLICATE_CHECK_MS = 5_000;
export const DUPLICATE_CHECK_MAX_MS = 60_000;
export const DUPLICATE_QUIET_MS = 10_000;
