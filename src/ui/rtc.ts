/** `RTCPeerConnection` exists on the page only, and how it is lent to the peer's worker is no business of the interface: the page's entry says. */
let makePort: () => MessagePort | undefined = () => undefined;

export function provideWebrtcPort(make: () => MessagePort | undefined): void {
  makePort = make;
}

/** The worker's end of a new WebRTC bridge; undefined where this browser has no WebRTC. */
export function webrtcPort(): MessagePort | undefined {
  return makePort();
}
