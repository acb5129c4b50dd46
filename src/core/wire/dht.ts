import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { DESCRIPTOR_MAX_BYTES, DHT_NODES_MAX, DHT_VALUE_MAX_BYTES, DHT_VALUES_MAX, HASH_BYTES, ID_PREFIX_BYTES } from './geometry.ts';
import { DHT, END, type EndReason, FIND, KEEP, type KeepResult } from './registry.ts';

/**
 * Requests and answers of a dht stream: one request, one answer, first byte DHT.
 *
 *   find    how 1 (FIND), key 32                   to any store peer: run the query
 *   store   value 2 + n                            to any store peer: bring it to its sixteen
 *   route   hops left 1, budget 2 (ms), target 32, known
 *                                                  between store peers: who else is nearest to the target?
 *   fetch   position 1 (0 or 1), key 32, known     what do you hold, and who else is nearest to that position of the key?
 *   keep    value 2 + n                            hold this
 *   values  count 1, values 2 + n each; count 1, descriptors 2 + n each
 *   nodes   count 1, descriptors 2 + n each
 *   stored  kept 1, result 1 (KEEP), effort 4      by how many; the commonest refusal; the work wanted
 *   error   reason 1 (END)
 *
 * known: count 1, then the first 8 bytes of the ids that the asker need not be told.
 */
export type DhtRequest =
  | {
      readonly type: 'find';
      /** Name who answered. */
      readonly responders: boolean;
      /** What the first holders say will do: an older serial than others hold does no harm. */
      readonly soon: boolean;
      readonly key: Uint8Array;
    }
  | { readonly type: 'store'; readonly value: Uint8Array }
  | {
      readonly type: 'route';
      readonly hopsLeft: number;
      readonly budgetMs: number;
      readonly target: Uint8Array;
      readonly known: readonly Uint8Array[];
    }
  | { readonly type: 'fetch'; readonly position: 0 | 1; readonly key: Uint8Array; readonly known: readonly Uint8Array[] }
  | { readonly type: 'keep'; readonly value: Uint8Array };

export type DhtAnswer =
  | { readonly type: 'values'; readonly values: readonly Uint8Array[]; readonly nodes: readonly Uint8Array[] }
  | { readonly type: 'nodes'; readonly nodes: readonly Uint8Array[] }
  | { readonly type: 'stored'; readonly kept: number; readonly result: KeepResult; readonly effort: number }
  | { readonly type: 'error'; readonly reason: EndReason };

/** The longest answer that an asker reads. */
export const DHT_ANSWER_MAX_BYTES = 3 + DHT_VALUES_MAX * (2 + DHT_VALUE_MAX_BYTES) + DHT_NODES_MAX * (2 + DESCRIPTOR_MAX_BYTES);

export function encodeDhtRequest(request: DhtRequest): Uint8Array {
  const writer = new Writer(64).u8(DHT[request.type]);
  switch (request.type) {
    case 'find':
      return writer
        .u8((request.responders ? FIND.responders : 0) | (request.soon ? FIND.soon : 0))
        .raw(request.key)
        .done();
    case 'route':
      writer.u8(request.hopsLeft).u16(request.budgetMs).raw(request.target);
      return writeKnown(writer, request.known).done();
    case 'fetch':
      return writeKnown(writer.u8(request.position).raw(request.key), request.known).done();
    case 'store':
    case 'keep':
      return writer.bytes16(request.value).done();
  }
}

function readBit(reader: Reader, field: string): 0 | 1 {
  const value = reader.u8(field);
  return value === 0 || value === 1 ? value : reader.fail(`${field} is ${value}, not 0 or 1`);
}

function writeKnown(writer: Writer, known: readonly Uint8Array[]): Writer {
  writer.u8(known.length);
  for (const prefix of known) writer.raw(prefix);
  return writer;
}

function readKnown(reader: Reader): Uint8Array[] {
  const count = reader.u8('known count');
  if (count > DHT_NODES_MAX) reader.fail(`${count} known peers, at most ${DHT_NODES_MAX}`);
  return Array.from({ length: count }, () => reader.raw(ID_PREFIX_BYTES, 'known'));
}

