import { BayeuxError } from "../../bayeux/index.ts";
import type { Logger } from "pino";
import type { Mapping } from "../mapping/mapping.ts";
import { NetworkError } from "../network.ts";
import type { Network, Publication } from "../network.ts";
import { within } from "../within.ts";
import { Channel } from "./channel.ts";
import type { Publisher } from "./outbox.ts";
import type { Patterns } from "./patterns.ts";

/** What the table of channels needs. */
export interface ChannelsOptions {
  readonly networks: readonly Network[];
  /** Says which channel is whose. */
  readonly mapping: Mapping;
  readonly patterns: Patterns;
  readonly now: () => number;
  readonly log: Logger;
  readonly joinTimeoutMs: number;
  readonly publishHoldMs: number;
  readonly leaveAfterMs: number;
  readonly maxChannels: number;
  readonly maxPendingPublishes: number;
  /** Channels that were left: what is said there is no longer seen. */
  readonly onLeft: (channels: ReadonlySet<string>) => void;
}

/** How often idle channels and held publishes are looked at. */
const SWEEP_MS = 100;

/** One network's state, as far as its channels go by it. */
interface Reach {
  readonly network: Network;
  isUp: boolean;
  /** Resolves when the network is up; one for all who wait, however often they come. */
  up: PromiseWithResolvers<void>;
}

