import { concat } from '../core/bytes/bytes.ts';
import { providePlatform } from '../ui/platform.ts';
import { startPeerThread } from './peer-thread.ts';

providePlatform({
  startPeerThread,
  /** `RTCPeerConnection` exists on the page only. What it needs is loaded behind the first links; the peer's calls wait in the port meanwhile. */
  webrtcPort() {
    if (!('RTCPeerConnection' in globalThis)) return undefined;
    const { port1, port2 } = new MessageChannel();
    void Promise.all([import('../adapters/webrtc-bridge-page.ts'), import('../adapters/webrtc-page.ts')]).then(([bridge, rtc]) => {
      new bridge.WebRtcBridgePage(port1, rtc.pageWebRtc({ bind: concat }));
    });
    return port2;
  },
});
