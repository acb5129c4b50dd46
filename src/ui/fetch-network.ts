import { KEPT_HEADER, type NetworkInfo } from '../shared/network-info.ts';

/** `kept`: from the service worker's copy. Undefined when there is none either. */
export async function fetchNetwork(): Promise<{ network: NetworkInfo; kept: boolean } | undefined> {
  try {
    const response = await fetch('/network.json');
    if (!response.ok) return undefined;
    return { network: (await response.json()) as NetworkInfo, kept: response.headers.has(KEPT_HEADER) };
  } catch {
    return undefined; // the host is down: the peer dials whom it remembers
  }
}
