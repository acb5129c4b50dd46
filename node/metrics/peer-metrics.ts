import type { Peer } from '../../src/core/peer/index.ts';
import { version } from '../places.ts';
import type { Metric, Sample } from './exposition.ts';

export type Measured = Pick<Peer, 'status' | 'streams' | 'links' | 'relay'>;

/** First words of a circuit's purpose. All else counts as `other`: a label never says where somebody went. */
const PURPOSES = ['spare', 'question', 'visit', 'host', 'tunnel', 'exit'];
const LINK_KINDS = ['websocket', 'webrtc'];

/** Numbers of one peer. No peer, address or port is among the labels. */
export function peerMetrics(role: string, peer: Measured): Metric[] {
  const status = peer.status();
  const { sentBytes, receivedBytes } = peer.links.totals;
  const relay = peer.relay.stats;
  const { services } = status;
  const sum = (of: (service: (typeof services)[number]) => number): number => services.reduce((total, service) => total + of(service), 0);
  return [
    gauge('gnet_info', 'Always 1; version and role are labels.', [{ labels: { version: version(), role }, value: 1 }]),
    gauge('gnet_uptime_seconds', 'Since this peer started.', status.upMs / 1000),
    gauge('gnet_joined', '1 once it has joined, 0 while it has not.', status.join.step === 'ready' ? 1 : 0),
    gauge('gnet_known_relays', 'Peers it holds a current descriptor of.', status.knownRelays),
    gauge(
      'gnet_links',
      'Links that stand.',
      countsOf('kind', LINK_KINDS, status.links, ({ kind }) => kind),
    ),
    counter('gnet_link_sent_bytes_total', 'Bytes sent over links, all purposes together.', sentBytes),
    counter('gnet_link_received_bytes_total', 'Bytes received over links, all purposes together.', receivedBytes),
    gauge(
      'gnet_circuits',
      'Circuits that it has built.',
      countsOf('purpose', PURPOSES, status.circuits, ({ purpose }) => wordOf(purpose)),
    ),
    gauge('gnet_relayed_circuits', 'Circuits of others that pass or end here.', relay.circuits),
    counter('gnet_relayed_bytes_total', 'Bytes of cells relayed for others.', status.relayedBytes),
    counter('gnet_refused_setups_total', 'Circuits of others that it did not take.', relay.refusedSetups),
    gauge('gnet_exit_connections', 'Connections to the clear network that are open for others.', status.exitConnections),
    gauge(
      'gnet_streams',
      'Streams that are not over: of its own visits, and of its visitors.',
      countsOf('of', ['visit', 'visitor'], peer.streams(), ({ ours }) => (ours ? 'visit' : 'visitor')),
    ),
    gauge('gnet_services', 'Hidden services served here.', services.length),
    gauge(
      'gnet_service_points',
      'Rendezvous points of all of them that stand.',
      sum(({ points }) => points.length),
    ),
    gauge(
      'gnet_service_visitors',
      'Visitors of all of them.',
      sum(({ visitors }) => visitors),
    ),
    gauge(
      'gnet_service_effort',
      'Hashes asked of a visitor, by the service that asks most; 0 while none does.',
      Math.max(0, ...services.map(({ effort }) => effort)),
    ),
  ];
}

/** The process it runs in, by the names that every collector knows. */
export function processMetrics(): Metric[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    gauge('process_resident_memory_bytes', 'Resident memory.', rss),
    gauge('nodejs_heap_size_used_bytes', 'Heap in use.', heapUsed),
    counter('process_cpu_seconds_total', 'Processor time, all threads.', (user + system) / 1e6),
    gauge('process_start_time_seconds', 'Start, in seconds since 1970.', Date.now() / 1000 - process.uptime()),
  ];
}

function wordOf(purpose: string): string {
  return purpose.split(' ', 1)[0] as string;
}

/** How many there are of each name; others that come up count as `other`. */
function countsOf<Item>(label: string, names: readonly string[], items: readonly Item[], nameOf: (item: Item) => string): Sample[] {
  const counts = new Map([...names, 'other'].map((name) => [name, 0]));
  for (const item of items) {
    const name = names.includes(nameOf(item)) ? nameOf(item) : 'other';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function gauge(name: string, help: string, values: number | readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples: typeof values === 'number' ? [{ value: values }] : values };
}

function counter(name: string, help: string, value: number): Metric {
  return { name, type: 'counter', help, samples: [{ value }] };
}
