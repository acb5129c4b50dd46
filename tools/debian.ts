/** Packages that tests need, installed where that needs nobody's leave: by root on Debian. */
import { spawnSync } from 'node:child_process';
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
  const apt = (...args: string[]): { ok: boolean; locked: boolean; output: string } => {
    const { status, stdout, stderr } = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=60', ...args], { env, encoding: 'utf8' });
    const output = `${stdout}${stderr}`;
    return { ok: status === 0, locked: /could not get lock|unable to (acquire|lock)/i.test(output), output };
  };
  for (const endMs = Date.now() + 300_000; ; await wait(5000)) {
    const update = apt('update', '-q');
    const install = apt('install', '-y', '-q', '--no-install-recommends', ...packages);
    if (install.ok) return;
    if (Date.now() < endMs && (install.locked || update.locked)) continue;
    console.log(`  apt-get failed:\n${install.output.trim().split('\n').slice(-5).join('\n').replace(/^/gm, '    ')}`);
    return;
  }
}
