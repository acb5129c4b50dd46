import { equal, hex } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { CryptoPort } from '../ports.ts';
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
 * twice there, or no certificates at all. Whether one holds now, and whose word it is, is judged where it is shown.
 * @param service the public key in the address that was opened.
 */
export function checkCertificates(
  crypto: Pick<CryptoPort, 'ed25519Verify'>,
  answer: Uint8Array,
  service: Uint8Array,
): CarriedCertificate[] {
  const seen = new Set<string>();
  return unlessWrong(() => decodeCertificates(answer), []).flatMap((bytes) => {
    const key = hex(bytes);
    if (seen.has(key)) return [];
    seen.add(key);
    const certificate = unlessWrong(() => verifyCertificate(crypto, bytes), undefined);
    if (certificate === undefined || !equal(certificate.service, service)) return [];
    const { issuer, text, fromS, untilS } = certificate;
    return [{ issuer: formatIssuer(issuer), says: text, fromMs: 1000 * fromS, untilMs: 1000 * untilS }];
  });
}

function unlessWrong<Value, Other>(read: () => Value, otherwise: Other): Value | Other {
  try {
    return read();
  } catch (error) {
    if (error instanceof GlobalNetError) return otherwise;
    throw error;
  }
}
