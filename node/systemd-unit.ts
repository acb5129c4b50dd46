import { existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { storeError, writeWhole } from './write-file.ts';

/** The first line of every unit of ours: no other file is replaced or removed. */
const MARK = "# Written by 'gnet service install'; 'gnet service uninstall' removes it.";
/** A relay says goodbye and stores its keys within 15 s. */
const STOP_WITHIN_S = 30;
const RESTART_AFTER_S = 10;
/** Exit codes: wrong input, which trying again does not mend; stopped before it was done. */
const EXIT = { malformed: 2, cancelled: 130 };

export interface UnitOptions {
  /** `gnet-relay` */
  readonly name: string;
  /** Of the machine instead of the user. */
  readonly system: boolean;
  /** What it runs: a program's path and its arguments. */
  readonly command: readonly string[];
  /** Variables it is started with. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where it is started; a system service has no folder of somebody's. */
  readonly folder: string;
  /** It listens below port 1024, which takes a right of its own. */
  readonly lowPort: boolean;
}

/** Where a system service finds what it keeps, as it is told and as others find it. */
export function stateOf(name: string): { told: string; path: string } {
  return { told: `%S/${name}`, path: `/var/lib/${name}` };
}

/** What costs a program like this nothing, in a user's service too: there all is left out that needs a namespace, which not every kernel lets a user have. */
const SANDBOX = [
  'NoNewPrivileges=yes',
  'UMask=0077',
  // Netlink: the addresses of this machine, for WebRTC.
  'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallFilter=~@privileged',
  'SystemCallErrorNumber=EPERM',
  // Not MemoryDenyWriteExecute: V8 compiles while it runs.
];

function systemSandbox({ name, lowPort }: UnitOptions): string[] {
  return [
    // A user that is there only while it runs, and the one folder that it may write.
    'DynamicUser=yes',
    `StateDirectory=${name}`,
    'StateDirectoryMode=0700',
    'ProtectSystem=strict',
    'ProtectHome=yes',
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'ProtectProc=invisible',
    'RemoveIPC=yes',
    ...(lowPort
      ? ['CapabilityBoundingSet=CAP_NET_BIND_SERVICE', 'AmbientCapabilities=CAP_NET_BIND_SERVICE']
      : ['CapabilityBoundingSet=', 'PrivateUsers=yes']),
  ];
}

export function unitText(options: UnitOptions): string {
  const { name, system, command, environment, folder } = options;
  const wait = system ? ['Wants=network-online.target', 'After=network-online.target'] : [];
  return [
    MARK,
    '[Unit]',
    `Description=GlobalNet: ${name}`,
    ...wait,
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${command.map(quoted).join(' ')}`,
    ...Object.entries(environment).map(([variable, value]) => `Environment=${quoted(`${variable}=${value}`)}`),
    ...(system ? [] : [`WorkingDirectory=${folder.replaceAll('%', '%%')}`]),
    'Restart=on-failure',
    `RestartSec=${RESTART_AFTER_S}`,
    `RestartPreventExitStatus=${EXIT.malformed}`,
    `SuccessExitStatus=${EXIT.cancelled}`,
    // It ends its own children in order.
    'KillMode=mixed',
    `TimeoutStopSec=${STOP_WITHIN_S}`,
    '',
    ...SANDBOX,
    ...(system ? systemSandbox(options) : []),
    '',
    '[Install]',
    `WantedBy=${wantedBy(system)}`,
    '',
  ].join('\n');
}

function wantedBy(system: boolean): string {
  return system ? 'multi-user.target' : 'default.target';
}

/** systemd.syntax(7), systemd.service(5): quotes and backslashes, `%` of specifiers, `$` of variables. The state folder's `%S` is meant so. */
function quoted(text: string): string {
  if (/[\p{Cc}\ufffd]/u.test(text))
    throw new GlobalNetError('malformed', `a service's command cannot hold control characters: ${JSON.stringify(text)}`);
  if (/^%S\/[\w-]+$/.test(text)) return text;
  const plain = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@:,./=+%$-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, '\\$&')}"`;
}

/** Where systemd looks for units that somebody has written. */
export function unitFolder(system: boolean): string {
  return system ? '/etc/systemd/system' : join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'systemd', 'user');
}

/** Writes the unit, and says whether it was another before. @throws GlobalNetError `refused`: not ours, another without `overwrite`, no right. */
export async function writeUnit(path: string, text: string, overwrite: boolean): Promise<void> {
  const before = readUnit(path);
  if (before === text) return;
  if (before !== undefined && !overwrite)
    throw new GlobalNetError(
      'refused',
      `${path} is there and runs something else: name another with --unit, or replace it with --overwrite`,
    );
  try {
    await mkdir(join(path, '..'), { recursive: true });
    await writeWhole(path, Buffer.from(text), { durable: true });
    await chmod(path, 0o644); // systemd tells everybody what is in it anyway, and complains of a unit that only its owner may read
  } catch (error) {
    throw storeError(error, path);
  }
}

/** Removes the unit, and the link by which it is started. @throws GlobalNetError `unknown` (none there), `refused` (not ours, no right). */
export function removeUnit(path: string, system: boolean): void {
  if (readUnit(path) === undefined) throw new GlobalNetError('unknown', `there is no ${path}`);
  const wants = join(path, '..', `${wantedBy(system)}.wants`, path.split('/').at(-1) as string);
  try {
    if (lstatSync(wants, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(wants);
    rmSync(path);
  } catch (error) {
    throw storeError(error, path);
  }
}

/** @throws GlobalNetError `refused`. */
function readUnit(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith(`${MARK}\n`))
    throw new GlobalNetError('refused', `${path} was not written by 'gnet service install': it is left as it is`);
  return text;
}
