import { isService } from "../bayeux/index.ts";
import type { Logger } from "pino";
import type { Calls } from "./calls.ts";
import type { Channels } from "./channel/channels.ts";
import type { Streams } from "./history/streams.ts";
import type { NetworkInbox, NetworkMessage, PresenceChange } from "./network.ts";
import type { Presence } from "./presence/presence.ts";

/** What the inbox needs. */
export interface InboxOptions {
  readonly networkName: string;
  readonly calls: Calls;
  readonly channels: Channels;
  readonly streams: Streams;
  readonly presence: Presence;
  readonly log: Logger;
  /** Something of a channel may have been missed. */
  readonly onBroken: (channel: string, reason: string) => void;
  /** Nothing is heard of a network until it is up again. */
  readonly onDown: (networkName: string, reason: string) => void;
}

/** What a network tells its bridge: each message becomes Bayeux once, is logged, and goes to its channel's audience. */
export class Inbox implements NetworkInbox {
  readonly #options: InboxOptions;
  readonly #firstUp = Promise.withResolvers<void>();
  #heard = 0;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Resolves when the network was up for the first time. */
  get firstUp(): Promise<void> {
    return this.#firstUp.promise;
  }

  /** Messages of its network since the start, of channels that somebody here wants. */
  get heard(): number {
    return this.#heard;
  }

  message(message: NetworkMessage): void {
    const { calls, channels, streams } = this.#options;
    if (isService(message.channel)) return calls.onMessage(message.channel, message.data);
    const channel = channels.get(message.channel);
    // Left meanwhile: nobody here wants it.
    if (!channel) return;
    this.#heard += 1;
    streams.message(channel, message);
  }

  presence(name: string, change: PresenceChange): void {
    const channel = this.#options.channels.get(name);
    if (channel) this.#options.presence.changed(channel, change);
  }

  gap(name: string, reason: string, isLost = false): void {
    const { channels, streams } = this.#options;
    const channel = channels.get(name);
    if (!channel) return;
    if (isLost) streams.loss(channel, reason);
    else streams.gap(channel, reason);
    this.#options.onBroken(name, reason);
  }

  announcement(name: string, peer: string, text: string): void {
    const channel = this.#options.channels.get(name);
    if (channel) this.#options.presence.announced(channel, peer, text);
  }

  peerJoined(name: string): void {
    const channel = this.#options.channels.get(name);
    if (channel) this.#options.presence.peerJoined(channel);
  }

  peerLeft(name: string, peer: string): void {
    const channel = this.#options.channels.get(name);
    if (channel) this.#options.presence.peerLeft(channel, peer);
  }

  up(): void {
    const { channels, presence, networkName, log } = this.#options;
    log.info({ network: networkName, channels: channels.size }, "network up");
    channels.up(networkName);
    presence.up(networkName);
    this.#firstUp.resolve();
  }

  down(reason: string): void {
    const { channels, streams, networkName, log } = this.#options;
    log.warn({ network: networkName, reason }, "network down");
    streams.down(networkName);
    channels.down(networkName);
    this.#options.onDown(networkName, reason);
  }
}
