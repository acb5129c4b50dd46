import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { MetricsServer } from '../metrics/index.ts';
import type { Option } from './command.ts';
import type { Output } from './output.ts';
import { type HostAndPort, listenOf } from './tcp-target.ts';

const LOOPBACK = '127.0.0.1';
/** Where collectors look for programs that have no port of their own. */
const DEFAULT_PORT = 9464;

export const METRICS_OPTION: Option = {
  type: 'string',
  value: '<[ip:]port>',
  bare: 'on',
  help: `serve numbers for Prometheus: at ${LOOPBACK}:${DEFAULT_PORT}, or where it says; a port alone is on ${LOOPBACK}; 'off' takes it back`,
  check: metricsOf,
};

/** Where to serve them; undefined: nowhere. @throws GlobalNetError `malformed`. */
export function metricsOf(text: string | undefined): HostAndPort | undefined {
  if (text === undefined || text === 'off') return undefined;
  if (text === 'on') return { host: LOOPBACK, port: DEFAULT_PORT };
  try {
    return listenOf(text);
  } catch (error) {
    throw new GlobalNetError('malformed', `--metrics wants on, off, a port, or an IP address and a port, not '${text}'`, { cause: error });
  }
}

/** Where they are, once the peer runs. */
export function sayMetrics({ metrics }: { readonly metrics: MetricsServer | undefined }, output: Output): void {
  if (metrics === undefined) return;
  output.say(`Metrics  ${metrics.url}`, { metrics: metrics.url });
  if (metrics.isOpen) output.note('Whoever reaches this port sees when this peer is busy: that helps to tell whose traffic passes it.');
}
