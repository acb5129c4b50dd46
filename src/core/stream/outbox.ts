import { MESSAGE_HEADER_BYTES } from '../wire/geometry.ts';
import { encodeMessage, messageLengthBytes, writeMessage } from '../wire/message.ts';
import { MESSAGE } from '../wire/registry.ts';
import { encodeSessionResume, encodeStreamCredit, encodeStreamOpen, RESUME_ENTRY_BYTES, RESUME_HEADER_BYTES } from '../wire/stream.ts';
import type { StreamState } from './session-stream.ts';

const CREDIT_MESSAGE_BYTES = MESSAGE_HEADER_BYTES + 16;
const LEAST_DATA_MESSAGE_BYTES = MESSAGE_HEADER_BYTES + 11;

/** What this end's resume says. */
export interface ResumeHead {
  readonly sessionId: Uint8Array;
  readonly seen: number;
  readonly streams: StreamState[];
}

/**
 * What a session has to say on its present path, put into payloads when there is room for one: so that small writes come together
 * and streams take turns. In this order: resume, answers, opens (by id: the other side takes them in order), credit that a window
 * waits for, stream bytes, and where room is left, credit that nobody waits for yet.
 */
export class Outbox {
  /** Says where this end stands when the first part goes out, not when it was asked for. */
  #resume: (() => ResumeHead) | undefined;
  #resumeRest: ResumeHead | undefined;
  #answers: Uint8Array[] = [];
  #opens: StreamState[] = [];
  #credits = new Set<StreamState>();
  #untold = new Set<StreamState>();
  #turns: StreamState[] = [];
  /** Stream bytes sent. */
  sentBytes = 0;

  get answersWaiting(): number {
    return this.#answers.length;
  }

  get hasUntold(): boolean {
    return this.#untold.size > 0;
  }

  /** Something is to be said, stream bytes included. */
  get hasWork(): boolean {
    return (
      this.#resume !== undefined || this.#answers.length > 0 || this.#opens.length > 0 || this.#credits.size > 0 || this.#turns.length > 0
    );
  }

  addResume(head: () => ResumeHead): void {
    this.#resume = head;
  }

  addAnswer(type: number, content: Uint8Array): void {
    this.#answers.push(encodeMessage(type, content));
  }

  addOpen(stream: StreamState): void {
    this.#opens.push(stream);
  }

  /** Gives the stream a turn where it has something to send. */
  addWork(stream: StreamState): void {
    if (stream.queued || !stream.openSent || !stream.send.hasWork) return;
    stream.queued = true;
    this.#turns.push(stream);
  }

  addCredit(stream: StreamState): void {
    if (stream.receive.creditDue) this.#credits.add(stream);
    else if (stream.receive.untold) this.#untold.add(stream);
  }

