import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../../src/core/bytes/errors.ts';
import { descriptionOfSdp, sdpOfDescription } from '../../../src/core/signal/index.ts';
import { CANDIDATE, DTLS_SETUP, SIGNAL } from '../../../src/core/wire/registry.ts';
import {
  decodeDescription,
  decodeOffer,
  decodeSealedOffer,
  decodeSignalRequest,
  decodeSignalResponse,
  encodeDescription,
  encodeSignalResponse,
} from '../../../src/core/wire/signal.ts';

const FINGERPRINT = 'CD:12:59:19:13:6F:A0:FB:8A:64:6F:E3:2C:62:14:F0:2B:0F:F2:41:4D:FA:62:A9:B3:62:E6:9B:33:F1:E1:8E';

/** As Chromium 156, with the parts that a data channel does not need. */
const CHROMIUM = [
  'v=0',
  'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'a=extmap-allow-mixed',
  'a=msid-semantic: WMS',
  'm=application 52311 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 203.0.113.7',
  'a=candidate:1 1 udp 2113937151 0f8fad5b-d9cb-469f-a165-70867728950e.local 52311 typ host generation 0 network-cost 999',
  'a=candidate:2 1 udp 1677729535 203.0.113.7 52311 typ srflx raddr 0.0.0.0 rport 0 generation 0',
  'a=candidate:3 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0',
  'a=candidate:4 1 udp 2113937151 2001:db8::ff 52312 typ host generation 0',
  'a=ice-ufrag:Qk+/',
  'a=ice-pwd:KAmoxdNlE9VGALe+M/stTb12',
  `a=fingerprint:sha-256 ${FINGERPRINT}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=sctp-port:5000',
  'a=max-message-size:262144',
  '',
].join('\r\n');

const description = fc.record(
  {
    setup: fc.constantFrom(...Object.values(DTLS_SETUP)),
    fingerprint: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    iceUfrag: fc.stringMatching(/^[A-Za-z0-9+/]{4,32}$/),
    icePassword: fc.stringMatching(/^[A-Za-z0-9+/]{22,64}$/),
    candidates: fc.array(
      fc.oneof(
        ...(
          [
            [CANDIDATE.ipv4, 4],
            [CANDIDATE.ipv6, 16],
            [CANDIDATE.mdns, 16],
          ] as const
        ).map(([kind, lengthBytes]) =>
          fc.record(
            {
              kind: fc.constant(kind),
              reflexive: fc.boolean(),
              address: fc.uint8Array({ minLength: lengthBytes, maxLength: lengthBytes }),
              port: fc.nat(65_535),
            },
            { noNullPrototype: true },
          ),
        ),
      ),
      { maxLength: 16 },
    ),
  },
  { noNullPrototype: true },
);

function decodes(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    decode(bytes);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
  }
}

describe('descriptions', () => {
  it("keep of a browser's SDP what a data channel needs", () => {
    const read = descriptionOfSdp(CHROMIUM);
    assert.equal(read.setup, DTLS_SETUP.either);
    assert.deepEqual(
      read.candidates.map(({ kind, reflexive, port }) => [kind, reflexive, port]),
      [
        [CANDIDATE.mdns, false, 52311],
        [CANDIDATE.ipv4, true, 52311],
        [CANDIDATE.ipv6, false, 52312],
      ],
    );
    assert.ok(encodeDescription(read).length < 200, `${encodeDescription(read).length} bytes`);
  });

  it('go to bytes, to SDP and back without loss', () => {
    fc.assert(
      fc.property(description, (wanted) => {
        assert.deepEqual(decodeDescription(encodeDescription(wanted)), wanted);
        assert.deepEqual(descriptionOfSdp(sdpOfDescription(wanted)), wanted);
      }),
      { seed: 4 },
    );
  });

  it('cannot carry a line of SDP in their texts', () => {
    for (const iceUfrag of ['abcd\r\nm=video', 'ab cd', 'abc\n', 'äbcd', 'abc'])
      assert.throws(() => decodeDescription(encodeDescription({ ...descriptionOfSdp(CHROMIUM), iceUfrag })), DecodeError);
  });

  it('bytes that are none are refused with a DecodeError', () => {
    const mutated = fc.tuple(description, fc.nat(300), fc.nat(255)).map(([wanted, at, value]) => {
      const bytes = encodeDescription(wanted);
      bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), mutated, (any, bytes) => {
        for (const decode of [decodeDescription, decodeOffer, decodeSealedOffer, decodeSignalRequest, decodeSignalResponse]) {
          decodes(decode, any);
          decodes(decode, bytes);
        }
      }),
      { seed: 5 },
    );
  });

  it('responses come back as they went', () => {
    const answer = { type: SIGNAL.answer, sealed: Uint8Array.of(1, 2), tag: new Uint8Array(16) };
    const refused = { type: SIGNAL.refused, effort: 70_000 };
    for (const response of [answer, refused]) assert.deepEqual(decodeSignalResponse(encodeSignalResponse(response)), response);
  });
});
