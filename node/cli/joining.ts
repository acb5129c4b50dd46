import type { Peer } from '../../src/core/peer/index.ts';
import type { JoinState } from '../../src/shared/peer-api.ts';
import type { Output } from './output.ts';

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

/**
 * Says each time that the network cannot be reached, and why, and when it can be again.
 * @param isAway it has not been there yet: the first joining is said too.
 */
export function sayJoining({ membership, events }: Pick<Peer, 'membership' | 'events'>, output: Output, isAway = false): void {
  let said: string | undefined;
  const look = (): void => {
    const { step } = membership;
    if (step.step === 'failed' && step.message !== said) {
      isAway = true;
      said = step.message;
      output.tell(`Not joined: ${said}. It goes on trying.`, { joined: false, why: said });
    } else if (step.step === 'ready' && isAway) {
      isAway = false;
      said = undefined;
      output.tell('Joined.', { joined: true });
    }
  };
  look();
  events.listen(look);
}
