import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import {
  decodeDirectoryRequest,
  type DirectoryAnswer,
  type DirectoryError,
  type DirectoryRequest,
  encodeDirectoryAnswer,
  isForgetSigned,
} from '../wire/directory.ts';
import { DIRECTORY_PROOFS_MAX } from '../wire/geometry.ts';
import { END } from '../wire/registry.ts';
import { PUBLISH_BURST, PUBLISH_PER_SECOND } from './constants.ts';
import type { Directory } from './directory.ts';

const REFUSED: DirectoryError = { type: 'error', reason: END.refused };

/** Answers directory streams. It asks nobody who he is: what it gives out is public, what it takes in is signed. */
export class DirectoryServer {
  #tokens = PUBLISH_BURST;
  #filledAtMs: number;

  constructor(
    readonly env: Env,
    readonly directory: Directory,
  ) {
    this.#filledAtMs = env.now();
  }

  /** Never throws; bytes that are no request get the error `malformed`. */
  serve(request: Uint8Array): Uint8Array {
    return encodeDirectoryAnswer(this.#answer(request));
  }

  #answer(bytes: Uint8Array): DirectoryAnswer | DirectoryError {
    try {
      return this.#handle(decodeDirectoryRequest(bytes));
    } catch (error) {
      return { type: 'error', reason: error instanceof GlobalNetError && error.kind === 'malformed' ? END.malformed : END.internal };
    }
  }

  #handle(request: DirectoryRequest): DirectoryAnswer | DirectoryError {
    switch (request.type) {
      case 'relays':
        return this.#relays(request);
      case 'byId': {
        const found = request.ids.flatMap((id) => this.directory.get(id) ?? []);
        return request.hashOnly ? this.#give([], found, request.ids) : this.#give(found, [], request.ids);
      }
      default:
        return this.#spend() ? this.#take(request) : { type: 'error', reason: END.full };
    }
  }

  #take(request: DirectoryRequest & { type: 'publish' | 'forget' | 'fraud' }): DirectoryAnswer | DirectoryError {
    if (request.type === 'publish') return this.directory.add(request.descriptor) === 'refused' ? REFUSED : this.#give([], [], []);
    if (request.type === 'fraud') {
      this.directory.addProof(request.proof);
      return this.#give([], [], []);
    }
    if (!isForgetSigned(this.env.crypto, request)) return REFUSED;
    this.directory.withdraw(request.id, request.epoch);
    return this.#give([], [], []);
  }

  #relays(request: DirectoryRequest & { type: 'relays' }): DirectoryAnswer {
    const full = new Set<Descriptor>();
    const hashed = new Set<Descriptor>();
    for (const { hashOnly, point } of request.points) {
      for (const descriptor of this.directory.nearest(point, request.perPoint, request.roles)) (hashOnly ? hashed : full).add(descriptor);
    }
    return this.#give([...full], [...hashed], []);
  }

  #give(full: readonly Descriptor[], hashed: readonly Descriptor[], ids: readonly PeerId[]): DirectoryAnswer {
    return {
      type: 'answer',
      descriptors: full.map(({ bytes }) => bytes),
      hashes: hashed.map(({ id, epoch, hash }) => ({ id, epoch, hash })),
      proofs: this.directory.frauds.pick(ids, DIRECTORY_PROOFS_MAX),
    };
  }

  /** A bucket of tokens: what must be verified is bounded, whoever sends it. */
  #spend(): boolean {
    const now = this.env.now();
    this.#tokens = Math.min(PUBLISH_BURST, this.#tokens + ((now - this.#filledAtMs) / 1000) * PUBLISH_PER_SECOND);
    this.#filledAtMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
