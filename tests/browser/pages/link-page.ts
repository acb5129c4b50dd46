import { WebRtcBridgePage } from '../../../src/adapters/webrtc-bridge-page.ts';
import { pageWebRtc } from '../../../src/adapters/webrtc-page.ts';
import { webSocketDialer } from '../../../src/adapters/websocket-transport.ts';
import type { PeerId } from '../../../src/core/bytes/index.ts';
import { concat, fromHex, hex } from '../../../src/core/bytes/bytes.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { rtcBinding } from '../../../src/core/link/index.ts';
import type { RtcOffer } from '../../../src/core/signal/index.ts';
import { rtcPair } from '../../support/bridge-pair.ts';
import { echoOn, sendAndCheck } from '../../support/link-echo.ts';
import { check, linkCases, type LinkSetup, TestEnd } from '../../support/link-suite.ts';
import { realEnv } from '../../support/real-env.ts';

/**
 * A tab that does what its test says: runs a case of the suite here or in a worker, or is one end of a link whose other end
 * is another tab or Node. Descriptions cross as hexadecimal text.
 */
const rtc = pageWebRtc({ bind: (offerer, answerer) => rtcBinding(nobleCrypto, offerer, answerer) });
const end = new TestEnd(realEnv);
let offer: RtcOffer | undefined;

const step = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

const setup: LinkSetup = { env: realEnv, step, pair: () => rtcPair(rtc, rtc) };

function runInWorker(name: string): Promise<string> {
  const worker = new Worker(new URL('./link-worker.ts', import.meta.url), { type: 'module' });
  const forWorker = pageWebRtc({ bind: concat });
  const ports = [new MessageChannel(), new MessageChannel()];
  const pages = ports.map(({ port1 }) => new WebRtcBridgePage(port1, forWorker));
  return new Promise<string>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(
      { name, ports: ports.map(({ port2 }) => port2) },
      ports.map(({ port2 }) => port2),
    );
  }).finally(() => {
    for (const page of pages) page.close();
    worker.terminate();
  });
}

export const linkPage = {
  peer: end.peer,
  runInWorker,
  async run(name: string): Promise<string> {
    const linkCase = linkCases.find((candidate) => candidate.name === name);
    check(linkCase, `a case is named ${name}`);
    await linkCase.run(setup);
    return 'passed';
  },
  async offer(): Promise<string> {
    offer = await rtc.offer();
    return hex(offer.description);
  },
  async accept(answer: string, expected: string): Promise<void> {
    check(offer, 'an offer was made');
    end.links.adopt(await offer.accept(fromHex(answer)), expected as PeerId);
  },
  async answer(description: string): Promise<string> {
    const answer = await rtc.answer(fromHex(description));
    void answer.transport.then((transport) => end.links.adopt(transport));
    return hex(answer.description);
  },
  async dial(url: string, expected: string): Promise<void> {
    end.links.adopt(await webSocketDialer.dial({ peer: undefined, url }), expected as PeerId);
  },
  echo: () => echoOn(end),
  sendAndCheck: (frames: number) => sendAndCheck({ step }, end, frames),
};

export type LinkPage = typeof linkPage;

(globalThis as { linkPage?: LinkPage }).linkPage = linkPage;
