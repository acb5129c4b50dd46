/** A network of a test's own: a namespace with nothing in it but loopback, where any address can be made to be there. */
import { spawnSync } from 'node:child_process';
import { canInstall, installOnDebian } from './debian.ts';

/** As root of its own, so that it needs nobody's leave; else as the root that we are. Mounts too, for the name server that programs in it are told of. */
const WAYS = [
  ['unshare', '--user', '--map-root-user', '--net', '--mount'],
  ['unshare', '--net', '--mount'],
] as const;

/** The command before a command that runs it in a namespace; or why there can be none here. */
export function namespaceCommand(): readonly string[] | string {
  const without = failureOf(['ip', '-V']);
  if (without !== undefined) return without;
  const raise = ['ip', 'link', 'set', 'lo', 'up'] as const;
  return WAYS.find((way) => failureOf([...way, ...raise]) === undefined) ?? (failureOf([...WAYS[0], ...raise]) as string);
}

function failureOf([command, ...args]: readonly [string, ...string[]]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `'${[command, ...args].join(' ')}' fails here: ${error?.message ?? stderr.trim()}`;
}

/** Installs `ip` where it is missing and can be. */
export async function ensureNamespaces(): Promise<void> {
  if (failureOf(['ip', '-V']) !== undefined && canInstall()) await installOnDebian(['iproute2'], 'tests of exits run in a namespace');
}
