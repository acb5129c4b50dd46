import { equal } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { type Directory, lookUpPeers, type DirectoryAccess, openPeers } from '../directory/index.ts';
import { sample } from '../env.ts';
import type { PointDirectory } from '../service/index.ts';
import { ROLE } from '../wire/registry.ts';

/** Rendezvous points, as the directory knows them. `access` goes by circuits: who looks a point up is about to visit a service there. */
export function pointDirectory(directory: Directory, access: () => DirectoryAccess): PointDirectory {
  return {
    async choose(count, exclude) {
      const fit = openPeers(directory, ROLE.rendezvous).flatMap(({ id }) => directory.vouched(id) ?? []);
      const free = fit.filter(({ id }) => !exclude.includes(id));
      return sample(directory.env, free, count).map(({ id, hash }) => ({ peer: id, descriptorHash: hash }));
    },
    descriptorHash: (peer) => directory.vouched(peer)?.hash,
    async learn({ peer, descriptorHash }) {
      // The service signed this hash: that is the witness, besides whoever hands us the bytes.
      if (directory.byHash(descriptorHash) !== undefined) return;
      await lookUpPeers(access(), [peer]);
      const known = directory.get(peer);
      if (known === undefined) throw new GlobalNetError('unknown', `nobody has the descriptor of rendezvous point ${peer}`);
      // Its next epoch's descriptor may have come between record and visit; then other witnesses must name it.
      if (!equal(known.hash, descriptorHash) && directory.vouched(peer) === undefined) {
        throw new GlobalNetError('unverified', `rendezvous point ${peer} shows another descriptor than its service names`);
      }
    },
  };
}
