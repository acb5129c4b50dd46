import { messageCounts } from '../wire/channel.ts';
import { MESSAGE_HEADER_BYTES } from '../wire/geometry.ts';
import { type Message, readMessages } from '../wire/message.ts';
import { MESSAGE } from '../wire/registry.ts';

export interface ControlReader {
  closed(): boolean;
  /** Stream messages that stand together, as one view. */
  onStreams(messages: Uint8Array): void;
  onMessage(message: Message): void;
}

/** Deals the messages of channel 0 out in their order; stops when the circuit closes under it. True when a cell of them counts.
 * @throws DecodeError */
export function readControl(payload: Uint8Array, reader: ControlReader): boolean {
  let counts = false;
  let start = 0;
  let end = 0;
  for (const message of readMessages(payload)) {
    if (reader.closed()) return false;
    counts ||= messageCounts(message.type);
    const at = message.content.byteOffset - payload.byteOffset - MESSAGE_HEADER_BYTES;
    if (message.type >= MESSAGE.streamOpen) {
      if (at !== end) start = at;
      end = at + MESSAGE_HEADER_BYTES + message.content.length;
      continue;
    }
    if (end > start) reader.onStreams(payload.subarray(start, end));
    start = end = 0;
    reader.onMessage(message);
  }
  if (end > start && !reader.closed()) reader.onStreams(payload.subarray(start, end));
  return counts;
}
