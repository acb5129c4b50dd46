import { PulledAnswer } from '../../src/adapters/pulled-answer.ts';
import type { SiteRequest } from '../../src/shared/site-port.ts';
import type { LiveSite } from './live-site.ts';
import type { VerifiedSite } from './verified-site.ts';
import { findFile, wantedBy } from './wanted.ts';

export interface FileSource {
  readonly site: VerifiedSite;
  readonly live: LiveSite;
}

/** The bytes of the file at this URL to whoever saves it, as they are pulled; of a signed site verified, as everywhere. */
export function giveFile(source: FileSource, url: URL, port: MessagePort): void {
  const answer = new PulledAnswer(
    0,
    0,
    (signal) => parts(source, url, signal),
    (message, transfer = []) => port.postMessage(message, transfer),
    () => undefined, // whoever saves it closes the port
  );
  port.onmessage = ({ data }: MessageEvent<SiteRequest>) => {
    if (data.type === 'pull') answer.pull(data.chunks);
    else answer.cancel();
  };
}

/** Each in a buffer of its own, which is given away. */
async function* parts(source: FileSource, url: URL, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { bytes, leave } = await fileAt(source, url);
  const stop = (): void => {
    leave();
    void bytes.return(undefined);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) return stop();
  for await (const part of bytes) yield Uint8Array.from(part);
}

async function fileAt({ site, live }: FileSource, url: URL): Promise<{ bytes: AsyncGenerator<Uint8Array>; leave(): void }> {
  const { at } = wantedBy(url);
  const version = await site.current();
  if (version === 'live') {
    const { body, leave } = await live.file(at);
    return { bytes: body, leave };
  }
  const { entry } = findFile(version, at);
  return { bytes: site.read(version, entry, 0, entry.sizeBytes), leave: () => undefined };
}
