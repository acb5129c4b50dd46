import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import type { PeerId } from '../bytes/brand.ts';
import { randomBelow } from '../env.ts';
import type { CircuitEnd, CircuitEndHandler, Link } from '../ports.ts';
import { CELL_AT, encodeDestroy, newCell } from '../wire/cell.ts';
import { encodeExtendParts, ExtendParts, isExtendPart } from '../wire/extend.ts';
import { frameContent, frameType, newFrame } from '../wire/frame.ts';
import { CELL_BODY_BYTES, KEY_BYTES, MAX_HOPS } from '../wire/geometry.ts';
import { CLOSE, type CloseReason, FRAME, MESSAGE } from '../wire/registry.ts';
import { CellLayers } from './cell-layers.ts';
import { FAILURE_DELAY_MAX_MS, FAILURE_DELAY_MIN_MS, HELD_CELLS_MAX, LOW_WATER_CELLS, USUAL_HOPS } from './constants.ts';
import { PendingAnswer } from './pending-answer.ts';
import type { BuilderCircuitOptions, BuilderState, HopKeys, OpenedReply } from './types.ts';

/**
 * A circuit at its builder.
 *
 * 1. One reply. A second, or a cell before the first, fails the circuit.
 * 2. Every layer of every cell is verified; the first that is not fails the circuit.
 * 3. A failure shows outside as an end with the public reason, at a time that tells nothing.
 * 4. Between an extend request and its answer nothing is sent.
 * 5. Cells that come while there is nobody to take them (a reply is being opened, no handler) wait, HELD_CELLS_MAX at most.
 */
export class BuilderCircuit implements CircuitEnd {
  readonly isBuilder = true;
  readonly name: string;
  readonly #options: BuilderCircuitOptions;
  #state: BuilderState = 'building';
  #hops: PeerId[];
  #layers: CellLayers | undefined;
  #handler: CircuitEndHandler | undefined;
  #pending: PendingAnswer | undefined;
  #answerParts: ExtendParts | undefined;
  #held: Uint8Array[] = [];
  #drainArmed = false;
  #sentCells = 0;
  #receivedCells = 0;

  constructor(options: BuilderCircuitOptions) {
    this.#options = options;
    this.#hops = options.hops.map(({ peer }) => peer);
    this.name = `circuit ${options.id.toString(36)} by ${options.link.peer.slice(0, 6)}`;
  }

  get state(): BuilderState {
    return this.#state;
  }

  get link(): Link {
    return this.#options.link;
  }

  get hops(): readonly PeerId[] {
    return this.#hops;
  }

  get sentCells(): number {
    return this.#sentCells;
  }

  get receivedCells(): number {
    return this.#receivedCells;
  }

  get queuedCells(): number {
    return this.#options.link.queuedFrames(this.#options.id);
  }

  get handler(): CircuitEndHandler | undefined {
    return this.#handler;
  }

  /** Hands over at once what has come meanwhile. */
  set handler(handler: CircuitEndHandler | undefined) {
    this.#handler = handler;
    this.#releaseHeld();
  }

  // ------------------------------------------------------------ building and growing

  /** Once, by CircuitBuilder. @returns the last hop's data. @throws as `CircuitBuilder.open`. */
  async build(early: Uint8Array, signal?: AbortSignal, isHasty = false): Promise<Uint8Array> {
    const { crypto, hops, id, link } = this.#options;
    try {
      const { packet, secrets } = await crypto.build(hops, early);
      this.#mustBe('building', signal);
      const frame = newFrame(id, FRAME.setup);
      frameContent(frame).set(packet);
      const reply = await this.#ask(hops.length, isHasty, signal, () => link.sendFrame(frame, 'own'));
      return this.#grown('building', await crypto.open(secrets, reply));
    } catch (error) {
      this.#end(CLOSE.ended, true);
      throw error;
    }
  }

