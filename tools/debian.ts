/** Packages that tests need, installed where that needs nobody's leave: by root on Debian. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Ubuntu's browsers are no packages. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && !/ubuntu/i.test(readFileSync('/etc/os-release', 'utf8'));
}

/** Says what it does, and why where it fails. Another process may hold dpkg's lock for a while: tried for five minutes. */
export async function installOnDebian(packages: readonly string[], why: string): Promise<void> {
  console.log(`  installing ${packages.join(' and ')} by apt-get (${why})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const endMs = Date.now() + 300_000; ; await wait(5000)) {
    const update = await apt(env, 'update', '-q');
    const install = await apt(env, 'install', '-y', '-q', '--no-install-recommends', ...packages);
    if (install.ok) return;
    if (Date.now() < endMs && (install.locked || update.locked)) continue;
    console.log(`  apt-get failed:\n${install.output.trim().split('\n').slice(-5).join('\n').replace(/^/gm, '    ')}`);
    return;
  }
}

interface AptOutcome {
  readonly ok: boolean;
  readonly locked: boolean;
  readonly output: string;
}

function apt(env: NodeJS.ProcessEnv, ...args: string[]): Promise<AptOutcome> {
  return new Promise((resolve) => {
    execFile('apt-get', ['-o', 'DPkg::Lock::Timeout=60', ...args], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}${error === null ? '' : error.message}`;
      resolve({ ok: error === null, locked: /could not get lock|unable to (acquire|lock)/i.test(output), output });
    });
  });
}
