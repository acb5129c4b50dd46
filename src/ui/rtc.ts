/** The page's end of the WebRTC bridge. `RTCPeerConnection` exists on the page only; simple-peer is loaded at the first dial. */
export function webrtcPort(): MessagePort | undefined {
  return undefined;
}
