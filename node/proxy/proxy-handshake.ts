import { concat, EMPTY, hex, utf8 } from '../../src/core/bytes/bytes.ts';
import {
  ATYP,
  COMMAND,
  METHOD,
  PASSWORD_VERSION,
  REPLY,
  REPLY_4,
  type ProxyReply,
  TEXT_4_MAX_BYTES,
  VERSION_4,
  VERSION_5,
} from './constants.ts';
import { httpAnswer, readHttpHead } from './http-connect.ts';

export interface ProxyTarget {
  /** A name as the client wrote it, or an IP address as text; never looked up here. */
  readonly host: string;
  readonly isName: boolean;
  readonly port: number;
  /** User and password, what SOCKS4 calls user id, or HTTP's credentials, in one text; empty without. Connections of two keys share no circuit. */
  readonly isolation: string;
}

const LETTER_A = 0x41;
const LETTER_Z = 0x5a;

export type ProxyEffect =
  | { readonly do: 'send'; readonly bytes: Uint8Array }
  /** Answer with `succeed` or `fail`. Comes once. */
  | { readonly do: 'connect'; readonly target: ProxyTarget }
  /** Behind what was sent. */
  | { readonly do: 'close' };

/**
 * greeting   nothing came yet, or not enough of the first message
 * password   RFC 1929 was agreed on
 * request    what is wanted comes next
 * asked      it is wanted; what comes now belongs to the connection
 * open       done: the connection stands
 * closed     failed: nothing is read any more
 */
export type ProxyState = 'greeting' | 'password' | 'request' | 'asked' | 'open' | 'closed';

/** A message that is whole: its length and what follows from it. */
interface Step {
  readonly lengthBytes: number;
  readonly effects: ProxyEffect[];
}

/** One client, of SOCKS or of HTTP's CONNECT. Holds less than a message and what came behind the request, and says nothing that is not in the RFCs. */
export class ProxyHandshake {
  #state: ProxyState = 'greeting';
  #dialect: typeof VERSION_5 | typeof VERSION_4 | 'http' = VERSION_5;
  #held: Uint8Array = EMPTY;
  #isolation = '';

  get state(): ProxyState {
    return this.#state;
  }

