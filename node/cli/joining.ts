import type { JoinState } from '../../src/shared/peer-api.ts';

/** Where joining stands, for the line that says what is waited for. */
export function joinInWords(join: JoinState): string {
  switch (join.step) {
    case 'starting':
      return 'Joining…';
    case 'dialling':
      return `Joining: dialling, ${join.answered} of ${join.bootstraps} bootstraps answered`;
    case 'learning':
      return `Joining: asking who relays, ${join.relays} known over ${join.links} links`;
    case 'building':
      return `Joining: building circuits, ${join.relays} relays known over ${join.links} links`;
    case 'ready':
      return 'Joined';
    case 'failed':
      return `Not joined: ${join.message}; trying again in ${Math.ceil(join.retryInMs / 1000)} s`;
  }
}
