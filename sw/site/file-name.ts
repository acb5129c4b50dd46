/** Names that some system takes for a device. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?=\.|$)/i;
/**
 * Control characters, what is invisible or turns the direction of writing round, what no font has. More than HIDDEN of core/wire: of two names
 * that look alike one could stand in for the other, so the joiners go too, and a system may not take what Unicode has not assigned.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** What separates paths, or means something, on some system. */
const SPECIAL = /[/\\:*?"<>|%]/g;
const MAX_LETTERS = 100;
const ENDING = /\.[^.\s]{1,12}$/;
const NAMELESS = 'file';

/**
 * A name under which a file can be saved anywhere and shows what it is: one part, no path, nothing hidden in it or by it.
 * @param wanted as its service or author calls it; may be anything.
 */
export function safeFileName(wanted: string): string {
  const last = wanted.normalize('NFC').replace(HIDDEN, '').split(/[/\\]/).pop() ?? '';
  const plain = last.replace(SPECIAL, '_').replace(/\s+/g, ' ');
  const bare = plain.replace(/^[. ~-]+|[. ]+$/g, '');
  const short = shortened(bare);
  return short === '' ? NAMELESS : short.replace(DEVICE, '_$&');
}

/** What a URL's path calls it. */
export function nameInPath(path: string): string {
  const last = path.split('/').pop() ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** With its ending, which says what opens it. */
function shortened(name: string): string {
  const letters = [...name];
  if (letters.length <= MAX_LETTERS) return name;
  const ending = [...(ENDING.exec(name)?.[0] ?? '')];
  return `${letters
    .slice(0, MAX_LETTERS - ending.length - 1)
    .join('')
    .replace(/[. ]+$/, '')}…${ending.join('')}`;
}
