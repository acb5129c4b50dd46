import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { readLocalNetwork } from '../data-folder.ts';
import type { Invocation, Option } from './command.ts';

/** `--app` of commands that print links. */
export const LINKING: Record<string, Option> = {
  app: {
    type: 'string',
    value: '<url>',
    help: 'where the app is served, for links that open in it (default: the local network’s)',
    check: checkApp,
  },
};

/** Where links are to open; undefined: nobody said, and no network runs here. */
export function appOf({ text }: Pick<Invocation, 'text'>, dataFolder: string): string | undefined {
  return text('app') ?? readLocalNetwork(dataFolder)?.app;
}

/** @throws GlobalNetError `malformed`. */
function checkApp(url: string): void {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new GlobalNetError('malformed', `--app wants a URL such as http://gnet.localhost:8080/, not '${url}'`);
}
