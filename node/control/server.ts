import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { ANSWER_WITHIN_MS, CLIENTS_MAX, PATH_MAX_BYTES, REQUEST_MAX_BYTES, REQUEST_WITHIN_MS } from './constants.ts';
import { type ControlAnswer, type ControlRequest, decodeRequest, encodeAnswer } from './request.ts';
import { isSameToken, tokenPathOf, writeToken } from './token.ts';

export interface ControlServerOptions {
  readonly dataFolder: string;
  /** Asked only for who has the token. @throws GlobalNetError to be told. */
  answer(request: ControlRequest): object;
  /** A fault of ours in `answer`. */
  onFault(error: unknown): void;
  /** REQUEST_WITHIN_MS unless said otherwise. */
  readonly requestWithinMs?: number;
}

export interface ControlServer {
  readonly path: string;
  /** Clients that are connected now. */
  readonly clients: number;
  close(): void;
}

/** `run/<pid>.sock` of the data folder: one request, one answer. @throws GlobalNetError `refused`, when there can be none. */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const path = join(options.dataFolder, 'run', `${process.pid}.sock`);
  // A longer path is cut by the system, silently: the socket would lie somewhere else.
  if (Buffer.byteLength(path) > PATH_MAX_BYTES)
    throw new GlobalNetError('refused', `the path of its socket is longer than ${PATH_MAX_BYTES} bytes: ${path}`);
  const clients = new Set<Socket>();
  let token: string;
  // Half-open, as who ends its side after the request still wants the answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const [oldest] = clients;
    if (oldest !== undefined && clients.size >= CLIENTS_MAX) {
      clients.delete(oldest); // at once: its `close` comes later than the next client
      oldest.destroy();
    }
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    serve(socket, token, options);
  });
  try {
    rmSync(path, { force: true }); // of an earlier process with this pid
    token = writeToken(path);
    await listen(server, path);
  } catch (error) {
    throw new GlobalNetError('refused', `its socket cannot be made: ${(error as Error).message}`, { cause: error });
  }
  server.unref();
  return {
    path,
    get clients() {
      return clients.size;
    },
    close() {
      server.close();
      for (const socket of clients) socket.destroy();
      rmSync(tokenPathOf(path), { force: true });
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.on('error', () => undefined); // no file descriptor for a client: it finds nobody, the others go on
  chmodSync(path, 0o600);
}

/** What comes behind the request, or is too long for one, is read and dropped until the time is up: closing early would take the answer along. */
function serve(socket: Socket, token: string, options: ControlServerOptions): void {
  let parts: Buffer[] | undefined = [];
  let lengthBytes = 0;
  let timer = setTimeout(() => socket.destroy(), options.requestWithinMs ?? REQUEST_WITHIN_MS).unref();
  const say = (answer: ControlAnswer): void => {
    parts = undefined;
    clearTimeout(timer);
    timer = setTimeout(() => socket.destroy(), ANSWER_WITHIN_MS).unref();
    socket.end(encodeAnswer(answer));
  };
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(timer));
  socket.on('end', () => parts !== undefined && socket.destroy());
  socket.on('data', (part) => {
    if (parts === undefined) return;
    const end = part.indexOf('\n');
    lengthBytes += end < 0 ? part.length : end;
    if (lengthBytes > REQUEST_MAX_BYTES) return say(errorOf('malformed', `a request is at most ${REQUEST_MAX_BYTES} bytes`));
    parts.push(end < 0 ? part : part.subarray(0, end));
    if (end >= 0) say(answerTo(Buffer.concat(parts).toString('utf8'), token, options));
  });
}

function answerTo(line: string, token: string, { answer, onFault }: ControlServerOptions): ControlAnswer {
  try {
    const request = decodeRequest(line);
    if (!isSameToken(request.token, token)) return errorOf('refused', 'the token is missing or wrong');
    return { ok: answer(request) };
  } catch (error) {
    if (error instanceof GlobalNetError) return errorOf(error.kind, error.message);
    onFault(error);
    return errorOf('internal', 'a fault of this process; its log says more');
  }
}

function errorOf(kind: string, message: string): ControlAnswer {
  return { error: { kind, message } };
}
