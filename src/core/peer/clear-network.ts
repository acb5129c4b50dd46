import type { PeerId } from '../bytes/brand.ts';
import type { DirectoryAccess } from '../directory/index.ts';
import type { StreamStats } from '../stream/index.ts';
import type { Circuits } from './circuits.ts';
import { Exits } from './exits.ts';
import { NamedPaths } from './named-paths.ts';
import type { NetworkWays } from './ways.ts';

export interface ClearNetworkParts {
  readonly ways: NetworkWays;
  readonly circuits: Pick<Circuits, 'openAlong'>;
  access(): DirectoryAccess;
  /** @throws GlobalNetError when joining failed. */
  ready(): Promise<void>;
  /** As `ExitsOptions`. */
  onSilent(exit: PeerId): void;
}

/** The way out for programs: to the clear network through exits, and through hops that the user names. A tab has none of it in its code. */
export class ClearNetwork {
  readonly exits: Exits;
  readonly namedPaths: NamedPaths;

  constructor({ ways, circuits, access, ready, onSilent }: ClearNetworkParts) {
    this.namedPaths = new NamedPaths({ ways, circuits, access, ready });
    this.exits = new Exits({
      env: access().env,
      circuits,
      choosePath: (target, exclude, mayAsk) => ways.chooseExitPath(target, exclude, mayAsk),
      ready,
      onSilent,
    });
  }

  get streamStats(): StreamStats[] {
    return [...this.exits.streamStats, ...this.namedPaths.streamStats];
  }

  stop(): void {
    this.exits.stop();
  }
}
