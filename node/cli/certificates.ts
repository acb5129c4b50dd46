import { readFile } from 'node:fs/promises';
import { equal } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Env } from '../../src/core/env.ts';
import type { ServiceSession } from '../../src/core/peer/index.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { parseCertificate, type VerifiedCertificate, verifyCertificate } from '../../src/core/wire/certificate.ts';
import { CERTIFICATES_MAX } from '../../src/core/wire/geometry.ts';
import { formatIssuer } from '../../src/core/wire/issuer.ts';
import { certificateWords, dayOf, isCertified, type JudgedCertificate, judge } from '../../src/shared/certificates.ts';
import { readTrusted } from '../trusted-keys.ts';
import type { Option } from './command.ts';

/** `--certificate` of commands that serve something. */
export const CARRYING: Record<string, Option> = {
  certificate: {
    type: 'string',
    value: '<file>',
    multiple: true,
    help: `a certificate that visitors are to be shown, as gnet certify makes it, or a file with some, a line each; at most ${CERTIFICATES_MAX} of one service; may be repeated`,
  },
};

/** `--certified` of commands that visit. */
export const CERTIFIED: Record<string, Option> = {
  certified: {
    type: 'boolean',
    help: 'go only to services of which a key that you trust (gnet trust) says something that holds now; it is asked first, which takes a round trip more',
  },
};

/**
 * Certificates from files, each fit to be carried now.
 * @throws GlobalNetError `malformed`: no such file, none in it, not a certificate, expired; `unverified`: forged. It names the file.
 */
export async function readCertificates(env: Pick<Env, 'crypto' | 'now'>, files: readonly string[]): Promise<VerifiedCertificate[]> {
  const read = await Promise.all(files.map((file) => readOne(env, file)));
  return read.flat().filter((one, index, all) => all.findIndex((other) => equal(other.bytes, one.bytes)) === index);
}

async function readOne({ crypto, now }: Pick<Env, 'crypto' | 'now'>, file: string): Promise<VerifiedCertificate[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new GlobalNetError('malformed', `--certificate names a file that cannot be read: ${file} (${error.code})`);
  });
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new GlobalNetError('malformed', `there is no certificate in ${file}`);
  return lines.map((line) => {
    try {
      const certificate = verifyCertificate(crypto, parseCertificate(line));
      if (1000 * certificate.untilS + 1000 <= now())
        throw new GlobalNetError('malformed', `it expired on ${dayOf(1000 * certificate.untilS)}; ask its issuer for another one`);
      return certificate;
    } catch (error) {
      if (!(error instanceof GlobalNetError)) throw error;
      throw new GlobalNetError(error.kind, `--certificate ${file}: ${error.message}`);
    }
  });
}

/** Refuses those that are about none of these services. @param services their public keys. @throws GlobalNetError `malformed`. */
export function refuseForeign(certificates: readonly VerifiedCertificate[], services: readonly Uint8Array[]): void {
  const foreign = certificates.find(({ service }) => !services.some((own) => equal(own, service)));
  if (foreign === undefined) return;
  const own = services.map(encodeAddress).join(', ');
  throw new GlobalNetError('malformed', `--certificate: it is about ${encodeAddress(foreign.service)}, and what is served here is ${own}`);
}

/** Those about this service, in the order given. @throws GlobalNetError `full`. */
export function certificatesOf(certificates: readonly VerifiedCertificate[], service: Uint8Array): VerifiedCertificate[] {
  const own = certificates.filter((one) => equal(one.service, service));
  if (own.length > CERTIFICATES_MAX)
    throw new GlobalNetError(
      'full',
      `${own.length} certificates about ${encodeAddress(service)}, a service carries at most ${CERTIFICATES_MAX}`,
    );
  return own;
}

/** For the lines that a command says of what it serves. */
export function carrying(certificates: readonly VerifiedCertificate[]): { words: string; json: object } {
  const words = certificates.map(
    ({ text, issuer, untilS }) => `\nCarries  ${text}  (${formatIssuer(issuer)}, until ${dayOf(1000 * untilS)})`,
  );
  const json = certificates.map(({ text, issuer, untilS }) => ({ says: text, issuer: formatIssuer(issuer), until: timeOf(1000 * untilS) }));
  return { words: words.join(''), json: json.length === 0 ? {} : { certificates: json } };
}

/** What a service that was visited carries is to this user. */
export function carried(judged: readonly JudgedCertificate[]): { words: string; json: object[] } {
  const words = judged.map((one) => `\n${certificateWords(one)}\n  ${one.says ?? one.issuer}`);
  const json = judged.map(({ issuer, name, standing, says, fromMs, untilMs }) => ({
    issuer,
    trusted: name ?? false,
    standing,
    ...(says === undefined ? {} : { says }),
    from: timeOf(fromMs),
    until: timeOf(untilMs),
  }));
  return { words: words.join(''), json };
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000', '');
}

/** Asks before anything else is asked. @throws GlobalNetError `refused` when nobody trusted speaks for it; as `ServiceSession.certificates`. */
export async function refuseUncertified(
  env: Pick<Env, 'now'>,
  dataFolder: string,
  visit: Pick<ServiceSession, 'certificates'>,
): Promise<void> {
  if (isCertified(judge(await visit.certificates(), await readTrusted(dataFolder), env.now()))) return;
  throw new GlobalNetError(
    'refused',
    'no key that you trust says anything of this service that holds now: --certified goes to no other; gnet trust list shows whom you trust',
  );
}
