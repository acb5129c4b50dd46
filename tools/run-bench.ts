/** The process of one bench: runs the file it is given and sends what that reports to tools/bench.ts. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bench } from '../bench/harness.ts';
import { root } from './paths.ts';

const path = process.argv[2] as string;
const { default: bench } = (await import(pathToFileURL(join(root, path)).href)) as { default: Bench };
const sent: Promise<unknown>[] = [];
await bench((name, measure) => void sent.push(new Promise((done) => process.send?.([name, measure], done))));
await Promise.all(sent);
// A socket's last words or an idle thread must not hold up the next bench.
process.exit();
