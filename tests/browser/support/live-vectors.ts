import { VECTORS, type Vector } from './leak-vectors.ts';

/** A page of its own that a live service sends with these header lines. */
function header(name: string, headers: (url: string) => string[], more: Partial<Vector> = {}, html = '<p id="shown">shown</p>'): Vector {
  const page = `${name.replace(/\W+/g, '-')}.html`;
  const content = `<!doctype html><meta charset="utf-8">${html}`;
  const files = (url: string) => [{ path: page, mediaType: 'text/html', content: content.replaceAll('URL', url), headers: headers(url) }];
  return { name: `header: ${name}`, html: () => '', files, alone: true, page, ...more };
}

/** What only a service that answers for itself can try: its headers reach a browser as they are, unless somebody stands between. */
const HEADERS: readonly Vector[] = [
  header('refresh', (u) => [`Refresh: 0;url=${u}`]),
  header('redirect', (u) => [`Location: ${u}`]),
  header('link preload', (u) => [`Link: <${u}>; rel=preload; as=image`]),
  header('link preconnect', (u) => [`Link: <${u}>; rel=preconnect`]),
  header('link style sheet', (u) => [`Link: <${u}>; rel=stylesheet`], { only: 'firefox' }),
  header(
    'policy that reports',
    (u) => [`Content-Security-Policy: style-src 'none'; report-uri ${u}`],
    {},
    '<style>p { color: red }</style><p>shown</p>',
  ),
  header('policy that allows', (u) => [`Content-Security-Policy: img-src ${u}`], {}, '<p id="shown">shown</p><img src="URL">'),
  {
    name: 'header: redirect of a picture',
    html: () => '<img src="picture">',
    files: (url) => [{ path: 'picture', mediaType: 'image/png', content: '', headers: [`Location: ${url}`] }],
  },
  {
    name: 'header: a page as a style sheet',
    html: () => '<link rel="stylesheet" href="sheet">',
    files: (url) => [{ path: 'sheet', mediaType: 'text/css', content: `@import "${url}";`, headers: [] }],
  },
];

/** On a live service: its headers, a form that it could be sent, and all of a signed page's that stand on one page. */
export const LIVE_VECTORS: readonly Vector[] = [
  ...HEADERS,
  ...VECTORS.filter(({ alone, name }) => !alone || name === 'form, post' || name === 'meta refresh'),
];
