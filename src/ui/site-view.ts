import type { CarriedCertificate } from '../shared/peer-api.ts';
import type { SiteInfo } from '../shared/peer-control.ts';
import type { OfferedFile } from '../shared/site-shell.ts';
import type { ToldFailure } from './words.ts';

/**
 *   opening   label, keeper and ports are being made ready
 *   loading   the frame was sent to a path, its service worker has not answered
 *   shown     its service worker answered, everything verified so far
 *   failed    nothing to show for this path, or what came is not what was signed
 */
export type SitePhase = 'opening' | 'loading' | 'shown' | 'failed';

export interface SiteView {
  address: string;
  /** The address, and the port where it is not 80: what has an origin of its own. */
  host: string;
  /** With query and fragment, as the frame shows it or is to show it. */
  path: string;
  phase: SitePhase;
  info: SiteInfo | undefined;
  /** What issuers have signed about it; whose word counts is the user's affair. */
  certificates: readonly CarriedCertificate[];
  failure: ToldFailure | undefined;
  /** What lies at this path is a file: nothing is shown, and nothing saved before the user says so. */
  file: OfferedFile | undefined;
  /** The site's own page for what it does not have. */
  notFound: boolean;
  /** The page came from a live service, as it is now: nobody has signed it. */
  isLive: boolean;
  /** A form of this page is being sent. */
  isSending: boolean;
}

export interface SiteSessionEvents {
  onChange(): void;
  /** A link of the site leads to this path of it. */
  onAsked(path: string, isRedirect: boolean): void;
  onOutside(url: string): void;
}
