import { basename } from 'node:path';
import { defineConfig } from 'vite';
import { filesUnder } from './tools/paths.ts';

/** The headless peer and its worker threads as plain JavaScript in dist/node; packages stay outside, as node_modules is there. */
const entries = ['node/gnet.ts', ...filesUnder('node').filter((path) => path.endsWith('.worker.ts'))];

export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    outDir: 'dist/node',
    target: 'node20',
    minify: false,
    sourcemap: true,
    rollupOptions: {
      input: Object.fromEntries(entries.map((path) => [basename(path, '.ts'), path])),
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunk-[name]-[hash].js' },
    },
  },
});
