import { base32, fromBase32 } from '../core/bytes/base32.ts';
import { LINK_HELLO_BYTES } from '../core/wire/geometry.ts';

/**
 * A link's hello as a parameter of the URL that asks for the WebSocket, the one place where a page can put anything: the answer then comes with the
 * server's yes, a round trip sooner. It holds a key made for this link and nothing else. § docs/spec/04-links.md
 */
const PARAMETER = 'hello';

/** The address to dial. */
export function withHello(url: string, hello: Uint8Array): string {
  const address = new URL(url);
  address.searchParams.set(PARAMETER, base32(hello));
  return address.href;
}

/** Undefined where there is none, or none of the right form: then it comes as a message, or never. @param target path and query of a request. */
export function helloIn(target: string): Uint8Array | undefined {
  const text = new URLSearchParams(target.slice(target.indexOf('?') + 1)).get(PARAMETER);
  if (text === null) return undefined;
  try {
    const hello = fromBase32(text);
    return hello.length === LINK_HELLO_BYTES ? hello : undefined;
  } catch {
    return undefined;
  }
}
