/** Programs that tests drive through the network as a user would, installed where they are missing and can be. */
import { existsSync } from 'node:fs';
import { canInstall, installOnDebian } from './debian.ts';

/** Debian's places. */
const PACKAGES: Record<string, readonly string[]> = {
  curl: ['/usr/bin/curl'],
  git: ['/usr/bin/git'],
  'netcat-openbsd': ['/bin/nc.openbsd'],
  'openssh-client': ['/usr/bin/ssh'],
  'openssh-server': ['/usr/sbin/sshd'],
  postgresql: ['/usr/lib/postgresql', '/usr/bin/psql'],
  proxychains4: ['/usr/bin/proxychains4'],
};

/** @throws Error that says what to install. */
export async function ensurePrograms(): Promise<void> {
  const missing = (): string[] => Object.keys(PACKAGES).filter((name) => !PACKAGES[name]?.every((path) => existsSync(path)));
  if (missing().length > 0 && canInstall()) await installOnDebian(missing(), 'tests run real programs through the network');
  const still = missing();
  if (still.length > 0) throw new Error(`tests need ${still.join(', ')}: apt-get install -y ${still.join(' ')}`);
}
