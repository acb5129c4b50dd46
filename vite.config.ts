import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, defineConfig, type Plugin, type UserConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));
const target = 'es2023';

/** Scripts that stand alone under fixed names: service workers must not import (Firefox), and their names are their registrations. */
const STANDALONE = [
  { entry: 'src/ui/keeper.ts', fileName: '_gnet/keeper.js' },
  { entry: 'sw/site.sw.ts', fileName: 'site.sw.js' },
  { entry: 'sw/app.sw.ts', fileName: 'app.sw.js' },
];

/** Paths below the folder, as URLs. */
function builtFiles(outDir: string): string[] {
  const names = readdirSync(outDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return names.map((entry) => `/${relative(outDir, join(entry.parentPath, entry.name)).split(sep).join('/')}`).sort();
}

/** What the app's service worker keeps: all but service workers, what belongs to sites' origins, and the build's own list. */
function keptFiles(outDir: string): Record<string, string> {
  const kept = builtFiles(outDir).filter((path) => !/\.sw\.js$|^\/_gnet\/|^\/\.vite\//.test(path));
  return Object.fromEntries(
    kept.map((path) => [
      path,
      `sha256-${createHash('sha256')
        .update(readFileSync(join(outDir, path)))
        .digest('base64')}`,
    ]),
  );
}

/** Builds the standalone scripts behind the app, because the app's service worker names every file of it. */
function standalone(outDir: string): Plugin {
  return {
    name: 'gnet-standalone',
    apply: 'build',
    async closeBundle() {
      for (const { entry, fileName } of STANDALONE) {
        const files = JSON.stringify(keptFiles(outDir));
        await build({
          root,
          configFile: false,
          logLevel: 'warn',
          publicDir: false,
          define: { __APP_FILES__: files, __APP_VERSION__: JSON.stringify(createHash('sha256').update(files).digest('hex').slice(0, 16)) },
          build: {
            outDir,
            target,
            emptyOutDir: false,
            lib: { entry: join(root, entry), formats: ['iife'], name: 'gnet', fileName: () => fileName },
          },
        });
      }
    },
  };
}

/** @param alias modules to put in place of others: tests build the shell with a peer that serves from memory. */
export function appConfig(outDir: string, alias: Record<string, string> = {}): UserConfig {
  return {
    root,
    plugins: [standalone(outDir)],
    resolve: { alias },
    worker: { format: 'es' },
    build: {
      outDir,
      target,
      emptyOutDir: true,
      manifest: true,
      // Inlined files would be data: URLs, which the shell's policy does not allow for scripts and fonts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  };
}

export default defineConfig(appConfig(join(root, 'dist/app')));
