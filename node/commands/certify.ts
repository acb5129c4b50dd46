import type { Address } from '../../src/core/bytes/brand.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { decodeAddress, normalAddress } from '../../src/core/wire/address.ts';
import { formatCertificate, signCertificate, textFault } from '../../src/core/wire/certificate.ts';
import { formatIssuer } from '../../src/core/wire/issuer.ts';
import { dayOf } from '../../src/shared/certificates.ts';
import { timeOf } from '../cli/certificates.ts';
import type { Command } from '../cli/command.ts';
import { dataFolderOf, openDataFolder } from '../data-folder.ts';
import { nodeEnv } from '../node-env.ts';
import { keptIssuerKey } from '../signing-key.ts';

const DAY_S = 86_400;
const DAYS_MAX = 3650;
/** Readers whose clock is behind take it too, and nobody learns when it was made. */
const BEFORE_S = DAY_S;

export const certify: Command = {
  name: 'certify',
  usage: '[<address> --says <text>] [--days <n>] [--key <name>]',
  summary:
    'Signs a statement about a service, for its owner to carry: a certificate, one line of text. Readers who trust your key are shown it. ' +
    'Without an address it says your key, which they need: tell it to them by another way than the service.',
  options: {
    says: { type: 'string', value: '<text>', help: 'what you say: one line, at most 200 bytes', check: saidOf, flagOnly: true },
    days: { type: 'string', value: '<n>', help: 'how long it holds (default: 365, at most 3650)', check: daysOf },
    key: { type: 'string', value: '<name>', help: 'which of your keys signs; made at its first use (default: issuer)', check: keyNameOf },
  },
  positionals: { min: 0, max: 1 },
  local: true,
  async run({ positionals, output, text }) {
    const address = positionals[0] === undefined ? undefined : normalAddress(positionals[0]);
    const says = text('says');
    if ((address === undefined) !== (says === undefined))
      throw new GlobalNetError('malformed', 'a statement is about an address and has a text: gnet certify <address> --says <text>');
    const days = daysOf(text('days') ?? '365');
    const dataFolder = dataFolderOf(text('data'));
    openDataFolder(dataFolder);
    const env = nodeEnv();
    const issuer = await keptIssuerKey(env, dataFolder, keyNameOf(text('key') ?? 'issuer'));
    const key = formatIssuer(issuer.publicKey);
    if (says === undefined) return output.say(key, { issuer: key });
    const nowS = Math.floor(env.now() / 1000);
    const [fromS, untilS] = [nowS - BEFORE_S, nowS + days * DAY_S];
    const service = decodeAddress(address as Address);
    const certificate = formatCertificate(signCertificate(env.crypto, issuer, { service, fromS, untilS, text: says }));
    const [from, until] = [timeOf(1000 * fromS), timeOf(1000 * untilS)];
    output.say(certificate, { certificate, address, says, from, until, issuer: key });
    output.note(`It holds until ${dayOf(1000 * untilS)}; the owner of ${address} serves it with --certificate <file with this line>.`);
    output.note(`Readers trust you by your key: gnet trust add ${key} <name>`);
  },
};

/** @throws GlobalNetError `malformed`. */
function saidOf(text: string): void {
  const fault = textFault(text);
  if (fault !== undefined) throw new GlobalNetError('malformed', `--says wants one line of text: ${fault}`);
}

/** @throws GlobalNetError `malformed`. */
function daysOf(text: string): number {
  const days = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= DAYS_MAX) return days;
  throw new GlobalNetError('malformed', `--days wants a whole number from 1 to ${DAYS_MAX}, not '${text}'`);
}

/** @throws GlobalNetError `malformed`. */
function keyNameOf(text: string): string {
  if (/^[A-Za-z0-9][\w-]{0,63}$/.test(text)) return text;
  throw new GlobalNetError('malformed', `--key wants a name of up to 64 letters, digits, '-' and '_', not '${text}'`);
}
