/** Finds the browsers that tests drive, and installs them where that needs nobody's leave. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { canInstall, installOnDebian } from './debian.ts';

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
  if (missing().length > 0 && canInstall()) await installOnDebian(['chromium', 'firefox-esr'], 'tests need real browsers');
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

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
