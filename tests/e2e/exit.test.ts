/**
 * What a user does with `gnet exit` and `gnet proxy`. An exit opens nothing to loopback, so the web it reaches is at addresses that are
 * nobody's (RFC 5737, RFC 3849), in a namespace of the test's own whose kernel takes them for its own: all of `exit-suite.ts` runs there.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { namespaceCommand } from '../../tools/namespace.ts';
import { ensureBuilt } from '../../tools/ensure.mjs';

const SUITE = fileURLToPath(new URL('support/exit-suite.ts', import.meta.url));
/** The web's addresses are taken for this machine's without being any interface's; $0 stands where programs look for their name server. */
const PREPARE = `
  ip link set lo up
  ip route add local 203.0.113.0/24 dev lo
  ip -6 addr add 2001:db8:1::1/128 dev lo nodad
  ip -6 route add local 2001:db8:7::/48 dev lo
  echo nameserver 127.0.0.1 > "$0"
  mount --bind "$0" /etc/resolv.conf
  exec "$@"`;

test('the clear network through exits', { timeout: 280_000 }, async (t) => {
  const namespace = namespaceCommand();
  if (typeof namespace === 'string') return t.skip(`no namespace for the web that exits reach: ${namespace}`);
  if (process.env['BUILT_GNET'] === undefined) await ensureBuilt();
  const folder = mkdtempSync(join(tmpdir(), 'gnet-e2e-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = [process.execPath, '--import', 'tsx', '--test-reporter=spec', SUITE];
  const [unshare, ...args] = [...namespace, 'sh', '-e', '-c', PREPARE, join(folder, 'resolv.conf'), ...program] as [string, ...string[]];
  // Without the runner's variable, by which a test would take itself for its child and speak no text.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const inside = spawn(unshare, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => inside.kill());
  let said = '';
  for (const stream of [inside.stdout, inside.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise((resolve) => inside.on('close', resolve));
  assert.equal(code, 0, said);
  assert.match(said, /^. pass \d+$/m, 'the suite ran');
  t.diagnostic(said);
});
