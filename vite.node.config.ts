import { basename } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { filesUnder } from './tools/paths.ts';

/** Worker threads of the headless peer: whatever in node/, and adapters for Node, is named *.worker.ts. */
const workers = [...filesUnder('node'), ...filesUnder('src/adapters').filter((path) => path.includes('/node-'))].filter((path) =>
  path.endsWith('.worker.ts'),
);

/** `new URL('<anywhere>/x.worker.ts', import.meta.url)` names a source; built, x.worker.js lies beside whoever starts it. */
const builtWorkerUrls: Plugin = {
  name: 'gnet-built-worker-urls',
  transform: (code) => {
    const built = code.replace(/(new URL\(\s*['"])[^'"]*?([\w-]+\.worker)\.ts(?=['"]\s*,\s*import\.meta\.url)/g, '$1./$2.js');
    return built === code ? undefined : { code: built, map: null };
  },
};

/**
 * The headless peer as plain JavaScript in dist/node. Packages are in it, or each start would look for a hundred of their files; those with
 * native parts, loaded where they are wanted, stay outside in node_modules.
 */
export default defineConfig({
  publicDir: false,
  ssr: { noExternal: true, external: ['node-datachannel', 'node-datachannel/polyfill', 'simple-peer'] },
  plugins: [builtWorkerUrls],
  build: {
    ssr: true,
    outDir: 'dist/node',
    target: 'node20',
    minify: false,
    sourcemap: true,
    rollupOptions: {
      input: Object.fromEntries(['node/gnet.ts', ...workers].map((path) => [basename(path, '.ts'), path])),
      output: {
        format: 'es',
        entryFileNames: '[name].js',
        chunkFileNames: 'chunk-[name]-[hash].js',
        // Each start reads all of it. One letter beyond Latin-1, and V8 keeps every letter as two bytes.
        charset: 'ascii',
        comments: { legal: true, annotation: false, jsdoc: false },
      },
    },
  },
});