  /** What was received and not yet told now goes out by itself. */
  urgeUntold(): void {
    for (const stream of this.#untold) this.#credits.add(stream);
    this.#untold.clear();
  }

  /** False when its open message had not gone out: the other side need not hear of it at all. */
  remove(stream: StreamState): boolean {
    this.#credits.delete(stream);
    this.#untold.delete(stream);
    if (stream.queued) this.#turns.splice(this.#turns.indexOf(stream), 1);
    stream.queued = false;
    if (stream.openSent) return true;
    const waiting = this.#opens.indexOf(stream);
    if (waiting >= 0) this.#opens.splice(waiting, 1);
    return false;
  }

  /** The path is gone: what was to be said on it follows from the resume, or is void. */
  clear(): void {
    this.#resume = this.#resumeRest = undefined;
    this.#answers = [];
    this.clearStreams();
  }

  /** Every stream is to be added anew. */
  clearStreams(): void {
    for (const stream of this.#turns) stream.queued = false;
    this.#opens = [];
    this.#credits.clear();
    this.#untold.clear();
    this.#turns = [];
  }

  /**
   * Fills a payload and answers how many bytes of it are messages.
   * @param resumeOnly nothing else may go out before the other side's resume has come.
   * @param mostBytes stream bytes that may be sent before others are acknowledged.
   * @param onTold called for each stream whose credit went out.
   */
  fill(payload: Uint8Array, resumeOnly: boolean, mostBytes: number, onTold: (stream: StreamState) => void): number {
    let offset = this.#fillResume(payload, onTold);
    if (this.#resume !== undefined || resumeOnly) return offset;
    offset = this.#fillAnswers(payload, offset);
    offset = this.#fillOpens(payload, offset);
    offset = this.#fillCredits(payload, offset, this.#credits, onTold);
    offset = this.#fillData(payload, offset, mostBytes);
    return this.#fillCredits(payload, offset, this.#untold, onTold);
  }

  #fillResume(payload: Uint8Array, onTold: (stream: StreamState) => void): number {
    const room = Math.floor((payload.length - MESSAGE_HEADER_BYTES - RESUME_HEADER_BYTES) / RESUME_ENTRY_BYTES);
    if (this.#resume === undefined || room < 0) return 0;
    this.#resumeRest ??= this.#resume();
    const { sessionId, seen, streams } = this.#resumeRest;
    const part = streams.splice(0, room);
    const entries = part.map((stream) => ({ stream: stream.id, ...stream.receive.tell() }));
    const lastPart = streams.length === 0;
    if (lastPart) this.#resume = this.#resumeRest = undefined;
    const offset = writeMessage(payload, 0, MESSAGE.sessionResume, encodeSessionResume({ sessionId, seen, lastPart, entries }));
    for (const stream of part) onTold(stream);
    return offset;
  }

  #fillAnswers(payload: Uint8Array, offset: number): number {
    let count = 0;
    for (let answer = this.#answers[0]; answer !== undefined && offset + answer.length <= payload.length; answer = this.#answers[++count]) {
      payload.set(answer, offset);
      offset += answer.length;
    }
    if (count > 0) this.#answers.splice(0, count);
    return offset;
  }

  #fillOpens(payload: Uint8Array, offset: number): number {
    let count = 0;
    for (const stream of this.#opens) {
      const lengthBytes = messageLengthBytes(9 + stream.request.length);
      if (offset + lengthBytes > payload.length) break;
      const content = encodeStreamOpen({
        stream: stream.id,
        kind: stream.kind,
        creditBytes: stream.receive.tell().limit,
        request: stream.request,
      });
      offset = writeMessage(payload, offset, MESSAGE.streamOpen, content);
      stream.openSent = true;
      count++;
      this.addWork(stream);
    }
    if (count > 0) this.#opens.splice(0, count);
    return offset;
  }

  #fillCredits(payload: Uint8Array, offset: number, streams: Set<StreamState>, onTold: (stream: StreamState) => void): number {
    for (const stream of streams) {
      if (offset + CREDIT_MESSAGE_BYTES > payload.length) break;
      offset = writeMessage(payload, offset, MESSAGE.streamCredit, encodeStreamCredit({ stream: stream.id, ...stream.receive.tell() }));
      this.#credits.delete(stream);
      this.#untold.delete(stream);
      onTold(stream);
    }
    return offset;
  }

  #fillData(payload: Uint8Array, offset: number, mostBytes: number): number {
    while (this.#turns.length > 0 && mostBytes > 0 && offset + LEAST_DATA_MESSAGE_BYTES <= payload.length) {
      const stream = this.#turns[0] as StreamState;
      const before = stream.send.unackedBytes;
      const end = stream.send.fill(payload, offset, stream.id, mostBytes);
      const sent = stream.send.unackedBytes - before;
      if (end === offset && stream.send.hasWork) break; // it wants more room than is left
      this.#turns.shift();
      stream.queued = false;
      this.addWork(stream);
      this.sentBytes += sent;
      mostBytes -= sent;
      offset = end;
    }
    return offset;
  }
}
