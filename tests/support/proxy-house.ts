import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { concat, EMPTY, utf8 } from '../../src/core/bytes/bytes.ts';
import type { PeerId } from '../../src/core/bytes/brand.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { ServiceSession } from '../../src/core/peer/index.ts';
import type { ServiceVisitor } from '../../src/core/service/index.ts';
import { Session } from '../../src/core/stream/index.ts';
import { END, STREAM } from '../../src/core/wire/registry.ts';
import { decodeTcpRequest } from '../../src/core/wire/tcp.ts';
import { type ConnectionLimit, exposed, type RunningProxy, startProxy } from '../../node/tcp/index.ts';
import { pipePair } from './pipe-pair.ts';
import { realEnv } from './real-env.ts';
import { startTarget } from './sockets.ts';

export const ADDRESS = `${'a'.repeat(56)}.gnet`;
export const GET = `GET / HTTP/1.1\r\nHost: ${ADDRESS}\r\n\r\n`;

/** Called behind the last test. */
export const closers: (() => unknown)[] = [];
after(() => closers.forEach((close) => void close()));

export interface House {
  readonly proxy: RunningProxy;
  readonly service: { connections: number };
  readonly session: ServiceSession;
  readonly hosted: Session;
  /** What was sent before there was a path. */
  early(): string;
  /** What the proxy's user is told. */
  readonly warnings: string[];
  /** The same, of what a service has not. */
  readonly told: string[];
  /** The same, of connections that broke off in the network. */
  readonly broken: string[];
  /** What the service's owner is told. */
  readonly refusals: string[];
}

interface HouseOptions {
  readonly strict?: boolean;
  readonly connectionsMax?: number;
  readonly total?: ConnectionLimit;
  readonly clientsMax?: number;
  readonly answerWithinMs?: number;
  /** Where the service is taken to be; 127.0.0.1 unless said otherwise. */
  readonly host?: string;
  /** It takes connections, and says nothing. */
  readonly silent?: boolean;
}

/** A proxy before a service that does this with each connection; undefined: nobody listens. */
export async function house(
  serve: ((socket: Socket) => void) | undefined,
  { strict = false, connectionsMax = 500, total, clientsMax, answerWithinMs, host = '127.0.0.1', silent = false }: HouseOptions = {},
): Promise<House> {
  const service = await startTarget(serve);
  closers.push(() => service.close());
  const { port } = service;
  const [warnings, told, broken, refusals]: [string[], string[], string[], string[]] = [[], [], [], []];
  const tcp = exposed({
    host,
    port,
    ports: new Set([80]),
    connectionsMax,
    onRefusal: (why) => refusals.push(why),
    ...(total === undefined ? {} : { total }),
  });
  const hosted = new Session(realEnv, {
    opener: false,
    onStream: (stream) => {
      if (stream.kind !== STREAM.tcp) stream.reset(END.refused);
      else if (!silent) tcp.onConnection(stream, decodeTcpRequest(stream.request));
    },
  });
  let early: Uint8Array = EMPTY;
  const visitor: Pick<ServiceVisitor, 'find' | 'connect'> = {
    async find() {},
    async connect(_, { sessionId = EMPTY, messages }) {
      early = messages.slice();
      await wait(20);
      hosted.acceptEarly(messages);
      const { a: pipe, b: there } = pipePair(realEnv, { delayMs: 1 });
      hosted.attach(there);
      return { pipe, sessionId, messages: EMPTY, point: ADDRESS as string as PeerId, hops: [] };
    },
  };
  const session = new ServiceSession(realEnv, visitor, ADDRESS, {
    onPath: () => undefined,
    onPathLost: () => undefined,
    onContested: () => undefined,
  });
  const proxy = await startProxy({
    host: '127.0.0.1',
    port: 0,
    strict,
    onIpTarget: () => undefined,
    onExit: () => undefined,
    onBroken: (why) => broken.push(why),
    onWarning: (why) => warnings.push(why),
    onNothingThere: (why) => told.push(why),
    onRefused: (why) => warnings.push(why),
    ...(clientsMax === undefined ? {} : { connectionsMax: clientsMax }),
    ...(answerWithinMs === undefined ? {} : { answerWithinMs }),
    exits: {
      find: async () => Promise.reject(new GlobalNetError('unreachable', 'no exit is known')),
      connect: async () => Promise.reject(new Error('there is no exit to ask')),
    },
    visits: {
      async visit(address) {
        if (address !== ADDRESS) throw new GlobalNetError(address.length === ADDRESS.length ? 'unknown' : 'malformed', 'not here');
        return session;
      },
    },
  });
  closers.push(
    () => proxy.close(),
    () => session.close(),
  );
  return { proxy, service, session, hosted, early: () => Buffer.from(early).toString('latin1'), warnings, told, broken, refusals };
}

function request(name: string, port: number): Uint8Array {
  return concat(Uint8Array.of(5, 1, 0, 3, name.length), utf8(name), Uint8Array.of(port >> 8, port & 255));
}

/** A client that is connected, or the code of the proxy's refusal. */
export async function dial({ proxy }: House, name = ADDRESS, port = 80): Promise<{ socket: Socket; code: number }> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true });
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  socket.write(concat(Uint8Array.of(5, 1, 0), request(name, port)));
  let heard: Buffer = Buffer.alloc(0);
  while (heard.length < 12) {
    if (socket.readableLength === 0) await once(socket, 'readable');
    heard = Buffer.concat([heard, (socket.read(Math.min(12 - heard.length, socket.readableLength)) as Buffer | null) ?? Buffer.alloc(0)]);
  }
  return { socket, code: heard[3] as number };
}
