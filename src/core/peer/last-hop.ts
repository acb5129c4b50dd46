import { concat } from '../bytes/bytes.ts';
import type { Env } from '../env.ts';
import type { CircuitEnd } from '../ports.ts';
import type { RendezvousPoint } from '../service/index.ts';
import { CircuitChannels, Session, type SessionStream } from '../stream/index.ts';
import { REPLY_DATA_MAX_BYTES } from '../wire/geometry.ts';
import { encodeMessage } from '../wire/message.ts';
import { CLOSE, END } from '../wire/registry.ts';

export interface LastHopOptions {
  readonly env: Env;
  readonly point: RendezvousPoint;
  onStream(stream: SessionStream): void;
}

/** A circuit ends here: its channels, a session for what the builder asks us, and a place at the rendezvous point. */
export function acceptCircuit(
  { env, point, onStream }: LastHopOptions,
  end: CircuitEnd,
  early: Uint8Array,
  answer: (replyData: Uint8Array) => void,
): void {
  const replies: Uint8Array[] = [];
  let replied = false;
  // What is asked of a peer itself is never resumed: with its circuit the session goes, and what it held.
  const lost = (): void => session.end(END.sessionLost);
  const session: Session = new Session(env, { opener: false, onStream, onDetach: lost });
  const channels: CircuitChannels = new CircuitChannels(env, end, {
    onMessage(type, content) {
      const known = point.onMessage(channels, type, content, (replyType, replyContent) => {
        if (replied) channels.sendMessage(replyType, replyContent);
        else replies.push(encodeMessage(replyType, replyContent));
      });
      if (!known) channels.close(CLOSE.ended);
    },
    onClose: () => point.onClose(channels),
  });
  channels.control.handler = { onPayload: (payload) => session.acceptEarly(payload), onReady: () => undefined, onClose: lost };
  channels.start(early);
  const reply = (): void => {
    replied = true;
    if (channels.closed) return;
    const messages = concat(...replies);
    answer(concat(messages, session.takeEarly(REPLY_DATA_MAX_BYTES - messages.length)));
    session.attach(channels.control);
  };
  // Who asked for a rendezvous is answered in this very turn; what asks the directory has its answer one turn later, and in the
  // reply instead of behind it.
  if (replies.length > 0) reply();
  else env.schedule(0, reply);
}
