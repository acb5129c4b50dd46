/** One cell at a time through three relays: what a relay's turn takes beside the least that Node takes for such a message. CPU, so that it says the same on a busy machine. */
import { connect } from 'node:net';
import { RELAY_NODE_FLAGS } from '../node/child.ts';
import { BARE_MESSAGE_BYTES, onMessages } from './bare-messages.ts';
import { CHAIN_RELAYS, cpuSecondsOf, startChain } from './chain.ts';
import { type Bench, median } from './harness.ts';
import { Child } from './testbed.ts';

const ROUNDS = 9;
/** Of a round: cells there and as many back. */
const CELLS = 2000;

interface Contender {
  /** All but the last, where cells end. */
  readonly relays: readonly Child[];
  /** A cell there and one back. */
  turn(): Promise<void>;
  stop(): Promise<unknown>;
}

async function onionChain(): Promise<Contender> {
  const { relays, source, stop } = await startChain('onion', { cellsPerAnswer: 1 });
  return { relays: relays.slice(0, -1), stop, turn: () => source.send(1) };
}

async function bareChain(): Promise<Contender> {
  const relays: Child[] = [];
  let port = '';
  for (let i = 0; i < CHAIN_RELAYS; i++) {
    const relay = new Child('bare relay', [...RELAY_NODE_FLAGS, '--import', 'tsx', 'bench/bare-relay.ts', ...(port === '' ? [] : [port])]);
    relays.unshift(relay);
    port = String((await relay.line('port'))['port']);
  }
  const socket = connect(Number(port), '127.0.0.1').setNoDelay(true);
  let onAnswer = (): void => undefined;
  onMessages(socket, () => onAnswer());
  const message = new Uint8Array(BARE_MESSAGE_BYTES);
  return {
    relays: relays.slice(0, -1),
    turn: () =>
      new Promise((resolve) => {
        onAnswer = resolve;
        socket.write(message);
      }),
    async stop() {
      socket.destroy();
      await Promise.all(relays.map((relay) => relay.stop()));
    },
  };
}

/** µs of CPU that a cell takes a relay. */
async function round({ relays, turn }: Contender): Promise<number> {
  const start = cpuSecondsOf(relays);
  for (let cell = 0; cell < CELLS; cell++) await turn();
  return ((cpuSecondsOf(relays) - start) * 1e6) / (2 * CELLS);
}

const bench: Bench = async (report) => {
  const [onion, bare] = [await onionChain(), await bareChain()];
  try {
    const [onions, bares]: [number[], number[]] = [[], []];
    for (let i = 0; i <= ROUNDS; i++) {
      const [first, second] = [await round(onion), await round(bare)];
      if (i === 0) report('the first 4000', { value: first, unit: 'µs of CPU a cell', versus: 'bare', ratio: first / second });
      else {
        onions.push(first);
        bares.push(second);
      }
    }
    report('', { value: median(onions), unit: 'µs of CPU a cell', versus: 'bare', ratio: median(onions) / median(bares) });
    report('bare: TCP, one AEAD', { value: median(bares), unit: 'µs of CPU a cell' });
  } finally {
    await Promise.all([onion.stop(), bare.stop()]);
  }
};

export default bench;
