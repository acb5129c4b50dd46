/// <reference path="./simplepeer-min.d.ts" />
import { WebRtc, type WebRtcOptions } from './webrtc.ts';

/**
 * Chromium 156 refuses the 501st RTCPeerConnection of a page, closed ones included, until memory is collected; some stay
 * for whatever else the page may do.
 */
const PAGE_ATTEMPTS = 480;

/**
 * The page's WebRTC; all its connections are torn down when the page is frozen or goes: their other ends hear of it at once
 * instead of waiting for a time-out. No attempt is left where there is no RTCPeerConnection, and everything else works without it.
 */
export function pageWebRtc(options: Pick<WebRtcOptions, 'bind' | 'stunUrls'>): WebRtc {
  const rtc = new WebRtc({
    ...options,
    attempts: typeof RTCPeerConnection === 'function' ? PAGE_ATTEMPTS : 0,
    load: async () => (await import('simple-peer/simplepeer.min.js')).default,
  });
  addEventListener('pagehide', () => rtc.destroyAll());
  document.addEventListener('freeze', () => rtc.destroyAll());
  return rtc;
}
