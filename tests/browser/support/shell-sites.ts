import type { FixtureSiteInput } from './fixture-app.ts';

/** Larger than a few chunks, none of them like another. */
export const MOVIE = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);

/** A signed site, another one, and a live service. */
export const SITES: FixtureSiteInput[] = [
  {
    title: 'Gazette',
    seed: 1,
    files: [
      {
        path: 'index.html',
        mediaType: 'text/html',
        content:
          '<!doctype html><title>Gazette</title><link rel="stylesheet" href="s.css"><h1>Gazette</h1><a id="two" href="two.html?x=1#end">two</a> ' +
          '<a id="out" href="https://example.org/a?b=1">out</a> <a id="folder" href="folder">folder</a> <a id="lost" href="lost.html">lost</a>' +
          '<form action="two.html"><input name="q" value="z"><button id="find">find</button></form><form method="post"><button id="send">send</button></form>',
      },
      {
        path: 'two.html',
        mediaType: 'text/html',
        content: '<!doctype html><h1>Two</h1><a id="home" href="./">home</a><p id="end">end</p>',
      },
      { path: 'folder/index.html', mediaType: 'text/html', content: '<!doctype html><h1>Folder</h1><img id="pixel" src="../dot.svg">' },
      { path: 'dot.svg', mediaType: 'image/svg+xml', content: '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>' },
      { path: 's.css', mediaType: 'text/css', content: 'h1 { color: rgb(1, 2, 3) }' },
      { path: 'movie.bin', mediaType: 'application/octet-stream', content: MOVIE },
      { path: '404.html', mediaType: 'text/html', content: '<!doctype html><h1>Lost</h1>' },
      {
        path: 'files.html',
        mediaType: 'text/html',
        content: '<!doctype html><h1>Files</h1><a id="movie" href="movie.bin">movie</a> <a id="style" download href="s.css">style</a>',
      },
    ],
  },
  { title: 'Other', seed: 2, files: [{ path: 'index.html', mediaType: 'text/html', content: '<!doctype html><h1>Other</h1>' }] },
  {
    title: 'Live',
    seed: 3,
    isLive: true,
    files: [
      {
        path: 'index.html',
        mediaType: 'text/html',
        content: '<!doctype html><h1>Live</h1><a id="trap" download="x" href="trap">trap</a><img src="trap" alt="">',
      },
      {
        path: 'trap',
        mediaType: 'text/html',
        content: '<script>document.title = "opened"</script>',
        headers: ['Content-Disposition: attachment; filename="../../.evil\u202elmth.html"'],
      },
    ],
  },
];