function readFind(reader: Reader): DhtRequest {
  const how = reader.u8('how');
  if ((how & ~(FIND.responders | FIND.soon)) !== 0) reader.fail(`how is ${how}`);
  const [responders, soon] = [(how & FIND.responders) !== 0, (how & FIND.soon) !== 0];
  return { type: 'find', responders, soon, key: reader.raw(HASH_BYTES, 'key') };
}

function readRoute(reader: Reader): DhtRequest {
  const [hopsLeft, budgetMs] = [reader.u8('hops left'), reader.u16('budget')];
  return { type: 'route', hopsLeft, budgetMs, target: reader.raw(HASH_BYTES, 'target'), known: readKnown(reader) };
}

function readFetch(reader: Reader): DhtRequest {
  const position = readBit(reader, 'position');
  return { type: 'fetch', position, key: reader.raw(HASH_BYTES, 'key'), known: readKnown(reader) };
}

function readRequest(reader: Reader): DhtRequest {
  const type = reader.u8('type');
  switch (type) {
    case DHT.find:
      return readFind(reader);
    case DHT.store:
      return { type: 'store', value: reader.bytes16(DHT_VALUE_MAX_BYTES, 'value') };
    case DHT.route:
      return readRoute(reader);
    case DHT.fetch:
      return readFetch(reader);
    case DHT.keep:
      return { type: 'keep', value: reader.bytes16(DHT_VALUE_MAX_BYTES, 'value') };
    default:
      return reader.fail(`no request has the type ${type}`);
  }
}

/** @throws DecodeError */
export function decodeDhtRequest(bytes: Uint8Array): DhtRequest {
  const reader = new Reader(bytes, 'dht request');
  const request = readRequest(reader);
  reader.end();
  return request;
}

function writeList(writer: Writer, items: readonly Uint8Array[]): void {
  writer.u8(items.length);
  for (const item of items) writer.bytes16(item);
}

export function encodeDhtAnswer(answer: DhtAnswer): Uint8Array {
  const writer = new Writer(1024).u8(DHT[answer.type]);
  switch (answer.type) {
    case 'values':
      writeList(writer, answer.values);
      writeList(writer, answer.nodes);
      break;
    case 'nodes':
      writeList(writer, answer.nodes);
      break;
    case 'stored':
      writer.u8(answer.kept).u8(answer.result).u32(answer.effort);
      break;
    case 'error':
      writer.u8(answer.reason);
  }
  return writer.done();
}

function readList(reader: Reader, maxCount: number, maxBytes: number, field: string): Uint8Array[] {
  const count = reader.u8(`${field} count`);
  if (count > maxCount) reader.fail(`${count} ${field}s, at most ${maxCount}`);
  return Array.from({ length: count }, () => reader.bytes16(maxBytes, field));
}

function readStored(reader: Reader): DhtAnswer {
  const kept = reader.u8('kept');
  const result = reader.u8('result');
  if (result > KEEP.refused) reader.fail(`no result has the number ${result}`);
  return { type: 'stored', kept, result: result as KeepResult, effort: reader.u32('effort') };
}

function readError(reader: Reader): DhtAnswer {
  const reason = reader.u8('reason');
  if (reason > END.full) reader.fail(`no reason has the number ${reason}`);
  return { type: 'error', reason: reason as EndReason };
}

function readAnswer(reader: Reader): DhtAnswer {
  const nodes = () => readList(reader, DHT_NODES_MAX, DESCRIPTOR_MAX_BYTES, 'node');
  const type = reader.u8('type');
  switch (type) {
    case DHT.values:
      return { type: 'values', values: readList(reader, DHT_VALUES_MAX, DHT_VALUE_MAX_BYTES, 'value'), nodes: nodes() };
    case DHT.nodes:
      return { type: 'nodes', nodes: nodes() };
    case DHT.stored:
      return readStored(reader);
    case DHT.error:
      return readError(reader);
    default:
      return reader.fail(`no answer has the type ${type}`);
  }
}

/** @throws DecodeError */
export function decodeDhtAnswer(bytes: Uint8Array): DhtAnswer {
  const reader = new Reader(bytes, 'dht answer');
  const answer = readAnswer(reader);
  reader.end();
  return answer;
}
