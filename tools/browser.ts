/** Finds the browsers that tests drive, and installs them where that needs nobody's leave. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export type BrowserName = 'chromium' | 'firefox';

const SEARCH: Record<BrowserName, { variable: string; commands: string[]; paths: string[] }> = {
  chromium: {
    variable: 'CHROME_PATH',
    commands: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'],
    paths: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
      'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    ],
  },
  firefox: {
    variable: 'FIREFOX_PATH',
    commands: ['firefox-esr', 'firefox'],
    paths: ['/Applications/Firefox.app/Contents/MacOS/firefox', 'C:\\Program Files\\Mozilla Firefox\\firefox.exe'],
  },
};

/** The browser's executable: what the environment names (CHROME_PATH, FIREFOX_PATH), else where it usually lies. */
export function findBrowser(name: BrowserName): string | undefined {
  const { variable, commands, paths } = SEARCH[name];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const places = [process.env[variable] ?? '', ...commands.flatMap((command) => folders.map((folder) => join(folder, command))), ...paths];
  return places.find((place) => place !== '' && isExecutable(place));
}

/** As `findBrowser`. @throws Error that says what to install. */
export function needBrowser(name: BrowserName): string {
  const path = findBrowser(name);
  if (path === undefined) throw new Error(adviceFor([name]));
  return path;
}

/** Both browsers, installed first when missing: the environment variables to hand to tests. @throws Error that says what to install. */
export async function ensureBrowsers(): Promise<Record<string, string>> {
  const names = Object.keys(SEARCH) as BrowserName[];
  const missing = (): BrowserName[] => names.filter((name) => findBrowser(name) === undefined);
  if (missing().length > 0 && canInstall()) await installOnDebian();
  const still = missing();
  if (still.length > 0) throw new Error(adviceFor(still));
  return Object.fromEntries(names.map((name) => [SEARCH[name].variable, findBrowser(name) as string]));
}

function adviceFor(names: readonly BrowserName[]): string {
  const variables = names.map((name) => SEARCH[name].variable).join(' and ');
  return (
    `no ${names.join(' and no ')} found: install it (Debian: apt-get install chromium firefox-esr; elsewhere: npx playwright install ` +
    `${names.join(' ')}) or set ${variables} to the executable`
  );
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && !/ubuntu/i.test(readFileSync('/etc/os-release', 'utf8'));
}

/** Another process may hold dpkg's lock for a while: tried for five minutes. */
async function installOnDebian(): Promise<void> {
  console.log('  installing chromium and firefox-esr by apt-get (tests need real browsers)');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]): { ok: boolean; locked: boolean; output: string } => {
    const { status, stdout, stderr } = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=60', ...args], { env, encoding: 'utf8' });
    const output = `${stdout}${stderr}`;
    return { ok: status === 0, locked: /could not get lock|unable to (acquire|lock)/i.test(output), output };
  };
  for (const endMs = Date.now() + 300_000; ; await wait(5000)) {
    const update = apt('update', '-q');
    const install = apt('install', '-y', '-q', '--no-install-recommends', 'chromium', 'firefox-esr');
    if (install.ok) return;
    if (Date.now() < endMs && (install.locked || update.locked)) continue;
    console.log(`  apt-get failed:\n${install.output.trim().split('\n').slice(-5).join('\n').replace(/^/gm, '    ')}`);
    return;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
