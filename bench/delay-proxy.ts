/**
 * TCP forwarders that hold what passes, as a long line would: in order, without a limit on its rate. A program of its own, so that its work
 * shows in nobody's figures: `node --import tsx bench/delay-proxy.ts <one way, ms> <listen ip:port>=<target ip:port>…`.
 * Says "ready" when all listen.
 */
import { createServer, type Socket, connect } from 'node:net';

const [oneWay = '', ...routes] = process.argv.slice(2);
const oneWayMs = Number(oneWay);

/** Calls each task `oneWayMs` after it was added, in the order of adding. */
class Line {
  #waiting: { dueMs: number; task: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(task: () => void): void {
    this.#waiting.push({ dueMs: performance.now() + oneWayMs, task });
    this.#timer ??= setTimeout(this.#run, oneWayMs);
  }

  readonly #run = (): void => {
    const nowMs = performance.now();
    let count = 0;
    // Timers fire on whole milliseconds: what is due within half of one goes too, so that the mean is right.
    for (; count < this.#waiting.length && (this.#waiting[count]?.dueMs ?? 0) <= nowMs + 0.5; count++) this.#waiting[count]?.task();
    this.#waiting.splice(0, count);
    const next = this.#waiting[0];
    this.#timer = next && setTimeout(this.#run, Math.max(0, next.dueMs - nowMs));
  };
}

function carry(from: Socket, to: Socket): void {
  const line = new Line();
  from.setNoDelay(true);
  from.on('data', (bytes) => line.add(() => void to.write(bytes)));
  from.on('end', () => line.add(() => void to.end()));
  from.on('close', () => line.add(() => void to.destroy()));
  from.on('error', () => undefined); // 'close' follows
}

function listen(listenAt: string, target: string): Promise<void> {
  const [host, port] = listenAt.split(':');
  const [targetHost, targetPort] = target.split(':');
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const upstream = connect({ host: targetHost as string, port: Number(targetPort) });
    carry(upstream, client);
    client.on('error', () => undefined);
    // The kernel has answered the client's SYN here already: its first bytes wait for the round trip that this would have taken.
    setTimeout(() => {
      carry(client, upstream);
      client.resume();
    }, 2 * oneWayMs);
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(Number(port), host, resolve);
  });
}

await Promise.all(
  routes.map((route) => {
    const [listenAt = '', target = ''] = route.split('=');
    return listen(listenAt, target);
  }),
);
console.log('ready');
process.on('disconnect', () => process.exit());
