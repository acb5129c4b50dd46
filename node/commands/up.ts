import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { startAppHost, type AppHost } from '../app-host.ts';
import { GnetChild } from '../child.ts';
import type { Command, Invocation } from '../cli/command.ts';
import type { NetworkInfo } from '../../src/shared/network-info.ts';
import { dataFolderOf, openDataFolder, readLocalNetwork, removeLocalNetwork, writeLocalNetwork } from '../data-folder.ts';
import { APP_FOLDER, DEMO_FOLDER } from '../places.ts';
import { lockFolder } from '../folder-lock.ts';
import { type RelayPort, relayPort } from '../relay-port.ts';
import { stopped, unlessStopped } from '../until.ts';

/** Two, because a first circuit waits until two bootstraps agree. */
const BOOTSTRAPS = 2;
/** With the bootstraps, which relay too: three hops on both sides, a rendezvous point between, and three to spare. */
const RELAYS = 8;

export const up: Command = {
  name: 'up',
  usage: '[--port <port>]',
  summary: 'Runs a local network on loopback: the app, two bootstraps, relays, and a demo site. Ctrl-C ends all of it.',
  options: {
    port: { type: 'string', value: '<port>', help: 'where the app listens (default: $PORT, or 8080)', check: portOf, env: 'PORT' },
  },
  positionals: { min: 0, max: 0 },
  serves: true,
  local: true,
  async run(invocation) {
    const port = portOf(invocation.text('port') ?? '8080');
    const folder = dataFolderOf(invocation.text('data'));
    openDataFolder(folder);
    const running = readLocalNetwork(folder);
    if (running !== undefined) {
      throw new GlobalNetError(
        'busy',
        `a local network runs on ${folder} already (process ${running.pid}): open ${running.app}, or name another folder with --data`,
      );
    }
    const release = await lockFolder(folder);
    const network = new LocalNetwork(folder, invocation);
    try {
      await unlessStopped(network.start(port), invocation.stop);
      await stopped(invocation.stop);
    } finally {
      if (invocation.stop.aborted) invocation.output.note('Stopping…');
      await network.stop();
      release();
    }
  },
};

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535 || text === '') {
    throw new GlobalNetError('malformed', `a port is a number from 0 (any free one) to 65535, not '${text}'`);
  }
  return port;
}

function relayHost(index: number): string {
  return `127.${10 + index}.0.1`;
}

class LocalNetwork {
  #host: AppHost | undefined;
  readonly #children: GnetChild[] = [];
  /** What the app host tells a tab. */
  readonly #config: NetworkInfo = { bootstraps: [] };
  #isReady = false;
  #stopping = false;
  #port: RelayPort | undefined;

  constructor(
    private readonly folder: string,
    private readonly invocation: Invocation,
  ) {}

  async start(port: number): Promise<void> {
    const { output } = this.invocation;
    // First, so that a port in use is said before anything else starts.
    this.#host = await startAppHost({ port, folder: APP_FOLDER, network: () => this.#config });
    this.#port = await relayPort(
      this.folder,
      Array.from({ length: BOOTSTRAPS + RELAYS }, (_, i) => relayHost(i)),
    );
    output.note('Starting two bootstraps…');
    const bootstraps = Array.from({ length: BOOTSTRAPS }, (_, i) => this.#relay(`bootstrap-${i + 1}`, i, []));
    this.#config.bootstraps = (await Promise.all(bootstraps.map((child) => child.line('listens')))).map((line) => ({
      url: String(line['listens']),
      peer: String(line['peer']),
    }));
    const urls = this.#config.bootstraps.map(({ url }) => url);
    output.note(`Starting ${RELAYS} relays…`);
    const relays = Array.from({ length: RELAYS }, (_, i) => this.#relay(`relay-${i + 1}`, BOOTSTRAPS + i, urls));
    await Promise.all(relays.map((child) => child.line('listens')));
    writeLocalNetwork(this.folder, { pid: process.pid, app: this.#host.url, bootstraps: urls });
    if (relays.some((child) => child.has('blockedUntilMs'))) {
      output.note(
        'The last run was killed: its relays must not use their keys of this epoch again, and relay from the next one on.\nThat takes up to 10 minutes; an empty folder (--data) is ready at once.',
      );
    }
    const published = output.waiting(() => 'Publishing the demo site…');
    const demo = this.#child('demo', ['seed', DEMO_FOLDER, '--name', 'demo']);
    const { address } = await demo.line('address').finally(published);
    this.#isReady = true;
    this.#config.demo = String(address);
    output.say(`GlobalNet ready: ${this.#host.url}`, { ready: this.#host.url, bootstraps: urls, demo: address, data: this.folder });
    output.note(`Demo site ${address}\nBootstraps ${urls.join(' ')}\nData folder ${this.folder}\nCtrl-C ends all of it.`);
  }

  /** Each relay listens in a /16 of its own, as relays of different networks would: the rule that no path uses one /16 twice holds here too. */
  #relay(name: string, index: number, joins: readonly string[]): GnetChild {
    return this.#child(name, [
      'relay',
      '--listen',
      `${relayHost(index)}:${this.#port?.port}`,
      '--name',
      name,
      '--stable',
      ...joins.flatMap((url) => ['--join', url]),
    ]);
  }

  #child(name: string, args: readonly string[]): GnetChild {
    if (this.#stopping) throw new GlobalNetError('cancelled', 'stopped');
    const child = new GnetChild(name, [...args, '--data', this.folder], (_, why) => {
      if (this.#isReady && !this.#stopping) this.invocation.output.note(`${name} ended (${why}); the others go on.`);
    });
    this.#children.push(child);
    return child;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    removeLocalNetwork(this.folder);
    await Promise.all([this.#host?.close(), ...this.#children.map((child) => child.stop())]);
    this.#port?.release();
  }
}