  /** Bytes from the client, cut anywhere. */
  push(bytes: Uint8Array): ProxyEffect[] {
    if (this.#state === 'closed') return [];
    this.#held = this.#held.length === 0 ? bytes : concat(this.#held, bytes);
    const effects: ProxyEffect[] = [];
    for (let step = this.#step(); step !== undefined; step = this.#step()) {
      this.#held = this.#held.subarray(step.lengthBytes);
      effects.push(...step.effects);
    }
    return effects;
  }

  /** The connection stands, or is about to. */
  succeed(): ProxyEffect[] {
    this.#expectAsked();
    this.#state = 'open';
    return [this.#reply(REPLY.succeeded)];
  }

  fail(reply: Exclude<ProxyReply, typeof REPLY.succeeded>): ProxyEffect[] {
    this.#expectAsked();
    return this.#refuse(reply);
  }

  /** What came behind the request: the connection's first bytes. */
  takeRest(): Uint8Array {
    const rest = this.#held;
    this.#held = EMPTY;
    return rest;
  }

  #expectAsked(): void {
    if (this.#state !== 'asked') throw new TypeError(`nothing is asked for: the state is ${this.#state}`);
  }

  /** Undefined: not enough came, or nothing more is to be read. */
  #step(): Step | undefined {
    switch (this.#state) {
      case 'greeting':
        return this.#greeting();
      case 'password':
        return this.#password();
      case 'request':
        return this.#request();
      default:
        return undefined;
    }
  }

  #greeting(): Step | undefined {
    const [version, count] = this.#held;
    if (version === VERSION_4) return this.#request4();
    if (version !== undefined && version >= LETTER_A && version <= LETTER_Z) return this.#requestHttp();
    if (version !== undefined && version !== VERSION_5) return this.#whole({ effects: this.#close() });
    if (count === undefined || this.#held.length < 2 + count) return undefined;
    const methods = this.#held.subarray(2, 2 + count);
    const lengthBytes = 2 + count;
    // Who has a user and password to offer wants them used: they tell apart what is to be kept apart.
    const method = methods.includes(METHOD.password)
      ? METHOD.password
      : methods.includes(METHOD.none)
        ? METHOD.none
        : METHOD.noneAcceptable;
    const chosen = sent(Uint8Array.of(VERSION_5, method));
    if (method === METHOD.noneAcceptable) return { lengthBytes, effects: [chosen, ...this.#close()] };
    this.#state = method === METHOD.password ? 'password' : 'request';
    return { lengthBytes, effects: [chosen] };
  }

  /** Every user and password is right. */
  #password(): Step | undefined {
    const held = this.#held;
    if (held.length > 0 && held[0] !== PASSWORD_VERSION)
      return this.#whole({ effects: [sent(Uint8Array.of(PASSWORD_VERSION, 1)), ...this.#close()] });
    const userBytes = held[1];
    const passwordBytes = userBytes === undefined ? undefined : held[2 + userBytes];
    if (userBytes === undefined || passwordBytes === undefined) return undefined;
    const lengthBytes = 3 + userBytes + passwordBytes;
    if (held.length < lengthBytes) return undefined;
    this.#isolation = `5 ${hex(held.subarray(2, 2 + userBytes))} ${hex(held.subarray(3 + userBytes, lengthBytes))}`;
    this.#state = 'request';
    return { lengthBytes, effects: [sent(Uint8Array.of(PASSWORD_VERSION, 0))] };
  }

  #request(): Step | undefined {
    const held = this.#held;
    if (held.length < 5) return undefined;
    const [version, command, reserved, type, first] = held as unknown as [number, number, number, number, number];
    if (version !== VERSION_5 || reserved !== 0) return this.#whole({ effects: this.#refuse(REPLY.failure) });
    const start = type === ATYP.name ? 5 : 4;
    const addressBytes = type === ATYP.name ? first : type === ATYP.ipv4 ? 4 : type === ATYP.ipv6 ? 16 : undefined;
    if (addressBytes === undefined) return this.#whole({ effects: this.#refuse(REPLY.addressNotSupported) });
    const lengthBytes = start + addressBytes + 2;
    if (held.length < lengthBytes) return undefined;
    if (command !== COMMAND.connect) return { lengthBytes, effects: this.#refuse(REPLY.commandNotSupported) };
    const address = held.subarray(start, start + addressBytes);
    return {
      lengthBytes,
      effects: this.#ask(type === ATYP.name ? nameOf(address) : ipText(address), type === ATYP.name, u16(held, lengthBytes - 2)),
    };
  }

  /** Version 1, command 1, port 2, IPv4 4, user id, 0; for 4a the IP is 0.0.0.x and a name and a 0 follow. */
  #request4(): Step | undefined {
    this.#dialect = VERSION_4;
    const held = this.#held;
    if (held.length < 9) return undefined;
    const userEnd = held.indexOf(0, 8);
    if ((userEnd < 0 ? held.length : userEnd) - 8 > TEXT_4_MAX_BYTES) return this.#whole({ effects: this.#refuse(REPLY.failure) });
    if (userEnd < 0) return undefined;
    const hasName = held[4] === 0 && held[5] === 0 && held[6] === 0 && held[7] !== 0;
    const end = hasName ? held.indexOf(0, userEnd + 1) : userEnd;
    if (hasName && (end < 0 ? held.length : end) - userEnd - 1 > TEXT_4_MAX_BYTES)
      return this.#whole({ effects: this.#refuse(REPLY.failure) });
    if (end < 0) return undefined;
    const lengthBytes = end + 1;
    if (held[1] !== COMMAND.connect) return { lengthBytes, effects: this.#refuse(REPLY.commandNotSupported) };
    if (userEnd > 8) this.#isolation = `4 ${hex(held.subarray(8, userEnd))}`;
    const host = hasName ? nameOf(held.subarray(userEnd + 1, end)) : ipText(held.subarray(4, 8));
    return { lengthBytes, effects: this.#ask(host, hasName, u16(held, 2)) };
  }

  #requestHttp(): Step | undefined {
    this.#dialect = 'http';
    const head = readHttpHead(this.#held);
    if (head === 'more') return undefined;
    if (head === 'stranger') return this.#whole({ effects: this.#close() });
    if (head === 'forward') return this.#whole({ effects: this.#refuse(REPLY.commandNotSupported) });
    if (head === 'malformed') return this.#whole({ effects: this.#refuse(REPLY.addressNotSupported) });
    const { host, isName, port, credentials } = head.connect;
    if (credentials !== undefined) this.#isolation = `http ${hex(utf8(credentials))}`;
    return { lengthBytes: head.lengthBytes, effects: this.#ask(host, isName, port) };
  }

  #ask(host: string | undefined, isName: boolean, port: number): ProxyEffect[] {
    if (host === undefined || port === 0) return this.#refuse(REPLY.failure);
    this.#state = 'asked';
    return [{ do: 'connect', target: { host, isName, port, isolation: this.#isolation } }];
  }

  #refuse(reply: ProxyReply): ProxyEffect[] {
    return [this.#reply(reply), ...this.#close()];
  }

  #close(): ProxyEffect[] {
    this.#state = 'closed';
    return [{ do: 'close' }];
  }

  /** The address that a reply names is where we stand in the clear network: nowhere. */
  #reply(reply: ProxyReply): ProxyEffect {
    if (this.#dialect === 'http') return sent(httpAnswer(reply));
    if (this.#dialect === VERSION_4)
      return sent(Uint8Array.of(0, reply === REPLY.succeeded ? REPLY_4.granted : REPLY_4.rejected, 0, 0, 0, 0, 0, 0));
    return sent(Uint8Array.of(VERSION_5, reply, 0, ATYP.ipv4, 0, 0, 0, 0, 0, 0));
  }

  /** All that is held belongs to a message that is refused. */
  #whole({ effects }: Pick<Step, 'effects'>): Step {
    return { lengthBytes: this.#held.length, effects };
  }
}

function sent(bytes: Uint8Array): ProxyEffect {
  return { do: 'send', bytes };
}

function u16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

/** Undefined for what is no name: blanks, control characters, letters beyond ASCII. */
function nameOf(bytes: Uint8Array): string | undefined {
  const name = String.fromCharCode(...bytes);
  return /^[\x21-\x7e]+$/.test(name) ? name : undefined;
}

function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  return Array.from({ length: 8 }, (_, i) => u16(bytes, 2 * i).toString(16)).join(':');
}
