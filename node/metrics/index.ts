/** Numbers about a peer for Prometheus, off unless asked for. Not here: what the owner asks at the control socket (node/control). */
import type { HostAndPort } from '../cli/tcp-target.ts';
import { expositionOf } from './exposition.ts';
import { LoopLag } from './loop-lag.ts';
import { type Measured, peerMetrics, processMetrics } from './peer-metrics.ts';
import { type MetricsServer, startMetricsServer } from './server.ts';

export type { Measured } from './peer-metrics.ts';
export type { MetricsServer } from './server.ts';

/** @param peer undefined until it has started. @throws as `startMetricsServer`. */
export async function startMetrics(at: HostAndPort, role: string, peer: () => Measured | undefined): Promise<MetricsServer> {
  const lag = new LoopLag();
  const text = (): string => {
    const started = peer();
    return expositionOf([...(started === undefined ? [] : peerMetrics(role, started)), ...processMetrics(), lag.metric()]);
  };
  try {
    const server = await startMetricsServer(at, text);
    return {
      ...server,
      close() {
        lag.stop();
        server.close();
      },
    };
  } catch (error) {
    lag.stop();
    throw error;
  }
}
