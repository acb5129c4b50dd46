import type { PeerId } from '../bytes/brand.ts';
import { DecodeError } from '../bytes/errors.ts';
import type { Link } from '../ports.ts';
import { CELL_AT, encodeDestroy, newCell } from '../wire/cell.ts';
import { decodeExtendRequest, encodeExtendAnswer, encodeExtendParts, ExtendParts, expandSetup, isExtendPart } from '../wire/extend.ts';
import { frameContent, newFrame, writeFrameHeader } from '../wire/frame.ts';
import { KEY_BYTES } from '../wire/geometry.ts';
import { CLOSE, type CloseReason, FRAME, MESSAGE } from '../wire/registry.ts';
import { LOW_WATER_CELLS } from './constants.ts';
import { HopLayer } from './hop-layer.ts';
import { LastHopEnd } from './last-hop-end.ts';
import { buildReply, type FreshKeys, freshKeys, type PeeledSetup, sealReply } from './setup-hop.ts';
import type { CircuitSide, OnLastHop, RelayCircuitHost, RelayCircuitState } from './types.ts';

/**
 * One circuit at one hop.
 *
 * 1. One reply, before any cell. What breaks this order ends the circuit.
 * 2. A cell that does not verify ends the circuit, and nothing else: it is no evidence against the peer that brought it.
 * 3. No more than `limits.queuedCells` cells wait on either link.
 * 4. A last hop is left behind once; between request and answer no cell comes from the builder.
 * 5. Each end looks the same from outside: one destroy with the public reason, to the sides that do not know yet.
 */
export class RelayCircuit {
  readonly #host: RelayCircuitHost;
  readonly #peeled: PeeledSetup;
  readonly previous: CircuitSide;
  #next: CircuitSide | undefined;
  #state: RelayCircuitState = 'linking';
  #fresh: FreshKeys | undefined;
  #layer: HopLayer | undefined;
  #end: LastHopEnd | undefined;
  #extendParts: ExtendParts | undefined;
  #drainArmed = false;
  #halfBuilt = true;
  #stopClock: () => void;

  constructor(host: RelayCircuitHost, previous: CircuitSide, peeled: PeeledSetup) {
    this.#host = host;
    this.previous = previous;
    this.#peeled = peeled;
    this.#stopClock = this.#startClock();
  }

  get state(): RelayCircuitState {
    return this.#state;
  }

  get next(): CircuitSide | undefined {
    return this.#next;
  }

  // ------------------------------------------------------------ setup

