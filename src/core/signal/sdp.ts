import { hex, fromHex } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { SIGNAL_CANDIDATES_MAX } from '../wire/geometry.ts';
import { CANDIDATE } from '../wire/registry.ts';
import type { Candidate, Description } from '../wire/signal.ts';

/**
 * Between a browser's SDP and a description. What a stranger sends never reaches WebRTC as text: the SDP is written here
 * anew from a few checked fields, so no offer can ask for cameras, codecs, or anything but one data channel.
 */

const SETUP_WORD = ['actpass', 'active', 'passive'] as const;

/** @throws GlobalNetError `unsupported` when the platform's SDP lacks what a description needs. */
export function descriptionOfSdp(sdp: string): Description {
  const field = (pattern: RegExp, what: string): string => {
    const found = pattern.exec(sdp)?.[1];
    if (found === undefined) throw new GlobalNetError('unsupported', `this platform's WebRTC description has no ${what}`);
    return found;
  };
  const setup = SETUP_WORD.indexOf(field(/^a=setup:(actpass|active|passive)\s*$/m, 'DTLS role') as (typeof SETUP_WORD)[number]);
  const candidates: Candidate[] = [];
  for (const line of sdp.split(/\r?\n/)) {
    const candidate = readCandidate(line);
    if (candidate !== undefined && candidates.length < SIGNAL_CANDIDATES_MAX) candidates.push(candidate);
  }
  return {
    setup: setup as Description['setup'],
    fingerprint: fromHex(field(/^a=fingerprint:sha-256 ([0-9A-Fa-f:]{95})\s*$/im, 'SHA-256 fingerprint').replaceAll(':', '')),
    iceUfrag: field(/^a=ice-ufrag:(\S+)\s*$/m, 'ICE user fragment'),
    icePassword: field(/^a=ice-pwd:(\S+)\s*$/m, 'ICE password'),
    candidates,
  };
}

/** One bundled data channel and nothing else. */
export function sdpOfDescription({ setup, fingerprint, iceUfrag, icePassword, candidates }: Description): string {
  const lines = [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    `a=ice-ufrag:${iceUfrag}`,
    `a=ice-pwd:${icePassword}`,
    `a=fingerprint:sha-256 ${(hex(fingerprint).toUpperCase().match(/../g) ?? []).join(':')}`,
    `a=setup:${SETUP_WORD[setup]}`,
    'a=mid:0',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    ...candidates.map(writeCandidate),
    'a=end-of-candidates',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** Undefined for what is not a UDP candidate of a known form (TCP, IPv6 zones, another kind of name). */
function readCandidate(line: string): Candidate | undefined {
  const found = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ (host|srflx)\b/i.exec(line);
  if (found === null) return undefined;
  const [, text = '', port = '', type] = found;
  const address = readAddress(text);
  return address && { ...address, port: Number(port), reflexive: type?.toLowerCase() === 'srflx' };
}

function readAddress(text: string): Pick<Candidate, 'kind' | 'address'> | undefined {
  const name = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.local$/i.exec(text)?.[1];
  if (name !== undefined) return { kind: CANDIDATE.mdns, address: fromHex(name.replaceAll('-', '')) };
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split('.').map(Number);
    return parts.every((part) => part < 256) ? { kind: CANDIDATE.ipv4, address: Uint8Array.from(parts) } : undefined;
  }
  const address = readIpv6(text);
  return address && { kind: CANDIDATE.ipv6, address };
}

function readIpv6(text: string): Uint8Array | undefined {
  const [head = '', tail, more] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const missing = 8 - before.length - after.length;
  if (more !== undefined || missing < 0 || (tail === undefined && missing > 0)) return undefined;
  const all = [...before, ...Array<string>(missing).fill('0'), ...after];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return fromHex(all.map((group) => group.padStart(4, '0')).join(''));
}

function writeCandidate(candidate: Candidate, index: number): string {
  // RFC 8445 § 5.1.2.1: type preference 126 or 100, then the order in which they came.
  const priority = (candidate.reflexive ? 100 : 126) * 2 ** 24 + (65_535 - index) * 256 + 255;
  const type = candidate.reflexive ? 'srflx raddr 0.0.0.0 rport 0' : 'host';
  return `a=candidate:${index + 1} 1 udp ${priority} ${writeAddress(candidate)} ${candidate.port} typ ${type}`;
}

function writeAddress({ kind, address }: Candidate): string {
  if (kind === CANDIDATE.ipv4) return address.join('.');
  const digits = hex(address);
  if (kind === CANDIDATE.ipv6) return (digits.match(/..../g) ?? []).join(':');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}.local`;
}
