import { type Env, soon } from '../env.ts';
import type { Pipe } from '../ports.ts';
import { STREAMS_MAX } from '../wire/geometry.ts';
import { CREDIT_DELAY_MS, END_DELAY_MS } from './constants.ts';
import { Outbox } from './outbox.ts';
import type { StreamState } from './session-stream.ts';

export interface SenderOptions {
  /** Bytes sent and not yet acknowledged, at most. */
  readonly sentKeepBytes: number;
  /** What this end has received of the stream was told. */
  onTold(stream: StreamState): void;
  /** More answers wait than one who keeps to the rules can ask for. */
  onFlooded(): void;
}

/** When a session's messages go out: behind the present turn, when there is a pipe with room, or a little later where nobody waits for them. */
export class SessionSender {
  readonly outbox = new Outbox();
  /** Bytes kept until they are acknowledged, of all streams. */
  readonly kept = { bytes: 0 };
  /** Undefined while there is no path. */
  pipe: Pipe | undefined;
  /** Nothing but our resume may go out before the other side's has come. */
  resumeAwaited = false;
  #pumping = false;
  #pumpSoon = false;
  #cancelCredit: (() => void) | undefined;
  #cancelEnds: (() => void) | undefined;

  constructor(
    private readonly env: Env,
    private readonly options: SenderOptions,
  ) {}

  /** The stream may have something to send. */
  addWork(stream: StreamState): void {
    this.outbox.addWork(stream);
    if (!stream.endCanWait) this.wake();
    else
      this.#cancelEnds ??= this.env.schedule(END_DELAY_MS, () => {
        this.#cancelEnds = undefined;
        this.pump();
      });
  }

  /** Something came of the stream, or was read: the other side may wait to hear of it. */
  addCredit(stream: StreamState): void {
    this.outbox.addCredit(stream);
    if (stream.receive.creditDue) this.wake();
    else if (this.outbox.hasUntold) {
      this.#cancelCredit ??= this.env.schedule(CREDIT_DELAY_MS, () => {
        this.#cancelCredit = undefined;
        this.outbox.urgeUntold();
        this.pump();
      });
    }
  }

  addAnswer(type: number, content: Uint8Array): void {
    this.outbox.addAnswer(type, content);
    // Only a side that opens and opens beyond STREAMS_MAX, and reads nothing, makes so many wait.
    if (this.outbox.answersWaiting > 4 * STREAMS_MAX) this.options.onFlooded();
    else this.wake();
  }

  /** After what runs now: several writes of one turn come together, and those of other streams that the platform has at hand. */
  wake(): void {
    if (this.#pumpSoon || this.pipe === undefined) return;
    this.#pumpSoon = true;
    soon(this.env, () => {
      this.#pumpSoon = false;
      this.pump();
    });
  }

  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let pipe = this.pipe; pipe?.ready === true && this.outbox.hasWork; pipe = this.pipe) {
      const payload = new Uint8Array(pipe.payloadBytes);
      if (this.fill(payload, this.resumeAwaited) === 0) break;
      pipe.send(payload);
    }
    this.#pumping = false;
  }

  /** Answers how many bytes of the payload are messages. */
  fill(payload: Uint8Array, resumeOnly: boolean): number {
    const mostBytes = this.options.sentKeepBytes - this.kept.bytes;
    return this.outbox.fill(payload, resumeOnly, mostBytes, (stream) => this.options.onTold(stream));
  }

  /** Nothing goes out any more. */
  stop(): void {
    this.#cancelCredit?.();
    this.#cancelEnds?.();
    this.outbox.clear();
    this.pipe = undefined;
  }
}
