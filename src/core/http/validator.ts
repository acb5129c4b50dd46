/** A strong entity tag, or a date as servers write it. */
const ETAG = /^"[\x21\x23-\x7e]{0,256}"$/;
const DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
export const VALIDATOR = new RegExp(`${ETAG.source}|${DATE.source}`);

/** What changed within the second in which it was asked for may have changed after it, and keep its date (RFC 9110 § 8.8.2.2). */
const SETTLED_MS = 1000;

/** What may stand in `If-Range` for these bytes; undefined where nothing tells them from others. */
export function validatorOf(fields: ReadonlyMap<string, string>): string | undefined {
  const etag = fields.get('etag');
  if (etag !== undefined) return ETAG.test(etag) ? etag : undefined;
  const [changed, sent] = [fields.get('last-modified'), fields.get('date')];
  if (changed === undefined || sent === undefined || !DATE.test(changed)) return undefined;
  return Date.parse(sent) - Date.parse(changed) >= SETTLED_MS ? changed : undefined;
}