/** The channels of this bridge: joined for their first use, left some time after their last. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #byName = new Map<string, Channel>();
  readonly #networks: ReadonlyMap<string, Reach>;
  #pendingPublishes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ChannelsOptions) {
    this.#options = options;
    const reaches = options.networks.map((network) => ({ network, isUp: false, up: Promise.withResolvers<void>() }));
    this.#networks = new Map(reaches.map((reach) => [reach.network.name, reach]));
  }

  get size(): number {
    return this.#byName.size;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.sweep();
    }, SWEEP_MS).unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    for (const channel of this.#byName.values())
      channel.outbox.fail(new NetworkError("unavailable", "The bridge is stopping"));
  }

  get(name: string): Channel | undefined {
    return this.#byName.get(name);
  }

  get patterns(): Patterns {
    return this.#options.patterns;
  }

  isUp(networkName: string): boolean {
    return this.#reach(networkName).isUp;
  }

  /** Resolves when the network is up. */
  whenUp(networkName: string): Promise<void> {
    return this.#reach(networkName).up.promise;
  }

  all(): Iterable<Channel> {
    return this.#byName.values();
  }

  /** A network is there, and has joined again what was joined. The channels of others do not change. */
  up(networkName: string): void {
    const reach = this.#reach(networkName);
    reach.isUp = true;
    reach.up.resolve();
    for (const channel of this.#of(reach)) if (channel.isJoined) channel.outbox.open();
  }

  down(networkName: string): void {
    const reach = this.#reach(networkName);
    if (reach.isUp) reach.up = Promise.withResolvers();
    reach.isUp = false;
    for (const channel of this.#of(reach)) channel.outbox.close();
  }

  /**
   * Makes sure that channels are joined, side by side, and then uses them; none is left in between.
   *
   * @param use gets the channels in the order of their names, when all are joined
   * @param also has to be done as well before they are used
   * @throws BayeuxError with the network's words, or when it takes too long
   */
  async withJoined<T>(
    names: readonly string[],
    use: (channels: readonly Channel[]) => T | Promise<T>,
    also: Promise<void> = Promise.resolve(),
  ): Promise<T> {
    const channels: Channel[] = [];
    try {
      for (const name of names) {
        const channel = this.#obtain(name);
        channel.users += 1;
        channels.push(channel);
      }
      const joins = channels.map((channel) => this.#joinFor(channel));
      const failed = (await Promise.allSettled([...joins, also])).find((result) => result.status === "rejected");
      if (failed) throw failed.reason;
      return await use(channels);
    } finally {
      for (const channel of channels) {
        channel.users -= 1;
        channel.touch();
      }
    }
  }

  /**
   * Publishes into a channel; resolves when the network has taken it.
   *
   * @param speaker says it on this network; null: the network's shared connections
   * @throws BayeuxError with the network's words; `outcomeUnknown` where it may or may not have arrived
   */
  async publish(
    name: string,
    publication: Publication,
    speaker: (network: Network) => Publisher | null = () => null,
  ): Promise<void> {
    const { now, publishHoldMs, maxPendingPublishes } = this.#options;
    if (this.#pendingPublishes >= maxPendingPublishes) {
      throw new BayeuxError(
        "unavailable",
        ["publishes", String(maxPendingPublishes)],
        "Too many publishes are waiting for the network",
      );
    }
    const channel = this.#obtain(name);
    const publisher = speaker(channel.network) ?? channel.network;
    this.#pendingPublishes += 1;
    try {
      // The place in the outbox is taken before anything is awaited: that keeps the order.
      const published = channel.outbox.publish(publication, now() + publishHoldMs, publisher);
      if (!channel.isJoined) {
        this.#join(channel).catch((error: unknown) => {
          channel.outbox.fail(error instanceof NetworkError ? error : new NetworkError("unavailable", String(error)));
        });
      }
      await published;
    } catch (error) {
      throw asBayeuxError(error, name);
    } finally {
      this.#pendingPublishes -= 1;
      channel.touch();
    }
  }

  /** Leaves what nobody has needed for a while, and gives up on publishes that waited too long. */
  sweep(): void {
    const due = this.#options.now() - this.#options.leaveAfterMs;
    const left = new Set<string>();
    for (const channel of this.#byName.values()) {
      if (channel.outbox.pending > 0) channel.outbox.sweep();
      if (!channel.isIdle || channel.idleSinceMs > due) continue;
      this.#byName.delete(channel.name);
      this.patterns.abandon(channel);
      left.add(channel.name);
      channel.network.leave(channel.name).catch((error: unknown) => {
        this.#options.log.error({ channel: channel.name, err: error }, "leaving a channel failed");
      });
    }
    if (left.size > 0) this.#options.onLeft(left);
  }

  #obtain(name: string): Channel {
    const known = this.#byName.get(name);
    if (known) return known;
    if (this.#byName.size >= this.#options.maxChannels) {
      throw new BayeuxError(
        "tooMany",
        ["channels", String(this.#options.maxChannels)],
        "This server has as many channels as it may",
      );
    }
    const { mapping, now } = this.#options;
    const owner = mapping.takenBy(name);
    if (owner !== null) throw new BayeuxError("forbidden", [name], `On its network ${owner} has this name`);
    const channel = new Channel(name, this.#reach(mapping.networkOf(name)).network, now);
    this.#byName.set(name, channel);
    this.patterns.adopt(channel);
    return channel;
  }

  async #joinFor(channel: Channel): Promise<void> {
    try {
      await this.#join(channel);
    } catch (error) {
      throw asBayeuxError(error, channel.name);
    }
  }

  /** Joins, or waits for the join under way; while the network is away it waits for that, all within one bound. */
  #join(channel: Channel): Promise<void> {
    if (channel.isJoined && this.#reach(channel.network.name).isUp) return Promise.resolve();
    channel.joining ??= this.#joinNow(channel).finally(() => {
      channel.joining = null;
    });
    return channel.joining;
  }

  async #joinNow(channel: Channel): Promise<void> {
    const reach = this.#reach(channel.network.name);
    const deadlineMs = this.#options.now() + this.#options.joinTimeoutMs;
    await within(reach.up.promise, this.#options.joinTimeoutMs, `The network ${reach.network.name} is away`);
    const restMs = Math.max(deadlineMs - this.#options.now(), 1);
    await within(channel.network.join(channel.name), restMs, "The network has not confirmed the join in time");
    channel.isJoined = true;
    if (reach.isUp) channel.outbox.open();
  }

  #reach(networkName: string): Reach {
    const reach = this.#networks.get(networkName);
    if (!reach) throw new TypeError(`the bridge has no network ${networkName}`);
    return reach;
  }

  *#of({ network }: Reach): Generator<Channel> {
    for (const channel of this.#byName.values()) if (channel.network === network) yield channel;
  }
}

/** What a browser is told of a network's fault; anything else stays as it is. */
export function asBayeuxError(error: unknown, channel: string): unknown {
  if (!(error instanceof NetworkError)) return error;
  switch (error.kind) {
    case "refused":
      return new BayeuxError("refusedByNetwork", [channel], `The network refused: ${error.message}`);
    case "unavailable":
      return new BayeuxError("unavailable", [channel], error.message);
    case "unknown":
      return new BayeuxError("outcomeUnknown", [channel], `Outcome unknown: ${error.message}`);
  }
}
