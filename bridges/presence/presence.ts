import type { FaultCounter } from "../../link/index.ts";
import type { Channel } from "../channel/channel.ts";
import type { PresenceChange } from "../network.ts";
import type { Session } from "../session/session.ts";
import { ChannelPresence, GATHER_MS } from "./channel-presence.ts";
import { presenceChannel } from "./presence-channel.ts";

/** What presence needs: bounds, the impure things, and how a message reaches one session, or many. */
export interface PresenceOptions {
  /** Of one channel: those who are listed; the rest are only counted. */
  readonly maxMembers: number;
  /** Of one channel: other bridges. */
  readonly maxPeers: number;
  readonly now: () => number;
  /** Cryptographically random. */
  readonly randomBytes: (count: number) => Buffer;
  readonly faults: FaultCounter;
  /** What a channel is called on its network. */
  foreignNameOf(channel: string): string;
  toWatchers(channel: Channel, text: string): void;
  toSession(session: Session, channel: Channel, text: string): void;
}

const EPOCH_BYTES = 6;

/**
 * Who is in a channel: people on its network, and browsers that declared a name and subscribed to it, at this bridge
 * and at others.
 *
 * A watcher gets the list once, and then what changes. `README.md` has what bridges announce to each other.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #byName = new Map<string, ChannelPresence>();
  /** Those that have something to do at some time. */
  readonly #due = new Set<ChannelPresence>();
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** A session begins to watch: it alone gets the list. */
  watch(channel: Channel, session: Session): void {
    const presence = this.#of(channel);
    const list = presence.watch();
    channel.watchers.add(session);
    this.#options.toSession(session, channel, textOf(channel, list));
    this.#schedule(presence);
  }

  unwatch(channel: Channel, session: Session): void {
    channel.watchers.delete(session);
    if (channel.watchers.size === 0) this.#byName.get(channel.name)?.unwatch();
  }

  /** A browser subscribed to the channel itself. */
  joined(channel: Channel, session: Session): void {
    if (session.name === null) return;
    const presence = this.#of(channel);
    presence.add(session.publicId, session.name);
    this.#schedule(presence);
  }

  left(channel: Channel, session: Session): void {
    if (session.name !== null) this.#with(channel, (presence) => presence.remove(session.publicId));
  }

  /** Something changed among the people on the network. */
  changed(channel: Channel, change: PresenceChange): void {
    this.#with(channel, (presence) => presence.changed(change));
  }

  /** Another bridge said something. Where nobody watches and no browser is, it is nobody's business. */
  announced(channel: Channel, peer: string, text: string): void {
    this.#with(channel, (presence) => presence.announced(peer, text));
  }

  peerJoined(channel: Channel): void {
    this.#with(channel, (presence) => presence.peerJoined());
  }

  peerLeft(channel: Channel, peer: string): void {
    this.#with(channel, (presence) => presence.peerLeft(peer));
  }

  /** A network is connected, perhaps again, and joined to what was joined. */
  up(networkName: string): void {
    for (const presence of this.#byName.values()) {
      if (presence.network.name !== networkName) continue;
      presence.up();
      this.#schedule(presence);
    }
  }

  /** Channels that were left. */
  forget(names: ReadonlySet<string>): void {
    for (const name of names) {
      const presence = this.#byName.get(name);
      if (!presence) continue;
      this.#byName.delete(name);
      this.#due.delete(presence);
    }
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  #of(channel: Channel): ChannelPresence {
    const known = this.#byName.get(channel.name);
    if (known) return known;
    const { randomBytes, now, faults, maxMembers, maxPeers, foreignNameOf, toWatchers } = this.#options;
    const presence = new ChannelPresence({
      name: channel.name,
      foreignName: foreignNameOf(channel.name),
      network: channel.network,
      epoch: randomBytes(EPOCH_BYTES).toString("base64url"),
      limits: { maxMembers, maxPeers },
      faults,
      now,
      tellWatchers: (data) => {
        if (channel.watchers.size > 0) toWatchers(channel, textOf(channel, data));
      },
    });
    this.#byName.set(channel.name, presence);
    return presence;
  }

  #with(channel: Channel, use: (presence: ChannelPresence) => void): void {
    const presence = this.#byName.get(channel.name);
    if (!presence) return;
    use(presence);
    this.#schedule(presence);
  }

  /** One timer for all channels, which runs only while one of them has something to do. */
  #schedule(presence: ChannelPresence): void {
    if (this.#isStopped || presence.dueMs === Number.POSITIVE_INFINITY) return;
    this.#due.add(presence);
    this.#timer ??= setInterval(() => this.#tick(), GATHER_MS).unref();
  }

  #tick(): void {
    const nowMs = this.#options.now();
    for (const presence of this.#due) {
      if (presence.dueMs <= nowMs) presence.run(nowMs);
      if (presence.dueMs === Number.POSITIVE_INFINITY) this.#due.delete(presence);
    }
    if (this.#due.size > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

function textOf(channel: Channel, data: object): string {
  return JSON.stringify({ channel: presenceChannel(channel.name), data });
}
