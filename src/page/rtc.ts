import { concat } from '../core/bytes/bytes.ts';
import { provideWebrtcPort } from '../ui/rtc.ts';

// What it needs is loaded behind the first links, which are WebSockets; the peer's calls wait in the port meanwhile.
provideWebrtcPort(() => {
  if (!('RTCPeerConnection' in globalThis)) return undefined;
  const { port1, port2 } = new MessageChannel();
  void Promise.all([import('../adapters/webrtc-bridge-page.ts'), import('../adapters/webrtc-page.ts')]).then(([bridge, rtc]) => {
    new bridge.WebRtcBridgePage(port1, rtc.pageWebRtc({ bind: concat }));
  });
  return port2;
});
