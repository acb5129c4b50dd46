import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Browser, chromium, type Page } from 'playwright-core';
import { filterHtml } from '../../sw/site/html-filter.ts';

const PAGE = 'http://label.gnet.localhost:1/dir/page.html';
const filtered = (html: string) => filterHtml(html, { url: PAGE });

describe('the filter of pages', () => {
  it('leaves ordinary markup as it was', () => {
    const html =
      '<!doctype html><html lang="en"><head><title>A &amp; B</title><link rel="stylesheet" href="/s.css"></head><body class="md:flex"><p style="color: red">x <b>y</b></p></body></html>';
    assert.equal(filtered(html), html);
  });

  it('turns links out of the site inward, whatever their scheme', () => {
    for (const url of [
      'https://example.org/',
      '//example.org/',
      'mailto:a@example.org',
      'javascript:alert(1)',
      'data:text/html,x',
      'magnet:?xt=urn:gnet:x',
    ])
      assert.match(filtered(`<a href="${url}">`), /^<a href="\/_gnet\/outside\/[^"]+">$/);
    assert.equal(filtered('<a href="../x?y=1#z">'), '<a href="../x?y=1#z">');
  });

  it('turns links that want something saved to where it is offered', () => {
    assert.equal(filtered('<a download="evil" href="../x.csv?y#z">'), '<a href="/_gnet/save/x.csv?y">');
    assert.equal(filtered('<a href="x" download>'), '<a href="/_gnet/save/dir/x">');
    assert.match(filtered('<a download href="//example.org/x">'), /^<a href="\/_gnet\/outside\//);
    assert.equal(filtered('<a download href="/_gnet/save/x">'), '<a href="/_gnet/save/x">');
  });

  it('drops what acts by itself: scripts, hints, refreshes, handlers', () => {
    const html =
      '<script>x</script><link rel=preconnect href=//e.org><meta http-equiv=refresh content="0;url=//e.org"><base href=//e.org><p onclick=x>';
    assert.equal(filtered(html), '<p>');
  });

  it('shows a frame as a link', () => {
    assert.equal(filtered('<iframe src="in.html">old</iframe>'), '<a href="in.html">in.html</a>');
  });

  it('writes nothing inside a style that could be read as a tag', () => {
    assert.equal(filtered('<style>a{}</x><img src=//e.org></style>'), '<style>a{}\\3c /x>\\3c img src=//e.org></style>');
  });

  it('filters eight megabytes of open tags in a time that grows with their length only', () => {
    for (const piece of ['<a ', '<!--', '<a b=', '</', '<style>', '<a b="', '<svg><style>', '&amp']) {
      const html = piece.repeat(8_000_000 / piece.length);
      assert.ok(filtered(html).length <= 8 * html.length);
    }
  });
});

/** What a browser's own parser finds in the filtered page that no page may hold; runs in the page. */
const FIND_FAULTS = `(pages) => pages.map((html) => {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const outside = (value) => { try { return /^(https?|wss?|javascript|blob|ftp):/.test(new URL(value, '${PAGE}').href) && new URL(value, '${PAGE}').origin !== '${new URL(PAGE).origin}'; } catch { return false; } };
  const faults = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll('*')) {
      const name = element.localName;
      if (['script', 'iframe', 'frame', 'object', 'embed', 'portal', 'noscript'].includes(name)) faults.push(name);
      if (name === 'meta' && element.httpEquiv) faults.push('http-equiv');
      if (name === 'link' && !/stylesheet|icon/i.test(element.rel)) faults.push('link ' + element.rel);
      for (const { name: attribute, value } of element.attributes) {
        if (/^on|^(srcdoc|ping|target|download)$/.test(attribute)) faults.push(attribute);
        if (/^(src|href|xlink:href|action|formaction|poster|data|background|to)$/.test(attribute) && outside(value)) faults.push(attribute + '=' + value);
      }
      if (element.content) walk(element.content);
    }
  };
  walk(parsed);
  return faults;
})`;

const PIECES = [
  ...['<', '>', '"', "'", '=', '/', ' ', '\n', '\0', '&', ';', '-->', '<!--', '--!>', ']]>', '<![CDATA[', '<!doctype html>', '<?x'],
  ...[
    'a',
    'img',
    'svg',
    'math',
    'style',
    'title',
    'textarea',
    'script',
    'noscript',
    'template',
    'iframe',
    'select',
    'table',
    'form',
    'link',
    'meta',
    'base',
    'xmp',
    'desc',
  ],
  ...[
    'plaintext',
    'foreignObject',
    'annotation-xml',
    'mtext',
    'mglyph',
    'image',
    'set',
    'noembed',
    'object',
    'frameset',
    'body',
    'html',
    'p',
  ],
  ...[
    '<svg>',
    '</svg>',
    '<math>',
    '<style>',
    '</style>',
    '<title>',
    '</title>',
    '</p>',
    '<img ',
    '<a ',
    '<link ',
    '<script>',
    '</script>',
    '</',
    '<p>',
    '<template>',
  ],
  ...[
    'href',
    'src',
    'rel',
    'onload',
    'xlink:href',
    'srcset',
    'http-equiv',
    'action',
    'encoding="text/html"',
    'attributeName',
    'to',
    'style',
  ],
  ...[
    'http://e.org',
    '//e.org',
    'javascript:x',
    'data:text/html,x',
    'preconnect',
    'refresh',
    'http&colon;//e.org',
    '&#104;ttp://e.org',
    '\\\\e.org',
    'x',
  ],
];

describe('a browser that parses a filtered page', () => {
  let browser: Browser;
  let page: Page;
  before(async () => {
    browser = await chromium.launch({ executablePath: process.env['CHROME_PATH'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
    page = await browser.newPage();
  });
  after(() => browser.close());

  it('finds nothing that acts or leads out, whatever the page was made of', async () => {
    const html = fc
      .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...PIECES) }, fc.string()), { maxLength: 40 })
      .map((pieces) => pieces.join(''));
    const pages = fc.sample(html, { numRuns: 20_000, seed: 20261121 });
    const faultsIn = (all: string[]) => page.evaluate<string[][]>(`(${FIND_FAULTS})(${JSON.stringify(all)})`);
    const before = (await faultsIn(pages)).filter((found) => found.length > 0);
    assert.ok(before.length > 1000, `only ${before.length} pages held anything to filter`);
    const faults = await faultsIn(pages.map(filtered));
    for (const [index, found] of faults.entries())
      assert.deepEqual(found, [], `${JSON.stringify(pages[index])} became ${JSON.stringify(filtered(pages[index] as string))}`);
  });

  it('parses what was filtered twice as what was filtered once', () => {
    const html = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(html, (text) => assert.equal(filtered(filtered(text)), filtered(text))),
      { numRuns: 2000, seed: 7 },
    );
  });
});
