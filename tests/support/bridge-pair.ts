import { WebRtcBridgePage } from '../../src/adapters/webrtc-bridge-page.ts';
import { WebRtcBridge } from '../../src/adapters/webrtc-bridge-worker.ts';
import type { WorkerPort } from '../../src/adapters/worker-port.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import { rtcBinding } from '../../src/core/link/index.ts';
import type { Transport } from '../../src/core/ports.ts';
import { CONNECT_TRIES } from '../../src/core/signal/constants.ts';
import type { RtcPort } from '../../src/core/signal/types.ts';

/** Two transports over WebRTC, offer and answer handed over by hand; tried again as often as by a dialer. */
export async function rtcPair(offerer: RtcPort, answerer: RtcPort, triesLeft = CONNECT_TRIES - 1): Promise<[Transport, Transport]> {
  const offer = await offerer.offer();
  const answer = await answerer.answer(offer.description);
  try {
    return [await offer.accept(answer.description), await answer.transport];
  } catch (error) {
    if (triesLeft === 0) throw error;
    return rtcPair(offerer, answerer, triesLeft - 1);
  }
}

/** A bridge whose two sides talk over a channel of messages, as page and worker do. `rtc` binds by `concat`. */
export function bridged(rtc: RtcPort): { bridge: WebRtcBridge; page: WebRtcBridgePage } {
  const { port1, port2 } = new MessageChannel() as unknown as { port1: WorkerPort; port2: WorkerPort };
  const page = new WebRtcBridgePage(port1, rtc);
  const bridge = new WebRtcBridge(port2, (offerer, answerer) => rtcBinding(nobleCrypto, offerer, answerer));
  return { bridge, page };
}
