import { base32 } from '../../src/core/bytes/base32.ts';
import { PulledAnswer } from '../../src/adapters/pulled-answer.ts';
import type { SiteRequest } from '../../src/shared/site-port.ts';
import type { FileAnswer, SavedPart } from '../../src/shared/site-shell.ts';
import type { LiveSite } from './live-site.ts';
import type { VerifiedSite } from './verified-site.ts';
import { findFile, wantedBy } from './wanted.ts';

export interface FileSource {
  readonly site: VerifiedSite;
  readonly live: LiveSite;
}

/** @param have undefined: all of it. */
export function giveFile(source: FileSource, url: URL, port: MessagePort, have?: SavedPart): void {
  const post = (message: FileAnswer, transfer: Transferable[] = []): void => port.postMessage(message, transfer);
  const answer = new PulledAnswer(
    0,
    0,
    (signal) => parts(source, url, have, post, signal),
    post,
    () => undefined, // whoever saves it closes the port
  );
  port.onmessage = ({ data }: MessageEvent<SiteRequest>) => {
    if (data.type === 'pull') answer.pull(data.chunks);
    else answer.cancel();
  };
}

/** The bytes of the file at this URL to whoever saves it, as they are pulled; of a signed site verified, as everywhere. */
async function* parts(
  source: FileSource,
  url: URL,
  have: SavedPart | undefined,
  post: (answer: FileAnswer) => void,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { bytes, leave, ...what } = await fileAt(source, url, have);
  const stop = (): void => {
    leave();
    void bytes.return(undefined);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) return stop();
  post({ type: 'file', ...what });
  for await (const part of bytes) yield Uint8Array.from(part); // in a buffer of its own, which is given away
}

/** Bytes of a file, from `fromBytes` on to its end. */
interface FoundFile {
  readonly fromBytes: number;
  readonly sizeBytes: number | undefined;
  readonly validator: string | undefined;
  readonly bytes: AsyncGenerator<Uint8Array>;
  leave(): void;
}

async function fileAt({ site, live }: FileSource, url: URL, have: SavedPart | undefined): Promise<FoundFile> {
  const { at } = wantedBy(url);
  const version = await site.current();
  if (version === 'live') {
    const { head, body, leave, fromBytes } = await live.file(at, have);
    const sizeBytes = head.lengthBytes === undefined ? undefined : fromBytes + head.lengthBytes;
    return { fromBytes, sizeBytes, validator: head.validator, bytes: body, leave };
  }
  const { entry } = findFile(version, at);
  const { sizeBytes } = entry;
  const validator = base32(entry.hash);
  const fromBytes = have?.validator === validator && have.sizeBytes <= sizeBytes ? have.sizeBytes : 0;
  const bytes = site.read(version, entry, fromBytes, sizeBytes - fromBytes);
  return { fromBytes, sizeBytes, validator, bytes, leave: () => undefined };
}
