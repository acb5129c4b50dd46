/** How a file of a site may be shown, by its media type. */

/**
 * What a frame may show as a page, as it is: kinds that every browser shows by itself, for what it cannot show it would save. PDF is not among
 * them: Chromium has no viewer in a sandbox, and a viewer follows links that no filter has read.
 */
const SHOWN_AS_IS =
  /^(?:image\/(?:png|apng|jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)|audio\/(?:mpeg|mp4|aac|ogg|opus|webm|flac|wav|wave|x-wav)|video\/(?:mp4|webm|ogg)|text\/plain)$/;
/** Everything else that is text is shown as plain text: XML could bring pages and links that no filter has read. */
const TEXT = /^(?:text\/|image\/svg\+xml$|application\/(?:json|javascript|xml|[a-z0-9.+-]*\+(?:xml|json))$)/;

export type ShownKind = 'html' | 'as-is' | 'text';
export type PageKind = ShownKind | 'file';

export function mediaName(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

/** Of a file that the frame navigates to. */
export function pageKind(mediaType: string): PageKind {
  const name = mediaName(mediaType);
  if (name === 'text/html') return 'html';
  if (SHOWN_AS_IS.test(name)) return 'as-is';
  return TEXT.test(name) ? 'text' : 'file';
}

/** The text of a page in the encoding its media type names; UTF-8 where it names none that this browser has. */
export function decodeText(bytes: Uint8Array, mediaType: string): string {
  const label = /;\s*charset="?([^\s";]+)/i.exec(mediaType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
