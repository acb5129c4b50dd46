import type { PackWarning } from '../packs/index.ts';

/** What the panel and the commands say of it. */
export function warningInWords(warning: PackWarning): string {
  switch (warning.kind) {
    case 'full':
      return 'no room left in the store: pages are shown and not kept';
    case 'damaged':
      return 'a stored part was damaged; it is fetched again';
    case 'conflict':
      return `the author signed two different versions ${warning.serial}; the one seen first is shown`;
    case 'stale':
      return `nobody serves this site now; version ${warning.serial} from the store is shown`;
    case 'behind':
      return `version ${warning.serial} is shown, the author has signed version ${warning.headSerial}`;
    case 'newer':
      return `version ${warning.serial} has arrived; reload to see it`;
    case 'retry':
      return 'a stream broke off; the rest is asked for again';
  }
}
