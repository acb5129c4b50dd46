import type { PeerId } from '../bytes/brand.ts';
import { equal, hex } from '../bytes/bytes.ts';
import { deriveKeys32 } from '../crypto/derive.ts';
import type { Identity } from '../crypto/identity.ts';
import { encodeAddress } from '../wire/address.ts';
import { INVITATIONS_MAX, SEALED_PAYLOAD_BYTES } from '../wire/geometry.ts';
import { LABEL } from '../wire/registry.ts';
import type { PathGroup } from '../ports.ts';
import type { Incoming } from '../wire/rendezvous.ts';
import type { ServiceRecord } from '../wire/service-record.ts';
import { HOUSEKEEPING_MS, POINTS, RAISE_AFTER_MS, RECORD_RENEW_MS } from './constants.ts';
import { HelloKeyring } from './hello-keys.ts';
import { PointKeeper } from './point-keeper.ts';
import type { BuilderChannels } from './ports.ts';
import { Price } from './price.ts';
import { Reception } from './reception.ts';
import { RecordPublisher } from './record-publisher.ts';
import type { HostOptions, HostStatus, ServiceDeps, ServiceInvitation } from './types.ts';

/** A live service: waits at its points, tells the DHT where, and receives visitors. Wires the parts beside it; decides little. */
export class ServiceHost {
  readonly #deps: ServiceDeps;
  readonly #options: HostOptions;
  readonly #address: HostStatus['address'];
  readonly #keyring: HelloKeyring;
  readonly #price: Price;
  readonly #keepers: PointKeeper[];
  readonly #paths: PathGroup = new Map();
  readonly #publisher: RecordPublisher;
  readonly #reception: Reception;
  #invitations: readonly ServiceInvitation[] | undefined;
  #publishedAtMs: number | undefined;
  #holders = 0;
  /** What the record named when it was last called changed. */
  #told = { main: '', descriptors: '', atMs: 0 };
  #cancelTimer: () => void = () => undefined;
  /** While the price is about to rise. */
  #cancelRaise: (() => void) | undefined;