  /**
   * One hop more, in one flight, carrying `early` to it. The end that was is over: its handler is told so, and the caller sets a
   * new one when this resolves. @returns the new hop's data.
   * @throws RangeError when the circuit is as long as can be or passes the peer already; GlobalNetError `malformed`, `refused` when the
   * hop's keys are of no use: both before anything has happened; then as `CircuitBuilder.open`, and the circuit has ended.
   */
  async extend(hop: HopKeys, early: Uint8Array, signal?: AbortSignal, isHasty = false): Promise<Uint8Array> {
    if (this.#hops.length >= MAX_HOPS) throw new RangeError(`a circuit has at most ${MAX_HOPS} hops`);
    if (this.#hops.includes(hop.peer)) throw new RangeError(`the circuit passes ${hop.peer} already`);
    const { crypto } = this.#options;
    const built = await crypto.buildExtension(hop, early);
    this.#mustBe('open', signal);
    this.#leaveLastHop();
    try {
      this.#answerParts = new ExtendParts(MESSAGE.extended);
      const answer = await this.#ask(this.#hops.length + 1, isHasty, signal, () =>
        encodeExtendParts(MESSAGE.extend, built.request).forEach((body) => this.#sendBody(body)),
      );
      const data = this.#grown('extending', await crypto.openExtension(built.secrets, answer));
      this.#hops.push(hop.peer);
      return data;
    } catch (error) {
      this.#end(CLOSE.ended, true);
      throw error;
    }
  }

  #leaveLastHop(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#state = 'extending';
    this.#releaseHeld(); // from the hop that is left: opened, because layers count cells, and thrown away
    handler?.onClose(CLOSE.ended);
  }

  /** Sends, and waits for the answer. @throws what ended the wait. */
  async #ask(hops: number, isHasty: boolean, signal: AbortSignal | undefined, send: () => void): Promise<Uint8Array> {
    const { env, patience } = this.#options;
    const pending = new PendingAnswer(env, patience.deadlineMs(isHasty), signal, () => this.#end(CLOSE.timeout, true));
    this.#pending = pending;
    const sentAtMs = env.now();
    send();
    const answer = await pending.promise;
    if (hops >= USUAL_HOPS) patience.note(env.now() - sentAtMs);
    return answer;
  }

  /** Takes the new hops' keys in. A reply that does not verify fails the circuit, and is told to the caller when the circuit ends. */
  async #grown(state: BuilderState, opened: OpenedReply | undefined): Promise<Uint8Array> {
    this.#mustBe(state);
    if (opened === undefined) {
      const { env, patience } = this.#options;
      const { promise } = (this.#pending = new PendingAnswer(env, patience.deadlineMs(false), undefined, () => undefined));
      this.#fail();
      return promise;
    }
    const { env } = this.#options;
    if (this.#layers === undefined) this.#layers = new CellLayers(env.crypto.aead, opened.keys, env.random(KEY_BYTES));
    else for (const keys of opened.keys) this.#layers.push(keys);
    this.#answerParts = undefined;
    this.#pending = undefined;
    this.#state = 'open';
    return opened.data;
  }

  #mustBe(state: BuilderState, signal?: AbortSignal): void {
    if (signal?.aborted) throw new GlobalNetError('cancelled', 'the circuit is not wanted any more');
    if (this.#state !== state) throw new GlobalNetError('closed', `the circuit is ${this.#state}, not ${state}`);
  }

  // ------------------------------------------------------------ cells

  /** Does nothing unless the circuit is open. */
  send(body: Uint8Array): void {
    if (body.length !== CELL_BODY_BYTES) throw new RangeError(`a body of ${body.length} bytes: wanted ${CELL_BODY_BYTES}`);
    if (this.#state === 'open') this.#sendBody(body);
  }

  #sendBody(body: Uint8Array): void {
    const { link, id } = this.#options;
    const frame = newCell(id, body);
    (this.#layers as CellLayers).wrap(frame);
    this.#sentCells++;
    link.sendFrame(frame, 'own');
    if (this.#drainArmed || link.queuedFrames(id) < LOW_WATER_CELLS) return;
    this.#drainArmed = true;
    link.whenQueueBelow(id, LOW_WATER_CELLS, () => {
      this.#drainArmed = false;
      if (this.#state === 'open') this.#handler?.onDrain();
    });
  }

  /** Any frame of this circuit from its first hop. */
  onFrame(frame: Uint8Array): void {
    const type = frameType(frame);
    if (type === FRAME.destroy) this.#end(CLOSE.ended, false);
    else if (this.#state === 'failed' || this.#state === 'closed') return;
    else if (type === FRAME.cell) this.#onCell(frame);
    else if (type === FRAME.reply && this.#state === 'building' && this.#pending?.waits) this.#pending.resolve(frameContent(frame));
    else this.#fail();
  }

  #onCell(frame: Uint8Array): void {
    const opening = (this.#state === 'building' || this.#state === 'extending') && this.#pending?.waits === false;
    if (opening || (this.#state === 'open' && this.#handler === undefined)) {
      if (this.#held.push(frame) > HELD_CELLS_MAX) this.#fail();
    } else if (this.#state === 'building' || !this.#layers?.open(frame)) this.#fail();
    else {
      this.#receivedCells++;
      this.#onBody(frame.subarray(CELL_AT.body));
    }
  }

  #releaseHeld(): void {
    if (this.#state === 'open' && this.#handler === undefined) return;
    const held = this.#held;
    this.#held = [];
    for (const frame of held) if (this.#state === 'open' || this.#state === 'extending') this.#onCell(frame);
  }

  #onBody(body: Uint8Array): void {
    const isAnswer = isExtendPart(MESSAGE.extended, body);
    const parts = this.#answerParts;
    if (parts !== undefined && (isAnswer || parts.begun)) this.#addAnswerPart(parts, body);
    else if (isAnswer) this.#fail();
    else if (this.#state === 'open') this.#handler?.onBody(body); // else it is for the end that is over
  }

  #addAnswerPart(parts: ExtendParts, body: Uint8Array): void {
    try {
      const answer = parts.add(body);
      if (answer !== undefined) this.#pending?.resolve(answer);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#fail();
    }
  }

  // ------------------------------------------------------------ the end

  onLinkClosed(): void {
    this.#end(CLOSE.linkLost, false);
  }

  /** The handler is not called back. */
  close(reason: CloseReason): void {
    this.#handler = undefined;
    this.#end(reason, true);
  }

  #fail(): void {
    if (this.#state === 'failed' || this.#state === 'closed') return;
    const { env } = this.#options;
    this.#state = 'failed';
    this.#held = [];
    const delayMs = FAILURE_DELAY_MIN_MS + randomBelow(env, FAILURE_DELAY_MAX_MS - FAILURE_DELAY_MIN_MS);
    env.schedule(delayMs, () => {
      this.#pending?.reject(new GlobalNetError('unverified', 'what came back on the circuit is not what its hops sealed'));
      this.#end(CLOSE.ended, true);
    });
  }

  #end(reason: CloseReason, tellHops: boolean): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const { link, id } = this.#options;
    this.#held = [];
    link.dropCircuit(id);
    if (tellHops) link.sendFrame(encodeDestroy(id), 'control');
    this.#options.onEnded();
    this.#pending?.reject(new GlobalNetError('unreachable', 'the circuit ended before it was answered'));
    this.#handler?.onClose(reason);
  }
}
