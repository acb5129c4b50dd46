/** What we use of a MessagePort, alike in a page, a worker and Node. */
export interface WorkerPort {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(event: 'message', listener: (event: { data: unknown }) => void): void;
  /** Nothing is delivered before. */
  start(): void;
  close(): void;
}

/** Takes all messages of `port` from now on. `Received` is the contract of src/shared for this port. */
export function listenTo<Received>(port: WorkerPort, take: (message: Received) => void): void {
  port.addEventListener('message', ({ data }) => take(data as Received));
  port.start();
}
