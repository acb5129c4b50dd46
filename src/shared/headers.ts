/**
 * The headers that keep a site in its box, for the host of the app and for the site's service worker alike (docs/spec/11-isolation.md has
 * the same table). Each line is there for a leak that was measured; the leak test fires a control for each.
 */

export type Headers = Record<string, string>;

/** What no page of ours uses and no site may ask for. */
const FEATURES = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'camera',
  'display-capture',
  'encrypted-media',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'identity-credentials-get',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'otp-credentials',
  'payment',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'storage-access',
  'usb',
  'window-management',
  'xr-spatial-tracking',
];

/** On every response, whatever it is. */
const ALWAYS: Headers = {
  // A process of its own for each origin where the browser has any: a busy site must not freeze the shell.
  'Origin-Agent-Cluster': '?1',
  'X-DNS-Prefetch-Control': 'off',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Permissions-Policy': FEATURES.map((feature) => `${feature}=()`).join(', '),
};

/** Chromium then opens no connection but to the origin that answered: no preconnect, no DNS hint, none for a frame that CSP refuses. */
const ONLY_THIS_ORIGIN: Headers = { 'Connection-Allowlist': '(response-origin)' };

function policy(directives: Record<string, string>): Headers {
  const text = Object.entries(directives).map(([name, value]) => `${name} ${value}`);
  return { 'Content-Security-Policy': text.join('; ') };
}

/** The shell, on the app's origin. @param siteOrigins `http://*.gnet.localhost:8080` */
export function shellHeaders(siteOrigins: string): Headers {
  return {
    ...ALWAYS,
    ...policy({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' data:",
      'connect-src': "'self'",
      'worker-src': "'self'",
      'manifest-src': "'self'",
      'frame-src': siteOrigins,
      'form-action': "'none'",
      'base-uri': "'none'",
      'frame-ancestors': "'none'",
    }),
    'Cross-Origin-Opener-Policy': 'same-origin',
  };
}

/** Scripts of the app's origin. A worker is bound by the headers of its own script: the peer's dials WebSockets and compiles WASM. */
export function appScriptHeaders(): Headers {
  return {
    ...ALWAYS,
    ...policy({
      'default-src': "'none'",
      'script-src': "'self' 'wasm-unsafe-eval'",
      'connect-src': "'self' ws: wss:",
      'worker-src': "'self'",
    }),
  };
}

/** Our own pages and scripts on a site's origin: the keeper, the service worker, and the page that says there is nothing here. */
export function keeperHeaders(appOrigin: string): Headers {
  return {
    ...ALWAYS,
    ...ONLY_THIS_ORIGIN,
    ...policy({
      'default-src': "'none'",
      'script-src': "'self'",
      'connect-src': "'self'",
      'worker-src': "'self'",
      'form-action': "'none'",
      'base-uri': "'none'",
      'frame-ancestors': appOrigin,
    }),
    'Cache-Control': 'no-cache',
  };
}

/** What a site's author signed, without scripts. Set by the site's service worker. */
export function contentHeaders(appOrigin: string): Headers {
  return {
    ...ALWAYS,
    ...ONLY_THIS_ORIGIN,
    ...policy({
      'default-src': "'none'",
      'script-src': "'none'",
      'style-src': "'self' 'unsafe-inline'",
      'img-src': "'self' data:",
      'font-src': "'self' data:",
      'media-src': "'self' data:",
      'form-action': "'self'",
      'base-uri': "'self'",
      'frame-ancestors': appOrigin,
      // Again here, for a page that is somehow shown without the shell's frame around it.
      sandbox: 'allow-same-origin allow-forms',
    }),
    // The store is the only copy; the browser's cache would keep what the user deleted.
    'Cache-Control': 'no-store',
  };
}

/** The origin of the app, from that of a site: `http://<label>.gnet.localhost:8080` → `http://gnet.localhost:8080`. */
export function appOriginOf(siteOrigin: string): string {
  const { protocol, host } = new URL(siteOrigin);
  return `${protocol}//${host.slice(host.indexOf('.') + 1)}`;
}
