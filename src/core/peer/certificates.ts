import { equal, hex } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { type Env, sleep } from '../env.ts';
import { readAll, type SessionStream } from '../stream/index.ts';
import { decodeCertificates, encodeCertificates, verifyCertificate } from '../wire/certificate.ts';
import { formatIssuer } from '../wire/issuer.ts';
import type { CarriedCertificate } from './status.ts';

/** Answers each visitor who asks with the same list: whom he trusts he does not say. @throws RangeError for too many. */
export function certificatesHandler(certificates: readonly Uint8Array[]): (stream: SessionStream) => void {
  const answer = encodeCertificates(certificates);
  return (stream) => void tell(stream, answer.slice());
}

async function tell(stream: SessionStream, answer: Uint8Array): Promise<void> {
  try {
    await stream.write(answer);
    stream.end();
    await readAll(stream, 0);
  } catch {
    // the visitor went away, or said something where there is nothing to say
  }
}

/**
 * What of a service's answer is a certificate about it. All else is left out and disturbs nothing: of other services, of later versions, forged,
 * twice there, or no certificates at all. Whether one holds now, and whose word it is, is judged where it is shown. One is checked at a time: each
 * takes some ms of the thread that relays.
 * @param service the public key in the address that was opened.
 */
export async function checkCertificates(
  env: Pick<Env, 'crypto' | 'schedule'>,
  answer: Uint8Array,
  service: Uint8Array,
): Promise<CarriedCertificate[]> {
  const carried = new Map<string, CarriedCertificate>();
  for (const bytes of unlessWrong(() => decodeCertificates(answer), [])) {
    await sleep(env, 0);
    const certificate = unlessWrong(() => verifyCertificate(env.crypto, bytes), undefined);
    if (certificate === undefined || !equal(certificate.service, service)) continue;
    const { issuer, text, fromS, untilS } = certificate;
    carried.set(hex(bytes), { issuer: formatIssuer(issuer), says: text, fromMs: 1000 * fromS, untilMs: 1000 * untilS });
  }
  return [...carried.values()];
}

function unlessWrong<Value, Other>(read: () => Value, otherwise: Other): Value | Other {
  try {
    return read();
  } catch (error) {
    if (error instanceof GlobalNetError) return otherwise;
    throw error;
  }
}
