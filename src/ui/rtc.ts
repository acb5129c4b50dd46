import { concat } from '../core/bytes/bytes.ts';

/**
 * The page's end of the WebRTC bridge: `RTCPeerConnection` exists on the page only. What it needs is loaded behind the first links, which are
 * WebSockets; the peer's calls wait in the port meanwhile. Undefined in a browser without WebRTC.
 */
export function webrtcPort(): MessagePort | undefined {
  if (!('RTCPeerConnection' in globalThis)) return undefined;
  const { port1, port2 } = new MessageChannel();
  void Promise.all([import('../adapters/webrtc-bridge-page.ts'), import('../adapters/webrtc-page.ts')]).then(([bridge, rtc]) => {
    new bridge.WebRtcBridgePage(port1, rtc.pageWebRtc({ bind: concat }));
  });
  return port2;
}
