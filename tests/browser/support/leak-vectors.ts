/**
 * What a page can try without (and with) scripts to reach an address outside. Each vector has a listener of its own; the same page is
 * shown once without protection, and a vector that does not fire there fails the test: it would prove nothing.
 */

import type { SiteFile } from './fixture-app.ts';

export type Browser = 'chromium' | 'firefox';

export interface Vector {
  readonly name: string;
  /** @param url of this vector's listener. @param host a name of its own that only a look-up would show. */
  readonly html: (url: string, host: string) => string;
  /** Further files of the page. */
  readonly files?: (url: string) => SiteFile[];
  /** Alone on its page: it would take the page elsewhere, or is a document of its own (`file`: its name). */
  readonly alone?: true;
  /** The page is this one of `files` itself. */
  readonly page?: string;
  /** Needs a click on `#go`. */
  readonly click?: true;
  /** Seen in the browser's log of look-ups and not at a listener. */
  readonly lookup?: true;
  /** The browsers that do this at all; both when it is left out. */
  readonly only?: Browser;
}

const css = (name: string, rule: (url: string) => string): Vector => ({
  name: `style: ${name}`,
  html: (url) => `<style>${rule(url)}</style><i class="${name}">x</i>`,
});

export const VECTORS: readonly Vector[] = [
  { name: 'img src', html: (u) => `<img src="${u}">` },
  {
    name: 'img src, spelled with references',
    html: (u) => `<img src="${u.replace('http:', 'http&colon;').replace('//', '&#x2f;&#47;')}">`,
  },
  { name: 'img src, without scheme', html: (u) => `<img src="${u.slice('http:'.length)}">` },
  { name: 'img src, backslashes and a line break', html: (u) => `<img src="ht\ntp:\\\\${u.slice('http://'.length)}">` },
  { name: 'img srcset', html: (u) => `<img srcset="${u} 1x">` },
  { name: 'img in picture', html: (u) => `<picture><source srcset="${u}"><img alt=""></picture>` },
  { name: 'input image', html: (u) => `<input type="image" src="${u}">` },
  { name: 'body background', html: (u) => `<table background="${u}"><tr><td>x</table>` },
  { name: 'video src', html: (u) => `<video src="${u}" preload="auto" muted></video>` },
  { name: 'video poster', html: (u) => `<video poster="${u}"></video>` },
  { name: 'audio source', html: (u) => `<audio preload="auto"><source src="${u}" type="audio/ogg"></audio>` },
  {
    name: 'track',
    html: (u) => `<video src="data:video/mp4," crossorigin muted><track default src="${u}" kind="subtitles" srclang="en"></video>`,
    only: 'chromium',
  },
  { name: 'svg image', html: (u) => `<svg><image href="${u}" width="9" height="9"/></svg>` },
  { name: 'svg image, xlink', html: (u) => `<svg><image xlink:href="${u}" width="9" height="9"/></svg>` },
  {
    name: 'svg feImage',
    html: (u) =>
      `<svg width="9" height="9"><filter id="f"><feImage href="${u}"/></filter><rect filter="url(#f)" width="9" height="9"/></svg>`,
  },
  { name: 'tag hidden in svg style', html: (u) => `<svg><style><img src="${u}"></style></svg>` },
  { name: 'tag hidden in noscript', html: (u) => `<noscript><p title="</noscript><img src='${u}'>"></noscript>` },
  { name: 'tag behind a broken comment', html: (u) => `<!--><img src="${u}">-->` },
  { name: 'stylesheet', html: (u) => `<link rel="stylesheet" href="${u}">` },
  { name: 'stylesheet, alternate', html: (u) => `<link rel="alternate stylesheet" title="x" href="${u}">` },
  css('import', (u) => `@import "${u}";`),
  css('background', (u) => `.background{background:url(${u})}`),
  css('list-style', (u) => `.list-style{display:list-item;list-style-image:url(${u})}`),
  css('content', (u) => `.content::before{content:url(${u})}`),
  css('cursor', (u) => `.cursor{cursor:url(${u}),auto}`),
  css('border-image', (u) => `.border-image{border:1px solid;border-image-source:url(${u})}`),
  css('mask', (u) => `.mask{display:block;mask-image:url(${u})}`),
  css('font', (u) => `@font-face{font-family:leak;src:url(${u})}.font{font-family:leak}`),
  css('image-set', (u) => `.image-set{background:image-set("${u}" 1x)}`),
  { name: 'style attribute', html: (u) => `<p style="background-image:url('${u}')">x</p>` },
  {
    name: 'import in a style file of the site',
    html: () => '<link rel="stylesheet" href="/import.css">',
    files: (u) => [{ path: 'import.css', mediaType: 'text/css', content: `@import url(${u});` }],
  },
  {
    name: 'picture in a style file of the site',
    html: () => '<link rel="stylesheet" href="/picture.css"><i class="by-file">x</i>',
    files: (u) => [{ path: 'picture.css', mediaType: 'text/css', content: `.by-file{background:url(${u})}` }],
  },
  { name: 'icon', html: (u) => `<link rel="icon" href="${u}">`, alone: true, only: 'firefox' },
  { name: 'preload', html: (u) => `<link rel="preload" as="image" href="${u}">` },
  { name: 'modulepreload', html: (u) => `<link rel="modulepreload" href="${u}">` },
  { name: 'prefetch', html: (u) => `<link rel="prefetch" href="${u}">`, alone: true },
  { name: 'preconnect', html: (u) => `<link rel="preconnect" href="${u}">` },
  { name: 'preconnect in the body of svg', html: (u) => `<svg><foreignObject><link rel="preconnect" href="${u}"></foreignObject></svg>` },
  { name: 'dns-prefetch', html: (_, host) => `<link rel="dns-prefetch" href="//${host}">`, lookup: true },
  {
    name: 'look-up for a link',
    html: (_, host) => `<meta http-equiv="x-dns-prefetch-control" content="on"><a href="http://${host}/">x</a>`,
    lookup: true,
    only: 'firefox',
  },
  { name: 'iframe', html: (u) => `<iframe src="${u}"></iframe>` },
  { name: 'iframe srcdoc', html: (u) => `<iframe srcdoc="<img src=${u}>"></iframe>` },
  { name: 'object', html: (u) => `<object data="${u}"></object>` },
  { name: 'embed', html: (u) => `<embed src="${u}">` },
  { name: 'script src', html: (u) => `<script src="${u}"></script>` },
  { name: 'inline script', html: (u) => `<script>new Image().src = ${JSON.stringify(u)}</script>` },
  { name: 'event attribute', html: (u) => `<img src="data:," onerror="new Image().src = '${u}'">` },
  { name: 'script in svg', html: (u) => `<svg><script>new Image().src = ${JSON.stringify(u)}</script></svg>` },
  { name: 'base', html: (u) => `<base href="${u}"><img src="x.png">`, alone: true },
  { name: 'meta refresh', html: (u) => `<meta http-equiv="refresh" content="0;url=${u}">`, alone: true },
  { name: 'meta refresh, late', html: (u) => `<meta http-equiv="refresh" content="1;url=${u}">`, alone: true },
  { name: 'frameset', html: (u) => `<frameset cols="*"><frame src="${u}"></frameset>`, alone: true },
  {
    name: 'xml page with an html image',
    html: () => '',
    files: (u) => [
      {
        path: 'page.xml',
        mediaType: 'application/xml',
        content: `<html xmlns="http://www.w3.org/1999/xhtml"><body><img src="${u}"/></body></html>`,
      },
    ],
    alone: true,
    page: 'page.xml',
  },
  {
    name: 'svg page with a script and a picture',
    html: () => '',
    files: (u) => [
      {
        path: 'page.svg',
        mediaType: 'image/svg+xml',
        content: `<svg xmlns="http://www.w3.org/2000/svg"><image href="${u}" width="9" height="9"/><script>fetch("${u}")</script></svg>`,
      },
    ],
    alone: true,
    page: 'page.svg',
  },
  {
    name: 'xml page with a style sheet',
    html: () => '',
    files: (u) => [
      { path: 'styled.xml', mediaType: 'text/xml', content: `<?xml version="1.0"?><?xml-stylesheet type="text/css" href="${u}"?><p>x</p>` },
    ],
    alone: true,
    page: 'styled.xml',
  },
  { name: 'link', html: (u) => `<a id="go" href="${u}">go</a>`, alone: true, click: true },
  { name: 'link into a new window', html: (u) => `<a id="go" target="_blank" href="${u}">go</a>`, alone: true, click: true },
  { name: 'link out of the frame', html: (u) => `<a id="go" target="_top" href="${u}">go</a>`, alone: true, click: true },
  { name: 'link with ping', html: (u) => `<a id="go" ping="${u}" href="#here">go</a>`, alone: true, click: true, only: 'chromium' },
  { name: 'download', html: (u) => `<a id="go" download href="${u}">go</a>`, alone: true, click: true },
  { name: 'form', html: (u) => `<form action="${u}"><button id="go">go</button></form>`, alone: true, click: true },
  { name: 'form, post', html: (u) => `<form method="post" action="${u}"><button id="go">go</button></form>`, alone: true, click: true },
  { name: 'form, by its button', html: (u) => `<form><button id="go" formaction="${u}">go</button></form>`, alone: true, click: true },
  {
    name: 'area',
    html: (u) =>
      `<map name="m"><area shape="default" href="${u}"></map><img id="go" usemap="#m" width="50" height="50" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">`,
    alone: true,
    click: true,
  },
  { name: 'link in svg', html: (u) => `<svg><a href="${u}"><rect id="go" width="50" height="50"/></a></svg>`, alone: true, click: true },
  {
    name: 'link in svg, animated there',
    html: (u) => `<svg><a href="#here"><set attributeName="href" to="${u}"/><rect id="go" width="50" height="50"/></a></svg>`,
    alone: true,
    click: true,
  },
];
