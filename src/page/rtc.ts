import { pageWebRtc } from '../adapters/webrtc-page.ts';
import { WebRtcBridgePage } from '../adapters/webrtc-bridge-page.ts';
import { concat } from '../core/bytes/bytes.ts';
import { provideWebrtcPort } from '../ui/rtc.ts';

provideWebrtcPort(() => {
  if (typeof RTCPeerConnection !== 'function') return undefined;
  const { port1, port2 } = new MessageChannel();
  new WebRtcBridgePage(port1, pageWebRtc({ bind: concat }));
  return port2;
});
