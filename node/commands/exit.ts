import { readFileSync } from 'node:fs';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { ExitSummary } from '../../src/core/wire/exit.ts';
import { isPublicIp } from '../../src/core/wire/public-ip.ts';
import type { Command } from '../cli/command.ts';
import { checkRules, DEFAULT_POLICY, dnsResolver, ExitPolicy, interfaceAddresses, PolicyJudge } from '../exit/index.ts';
import { ipBytes } from '../ip.ts';
import { advertisedOf, listenAddressOf, relayOptions, runRelay } from './relay.ts';

export const exit: Command = {
  name: 'exit',
  usage: '--listen <ip:port> [--join <ws url>]… [--policy <rules>]…',
  summary:
    'Runs an exit: an open relay that also opens connections to the clear network for strangers. They come from your address: you answer for them. Never to private addresses or this machine.',
  options: {
    policy: {
      type: 'string',
      value: '<rules>',
      multiple: true,
      help: "where it opens connections to: 'accept *:80', 'reject 203.0.113.0/24:*', 'accept [2001:db8::]/32:1000-2000'; the first rule that fits decides, the rest is rejected; may be repeated (default: ports 80 and 443)",
      check: checkRules,
    },
    'policy-file': { type: 'string', value: '<file>', help: 'rules from a file, one a line, behind those of --policy; # begins a comment' },
    resolver: {
      type: 'string',
      value: '<ip[:port]>',
      multiple: true,
      help: 'the name server it asks (default: those of this machine)',
      check: (server) => dnsResolver([server]),
    },
    ...relayOptions('exit'),
  },
  positionals: { min: 0, max: 0 },
  serves: true,
  async run(invocation) {
    const { text, texts } = invocation;
    const policy = policyOf(texts('policy'), text('policy-file'));
    const resolve = dnsResolver(texts('resolver'));
    const published = ipBytes((advertisedOf(text) ?? listenAddressOf(text)).host);
    const ownAddresses = (): Uint8Array[] => [...interfaceAddresses(), ...(published === undefined ? [] : [published])];
    const summary: ExitSummary = { ipv6: ownAddresses().some((ip) => ip.length === 16 && isPublicIp(ip)), ports: policy.ports };
    const judge = new PolicyJudge({ policy, resolve, ownAddresses });
    invocation.output.note(
      `It opens ${policy.ports.map(([first, last]) => (first === last ? `port ${first}` : `ports ${first}-${last}`)).join(', ')} for others.`,
    );
    await runRelay(invocation, { kind: 'exit', exit: { judge, summary } });
  },
};

/** @throws GlobalNetError `malformed`, `refused` (the file). */
function policyOf(rules: readonly string[], file: string | undefined): ExitPolicy {
  if (file === undefined)
    return new ExitPolicy(rules.length > 0 ? [{ where: '--policy', lines: rules }] : [{ where: 'policy', lines: DEFAULT_POLICY }]);
  return new ExitPolicy([
    { where: '--policy', lines: rules },
    { where: file, lines: linesOf(file) },
  ]);
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch (error) {
    throw new GlobalNetError('refused', `--policy-file: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
}
