import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const TYPES: Record<string, string> = { html: 'text/html', js: 'text/javascript' };

/** Builds a page out of one script, of tests/browser/pages where it is named, and serves it on loopback, which browsers treat as secure. */
export async function servePage(script: string | URL): Promise<{ url: string; close(): void }> {
  const files = new Map<string, string | Uint8Array>([
    ['/', `<!doctype html><title>test</title><script type="module" src="/page.js"></script>`],
  ]);
  const built = await build({
    configFile: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: fileURLToPath(typeof script === 'string' ? new URL(`../pages/${script}`, import.meta.url) : script),
        output: { entryFileNames: 'page.js', chunkFileNames: 'assets/[hash].js' },
      },
    },
  });
  for (const { output } of [built].flat() as { output: { fileName: string; code?: string; source?: string | Uint8Array }[] }[])
    for (const { fileName, code, source } of output) files.set(`/${fileName}`, code ?? source ?? '');
  const server = createServer(({ url = '/' }, response) => {
    const file = files.get(url);
    const type = TYPES[url.split('.').pop() ?? ''] ?? TYPES['html'];
    response.writeHead(file === undefined ? 404 : 200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}