  constructor(deps: ServiceDeps, options: HostOptions) {
    const { env, records } = deps;
    const { identity, hostKey = hostKeyFrom(identity), invitations } = options;
    this.#deps = deps;
    this.#options = options;
    this.#address = encodeAddress(identity.publicKey);
    this.#invitations = invitations;
    this.#keyring = new HelloKeyring(env);
    this.#price = new Price(env.now());
    this.#publisher = new RecordPublisher({
      env,
      records,
      identity,
      hostKey,
      invited: () => this.#invitations?.map(({ secret }) => secret),
      record: () => this.#record(),
      onPublished: (holders) => this.#onPublished(holders),
    });
    this.#reception = new Reception({
      env,
      service: identity.publicKey,
      keyring: this.#keyring,
      price: this.#price,
      invitations: () => this.#invitations,
      onVisitor: (visit) => options.onVisitor(visit),
      onMissed: (point) => this.#lookAround(point),
      onCrowd: () => this.#raiseSoon(),
      onChange: () => options.onChange?.(),
    });
    this.#keepers = Array.from({ length: POINTS }, (_, i) => this.#keeper(i));
  }

  #keeper(number: number): PointKeeper {
    // A circuit to each point of its own: none of them learns of another by a shared hop's spare.
    return new PointKeeper(this.#deps, `host ${this.#address} ${number}`, {
      paths: this.#paths,
      taken: () => this.#keepers.flatMap((keeper) => keeper.peer ?? []),
      onChange: () => this.#onPoints(),
      onLost: (peer) => this.#lookAround(peer),
      onIncoming: (peer: PeerId, channels: BuilderChannels, { channel }: Incoming) => {
        if (channels.canOpen) this.#reception.receive(peer, channels.channel(channel));
      },
      onTurnedAway: (visitors) => this.#price.onTurnedAway(visitors),
    });
  }

  /** What one path has met, another may have met as well: a peer that hangs may be on several. */
  #lookAround(butNot: PeerId): void {
    for (const keeper of this.#keepers) if (keeper.peer !== butNot) keeper.look();
  }

  start(): void {
    for (const keeper of this.#keepers) keeper.start();
    this.#publisher.start();
    this.#housekeep();
  }

  /** Takes leave at once: circuits are closed, and the record is left to run out. */
  stop(): void {
    this.#cancelTimer();
    this.#cancelRaise?.();
    this.#publisher.stop();
    this.#reception.stop();
    for (const keeper of this.#keepers) keeper.stop();
    this.#keyring.wipe();
  }

  /**
   * Who may visit from now on. Who was let in before stays until its session is ended; who may not come back learns nothing from the
   * records that are out there, for their hello keys are answered no more.
   * @throws RangeError for more than INVITATIONS_MAX.
   */
  invite(invitations: readonly ServiceInvitation[] | undefined): void {
    if ((invitations?.length ?? 0) > INVITATIONS_MAX) throw new RangeError(`${invitations?.length} invitations, ${INVITATIONS_MAX} fit`);
    const shutsOut = invitations !== undefined && !isAmong(this.#invitations, invitations);
    this.#invitations = invitations;
    if (shutsOut) this.#keyring.replace();
    this.#publisher.changed();
  }

  status(): HostStatus {
    return {
      address: this.#address,
      points: this.#keepers.flatMap((keeper) => (keeper.state === 'up' ? (keeper.peer ?? []) : [])),
      visitors: this.#reception.visitors,
      sentBytes: this.#reception.sentPayloads * SEALED_PAYLOAD_BYTES,
      publishedAtMs: this.#publishedAtMs,
      holders: this.#holders,
      effort: this.#price.effort,
    };
  }

  #record(): ServiceRecord | undefined {
    const points = this.#keepers.flatMap((keeper) => keeper.point ?? []);
    if (points.length === 0) return undefined;
    return { effort: this.#price.effort, freshUntilMs: this.#keyring.freshUntilMs, keys: this.#keyring.current.keys, points };
  }

  #onPoints(): void {
    this.#publishIfChanged();
    this.#options.onChange?.();
  }

  /** New points, keys or prices are told at once, mere descriptors by and by. */
  #publishIfChanged(): void {
    const record = this.#record();
    if (record === undefined) return;
    const { main, descriptors } = describe(record);
    const nowMs = this.#deps.env.now();
    const told = this.#told;
    if (main === told.main && (descriptors === told.descriptors || nowMs < told.atMs + RECORD_RENEW_MS)) return;
    this.#told = { main, descriptors, atMs: nowMs };
    this.#publisher.changed();
  }

  #onPublished(holders: number): void {
    this.#holders = holders;
    this.#publishedAtMs = this.#deps.env.now();
    this.#options.onChange?.();
  }

  #raiseSoon(): void {
    this.#cancelRaise ??= this.#deps.env.schedule(RAISE_AFTER_MS, () => {
      this.#cancelRaise = undefined;
      if (!this.#price.raise()) return;
      this.#tellPrice();
      this.#publishIfChanged();
    });
  }

  #tellPrice(): void {
    for (const keeper of this.#keepers) keeper.setEffort(this.#price.effort);
    this.#options.onChange?.();
  }

  #housekeep(): void {
    this.#keyring.rotateIfDue();
    if (this.#price.endRound() || this.#price.effort > 0) this.#tellPrice(); // and hears who was turned away
    this.#publishIfChanged();
    this.#cancelTimer = this.#deps.env.schedule(HOUSEKEEPING_MS, () => this.#housekeep());
  }
}

/** Whoever could come before can come now. */
function isAmong(before: readonly ServiceInvitation[] | undefined, now: readonly ServiceInvitation[]): boolean {
  return before?.every(({ secret }) => now.some((other) => equal(other.secret, secret))) ?? false;
}

/** For a host that is the only one of its address. */
function hostKeyFrom(identity: Identity): Uint8Array {
  return deriveKeys32(LABEL.hostKey, identity.seed, [], 1)[0] as Uint8Array;
}

function describe({ effort, keys, points }: ServiceRecord): { main: string; descriptors: string } {
  return {
    main: [effort, hex(keys.keyId), ...points.map(({ peer, tag }) => `${peer} ${hex(tag)}`)].join(),
    descriptors: points.map(({ descriptorHash }) => hex(descriptorHash)).join(),
  };
}
