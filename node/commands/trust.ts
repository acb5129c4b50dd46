import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { withoutTrusted, withTrusted } from '../../src/shared/trusted-keys.ts';
import type { Command } from '../cli/command.ts';
import { dataFolderOf, openDataFolder } from '../data-folder.ts';
import { changeTrusted, readTrusted } from '../trusted-keys.ts';

export const trust: Command = {
  name: 'trust',
  usage: 'add <issuer key> <name> | list | remove <name or key>',
  verbs: ['add', 'list', 'remove'],
  summary:
    'Keeps the keys of issuers whose word about services you take. Take a key from its issuer himself, never from the service that he speaks of. ' +
    'What they say of a service is printed by gnet open; with --certified, open, proxy and send go nowhere else.',
  options: {},
  positionals: { min: 1, max: 3 },
  local: true,
  async run({ positionals, output, text }) {
    const [action, ...rest] = positionals as [string, ...string[]];
    const dataFolder = dataFolderOf(text('data'));
    if (action === 'list' && rest.length === 0) {
      const trusted = await readTrusted(dataFolder);
      const lines = trusted.map(({ name, issuer }) => `${issuer}  ${name}`);
      return output.say(lines.join('\n') || 'You trust nobody’s key yet.', { trusted });
    }
    openDataFolder(dataFolder);
    const [key, name] = rest as [string, string];
    if (action === 'add' && rest.length === 2) {
      await changeTrusted(dataFolder, (list) => withTrusted(list, key, name));
      const added = (await readTrusted(dataFolder)).at(-1);
      return output.say(`You trust ${added?.issuer}, and call it ${added?.name}.`, { added });
    }
    if (action === 'remove' && rest.length === 1) {
      await changeTrusted(dataFolder, (list) => withoutTrusted(list, key));
      return output.say(`${key} is trusted no longer.`, { removed: key });
    }
    throw new GlobalNetError('malformed', `usage: gnet trust ${trust.usage}`);
  },
};
