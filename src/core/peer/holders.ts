import { equal } from '../bytes/bytes.ts';
import type { Env } from '../env.ts';
import type { Guest, Visit } from '../service/index.ts';
import type { Session } from '../stream/index.ts';
import { HOLDER_TOKEN_BYTES } from '../wire/geometry.ts';
import { encodeMessage } from '../wire/message.ts';
import { CLOSE, END, HOLDER, MESSAGE } from '../wire/registry.ts';
import { encodeSessionHolder, type SessionHolder } from '../wire/stream.ts';
import { CHALLENGE_MS, CHALLENGERS_MAX, WARN_EVERY_MS } from './constants.ts';

const NO_TOKEN = new Uint8Array(HOLDER_TOKEN_BYTES);

interface Challenge {
  readonly token: Uint8Array;
  /** Those who came meanwhile, and how to let them in. */
  readonly waiting: { readonly visit: Visit; readonly holder: string; letIn(): void }[];
  readonly cancel: () => void;
}

/** Who uses one invitation now. */
interface Holding {
  readonly holder: string;
  readonly sessions: Set<Session>;
  challenge: Challenge | undefined;
  warnedAtMs: number;
}

/**
 * Sees to it that an invitation is used by one running program at a time.
 *
 * 1. Sessions of one invitation that live are all of one holder.
 * 2. Another holder waits while the present one is asked whether it is there; an answer refuses the other and warns the present one,
 *    silence of CHALLENGE_MS ends the present one's sessions and lets the other in.
 * 3. A holder without a path and without a stream is not asked: it has left.
 */
export class Holders {
  readonly #env: Env;
  readonly #holdings = new Map<string, Holding>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** Calls `letIn` now, later, or never; then the visit's pipe is closed. */
  admit(visit: Visit, letIn: () => void): void {
    const { guest } = visit;
    const holding = guest && this.#holdings.get(guest.invitation.name);
    if (guest === undefined || holding === undefined || holding.holder === guest.holder || hasLeft(holding)) return letIn();
    const challenge = (holding.challenge ??= this.#challenge(holding));
    if (challenge.waiting.length >= CHALLENGERS_MAX) return visit.pipe.close(CLOSE.budget);
    challenge.waiting.push({ visit, holder: guest.holder, letIn });
  }

  /** A session of this guest's lives, by a path that is new. */
  onPath(guest: Guest, session: Session): void {
    const { name } = guest.invitation;
    const known = this.#holdings.get(name);
    if (known !== undefined && known.holder !== guest.holder) this.#yield(known);
    const holding = this.#holdings.get(name) ?? { holder: guest.holder, sessions: new Set(), challenge: undefined, warnedAtMs: -Infinity };
    this.#holdings.set(name, holding);
    holding.sessions.add(session);
    if (holding.challenge !== undefined) session.tell({ kind: HOLDER.challenge, token: holding.challenge.token });
  }

  /** What a guest's session has said. */
  onTold({ invitation }: Guest, session: Session, { kind, token }: SessionHolder): void {
    const holding = this.#holdings.get(invitation.name);
    const challenge = holding?.challenge;
    if (kind !== HOLDER.here || holding === undefined || challenge === undefined) return;
    if (!holding.sessions.has(session) || !equal(token, challenge.token)) return;
    this.#settle(holding, challenge);
    for (const { visit } of challenge.waiting) refuse(visit);
    this.#warn(holding, session);
  }

  onEnd({ invitation }: Guest, session: Session): void {
    const holding = this.#holdings.get(invitation.name);
    if (holding === undefined || !holding.sessions.delete(session) || holding.sessions.size > 0) return;
    this.#holdings.delete(invitation.name);
    if (holding.challenge !== undefined) this.#pass(holding, holding.challenge);
  }

  stop(): void {
    for (const { challenge } of this.#holdings.values()) challenge?.cancel();
  }

  #challenge(holding: Holding): Challenge {
    const token = this.#env.random(HOLDER_TOKEN_BYTES);
    const challenge: Challenge = { token, waiting: [], cancel: this.#env.schedule(CHALLENGE_MS, () => this.#yield(holding)) };
    for (const session of holding.sessions) if (session.attached) session.tell({ kind: HOLDER.challenge, token });
    return challenge;
  }

  #settle(holding: Holding, challenge: Challenge): void {
    challenge.cancel();
    holding.challenge = undefined;
  }

  /** It was silent: the last of its sessions that ends lets the others in. */
  #yield(holding: Holding): void {
    for (const session of [...holding.sessions]) session.end(END.refused);
  }

  /** The first that waits comes in, and whoever else is of its holder. */
  #pass(holding: Holding, challenge: Challenge): void {
    this.#settle(holding, challenge);
    const next = challenge.waiting[0]?.holder;
    for (const { visit, holder, letIn } of challenge.waiting) {
      if (holder === next) letIn();
      else refuse(visit);
    }
  }

  /** Who has stolen an invitation may knock all day: the holder hears of it now and then. */
  #warn(holding: Holding, session: Session): void {
    const nowMs = this.#env.now();
    if (nowMs < holding.warnedAtMs + WARN_EVERY_MS) return;
    holding.warnedAtMs = nowMs;
    session.tell({ kind: HOLDER.warned, token: NO_TOKEN });
  }
}

/** It has no path, and nothing to come back for. */
function hasLeft({ sessions, challenge }: Holding): boolean {
  return challenge === undefined && [...sessions].every((session) => !session.attached && session.stats.streams === 0);
}

function refuse({ pipe }: Visit): void {
  const said = encodeMessage(MESSAGE.sessionHolder, encodeSessionHolder({ kind: HOLDER.refused, token: NO_TOKEN }));
  if (pipe.ready) {
    const payload = new Uint8Array(pipe.payloadBytes);
    payload.set(said);
    pipe.send(payload);
  }
  pipe.close(CLOSE.ended);
}
