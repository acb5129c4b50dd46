import { WebRtcBridge } from '../../../src/adapters/webrtc-bridge-worker.ts';
import type { WorkerPort } from '../../../src/adapters/worker-port.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { rtcBinding } from '../../../src/core/link/index.ts';
import { rtcPair } from '../../support/bridge-pair.ts';
import { linkCases } from '../../support/link-suite.ts';
import { realEnv } from '../../support/real-env.ts';

/** Runs one case of the suite in a worker whose two bridges lead to the page's WebRTC, and says how it went. */
globalThis.onmessage = ({ data }: MessageEvent<{ name: string; ports: [WorkerPort, WorkerPort] }>) => {
  const [one, two] = data.ports.map((port) => new WebRtcBridge(port, (offerer, answerer) => rtcBinding(nobleCrypto, offerer, answerer)));
  const step = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
  const run = async (): Promise<void> => {
    while (one?.attemptsLeft === 0 || two?.attemptsLeft === 0) await step(); // what the page says first
    const linkCase = linkCases.find(({ name }) => name === data.name);
    await linkCase?.run({ env: realEnv, step, pair: () => rtcPair(one as WebRtcBridge, two as WebRtcBridge) });
  };
  run().then(
    () => globalThis.postMessage('passed'),
    (error: unknown) => globalThis.postMessage(String(error)),
  );
};