  /** Sends the peeled packet on, in the frame that it came in. */
  forward(next: PeerId, frame: Uint8Array): void {
    this.#withLink(next, (link) => {
      this.#state = 'waiting';
      this.#sendSetup(link, frame);
      // The packet goes first: the hop's own key exchange can wait until this turn is over.
      this.#host.env.schedule(0, () => {
        if (this.#state !== 'closed') this.#keys();
      });
    });
  }

  /** Hands the circuit to its owner here, who answers when it likes, before the deadline. */
  endHere(name: string, onLastHop: OnLastHop): void {
    this.#state = 'waiting';
    const end = new LastHopEnd(name, {
      sendOwn: (body) => this.#sendOwn(body),
      close: () => this.close(CLOSE.ended),
      queuedCells: () => this.previous.link.queuedFrames(this.previous.id),
    });
    this.#end = end;
    onLastHop(end, this.#peeled.early, (data) => this.#answer(data));
  }

  /** Calls back with the link at once when there is one, so that the usual case takes no turn of the promise queue. */
  #withLink(next: PeerId, go: (link: Link) => void): void {
    const found = this.#host.linkToNext(next, this.previous.link);
    const arrived = (link: Link | undefined) => {
      if (this.#state === 'closed') return;
      if (link === undefined) this.close(CLOSE.ended);
      else go(link);
    };
    if (found instanceof Promise) found.then(arrived, () => arrived(undefined));
    else arrived(found);
  }

  #sendSetup(link: Link, frame: Uint8Array): void {
    const id = link.newCircuitId();
    this.#next = { link, id };
    this.#host.onNext(this, link, id);
    writeFrameHeader(frame, id, FRAME.setup);
    link.sendFrame(frame, 'relayed');
  }

  #keys(): FreshKeys {
    const { env } = this.#host;
    if (this.#fresh === undefined) {
      const secret = env.random(KEY_BYTES);
      this.#fresh = freshKeys(env.crypto, this.#peeled, secret);
      secret.fill(0); // who seizes this relay later has the onion key at best
    }
    return this.#fresh;
  }

  // ------------------------------------------------------------ reply

  /** From the next hop. */
  onReply(frame: Uint8Array): void {
    if (this.#state === 'waiting' && this.#next !== undefined) {
      const { fresh, keys } = this.#keys();
      sealReply(this.#host.env.crypto.aead, this.#peeled.keys.reply, fresh, frameContent(frame));
      this.#layer = new HopLayer(this.#host.env.crypto.aead, keys);
      this.#settle('relaying');
      writeFrameHeader(frame, this.previous.id, FRAME.reply);
      this.previous.link.sendFrame(frame, 'relayed');
    } else if (this.#state === 'growing' && this.#next !== undefined) {
      for (const body of encodeExtendParts(MESSAGE.extended, encodeExtendAnswer(frameContent(frame)))) this.#sendOwn(body);
      this.#settle('relaying');
    } else this.close(CLOSE.ended);
  }

  #answer(data: Uint8Array): void {
    if (this.#state !== 'waiting') return;
    const { aead } = this.#host.env.crypto;
    const own = this.#keys();
    const frame = newFrame(this.previous.id, FRAME.reply);
    frameContent(frame).set(buildReply(aead, this.#peeled.keys.reply, own, data));
    this.#layer = new HopLayer(aead, own.keys);
    this.#settle('last');
    this.previous.link.sendFrame(frame, 'own');
    this.#end?.onAnswered();
  }

  #settle(state: 'relaying' | 'last'): void {
    this.#state = state;
    this.#stopClock();
    if (!this.#halfBuilt) return;
    this.#halfBuilt = false;
    this.#host.onSettled(this.previous.link);
  }

  #startClock(): () => void {
    const { env, limits } = this.#host;
    return env.schedule(limits.replyDeadlineMs, () => this.close(CLOSE.timeout));
  }

  // ------------------------------------------------------------ cells

  /** From the builder's side. */
  onForwardCell(frame: Uint8Array): void {
    const layer = this.#layer;
    if (layer === undefined || (this.#state !== 'relaying' && this.#state !== 'last')) this.close(CLOSE.ended);
    else if (!layer.openForward(frame)) this.close(CLOSE.ended);
    else if (this.#state === 'last') this.#onBody(frame.subarray(CELL_AT.body));
    else this.#sendOn(this.#next as CircuitSide, frame);
  }

  /** From the next hop. */
  onBackCell(frame: Uint8Array): void {
    if (this.#state !== 'relaying') return this.close(CLOSE.ended);
    (this.#layer as HopLayer).sealBack(frame);
    this.#sendOn(this.previous, frame);
  }

  #sendOn({ link, id }: CircuitSide, frame: Uint8Array): void {
    if (link.queuedFrames(id) >= this.#host.limits.queuedCells) return this.close(CLOSE.budget);
    writeFrameHeader(frame, id, FRAME.cell);
    link.sendFrame(frame, 'relayed');
    this.#host.onRelayed();
  }

  #sendOwn(body: Uint8Array): void {
    if (this.#layer === undefined || this.#state === 'closed') return;
    const { link, id } = this.previous;
    const frame = newCell(id, body);
    this.#layer.sealOwn(frame);
    link.sendFrame(frame, 'own');
    if (this.#drainArmed || link.queuedFrames(id) < LOW_WATER_CELLS) return;
    this.#drainArmed = true;
    link.whenQueueBelow(id, LOW_WATER_CELLS, () => {
      this.#drainArmed = false;
      this.#end?.handler?.onDrain();
    });
  }

  #onBody(body: Uint8Array): void {
    if (this.#extendParts === undefined && !isExtendPart(MESSAGE.extend, body)) {
      this.#end?.handler?.onBody(body);
      return;
    }
    this.#extendParts ??= new ExtendParts(MESSAGE.extend);
    try {
      const request = this.#extendParts.add(body);
      if (request !== undefined) this.#grow(request);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.close(CLOSE.ended);
    }
  }

  /** @throws DecodeError */
  #grow(bytes: Uint8Array): void {
    const request = decodeExtendRequest(bytes);
    if (!this.#host.mayExtend(this.previous.link)) return this.close(CLOSE.ended);
    this.#state = 'growing';
    this.#stopClock = this.#startClock();
    const end = this.#end;
    this.#end = undefined;
    end?.onOver(CLOSE.ended);
    this.#withLink(request.next, (link) => {
      const frame = newFrame(0, FRAME.setup);
      frameContent(frame).set(expandSetup(this.#host.env.crypto.aead, request));
      this.#sendSetup(link, frame);
    });
  }

  // ------------------------------------------------------------ the end

  /** The circuit has ended beyond one of its sides, or that side's link is gone. */
  onGone(fromBuilder: boolean, reason: CloseReason): void {
    this.close(reason, fromBuilder ? this.previous : this.#next);
  }

  /** @param reason for the owner of a last hop's end; the wire never shows it. @param except the side that needs not be told. */
  close(reason: CloseReason, except?: CircuitSide): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#stopClock();
    for (const side of [this.previous, this.#next]) {
      if (side === undefined) continue;
      side.link.dropCircuit(side.id);
      if (side !== except) side.link.sendFrame(encodeDestroy(side.id), 'control');
    }
    if (this.#halfBuilt) this.#host.onSettled(this.previous.link);
    this.#halfBuilt = false;
    this.#host.onEnded(this);
    const end = this.#end;
    this.#end = undefined;
    end?.onOver(reason);
  }
}
