import { deliveryText, gapText, isService } from "../bayeux/index.ts";
import type { Logger } from "pino";
import type { Broadcast } from "./broadcast.ts";
import type { Calls } from "./calls.ts";
import type { Channels } from "./channel/channels.ts";
import type { Log } from "./log/log.ts";
import type { NetworkInbox, NetworkMessage, PresenceChange } from "./network.ts";
import type { Presence } from "./presence/presence.ts";

/** What the inbox needs. */
export interface InboxOptions {
  readonly networkName: string;
  readonly calls: Calls;
  readonly channels: Channels;
  readonly messages: Log;
  readonly broadcast: Broadcast;
  readonly presence: Presence;
  readonly now: () => number;
  readonly log: Logger;
}

/** What a network tells its bridge: each message becomes Bayeux once, is logged, and goes to its channel's audience. */
export class Inbox implements NetworkInbox {
  readonly #options: InboxOptions;
  readonly #firstUp = Promise.withResolvers<void>();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Resolves when the network was up for the first time. */
  get firstUp(): Promise<void> {
    return this.#firstUp.promise;
  }

  message({ channel: name, data, from, timeMs, id }: NetworkMessage): void {
    const { calls, channels, messages, broadcast, networkName } = this.#options;
    if (isService(name)) return calls.onMessage(name, data);
    const channel = channels.get(name);
    // Left meanwhile: nobody here wants it.
    if (!channel) return;
    const text = deliveryText(name, data, { from, network: networkName, time: new Date(timeMs).toISOString(), id });
    broadcast.send(channel.audience, messages.append(name, id, text));
  }

  presence(name: string, change: PresenceChange): void {
    const channel = this.#options.channels.get(name);
    if (channel) this.#options.presence.changed(channel, change);
  }

  gap(name: string, reason: string): void {
    const { channels, messages, broadcast, networkName, now, log } = this.#options;
    const channel = channels.get(name);
    if (!channel) return;
    const time = new Date(now()).toISOString();
    const text = gapText(name, networkName, time, reason, messages.lastId(name));
    broadcast.send(channel.audience, messages.append(name, "", text));
    log.warn({ channel: name, reason, subscribers: channel.subscribers.size }, "messages may be missing");
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
    const { channels, networkName, log } = this.#options;
    log.warn({ network: networkName, reason }, "network down");
    channels.down(networkName);
  }
}
