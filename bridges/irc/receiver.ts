import type { Logger } from "pino";
import type { Naming } from "../naming.ts";
import { NetworkError, type NetworkInbox, type PresenceChange } from "../network.ts";
import { Announcements } from "./announcements.ts";
import { Channels, type Channel } from "./channels.ts";
import { ChatHistory } from "./chat-history.ts";
import type { IrcConfig } from "./config.ts";
import type { Connection, ConnectionOwner } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import type { Ending } from "./endings.ts";
import { LineIds } from "./line-ids.ts";
import type { Marker } from "./marker.ts";
import { Netsplits } from "./netsplits.ts";
import { markerNickTest } from "./nicks.ts";
import { OldBatches } from "./old-batches.ts";
import { Presence, rankSignsOf } from "./presence.ts";
import { ACKNOWLEDGEMENT } from "./transport.ts";

/** Who is told what a receiver hears. */
export interface ReceiverOwner {
  /** Registered; it joins again what it had joined when the promise is resolved. */
  onRegistered(receiver: Receiver): Promise<void>;
  /** In its channels again. */
  onReady(receiver: Receiver): void;
  onDown(receiver: Receiver, ending: Ending): void;
  onMessage(receiver: Receiver, line: IrcLine): void;
  /** @param absence why we were away for a while; null for a first join */
  onJoined(receiver: Receiver, channel: Channel, absence: string | null): void;
  onLost(receiver: Receiver, channel: Channel, reason: string): void;
  onRefused(channel: Channel, line: IrcLine): void;
  onPresence(channel: Channel, change: PresenceChange): void;
}

/** What a receiver needs. */
export interface ReceiverParts {
  readonly config: IrcConfig;
  readonly naming: Naming;
  readonly log: Logger;
  readonly connect: (owner: ConnectionOwner) => Connection;
  readonly isHidden: (nick: string) => boolean;
  /** A receiving connection of another bridge. */
  readonly isPeer: (nick: string) => boolean;
  readonly inbox: () => NetworkInbox | null;
  readonly marker: Marker;
  readonly now: () => number;
}

/** After so long something is written once more while a server's answer has not come, and so often. */
const ACKNOWLEDGE_MS = 3;
const ACKNOWLEDGEMENTS = 3;
/** RFC 1459; newer servers tell. */
const DEFAULT_CHANNEL_LENGTH = 200;

/** One receiving connection: its share of the channels, and who is in them. */
export class Receiver implements ConnectionOwner {
  readonly connection: Connection;
  readonly channels: Channels;
  readonly presence: Presence;
  readonly chatHistory: ChatHistory;
  readonly #announcements: Announcements;
  readonly #netsplits: Netsplits;
  readonly lineIds: LineIds;
  readonly #marker: Marker;
  readonly #isPeer: (nick: string) => boolean;
  readonly #owner: ReceiverOwner;
  readonly #log: Logger;
  /** Answers of `chatHistory`, and the server's own replay when we join, which is passed over. */
  readonly #batches: OldBatches;
  #isReady = false;
  #isAcknowledging = false;
  #firstReady = Promise.withResolvers<void>();
  #lastReason = "not connected";
  #barrier: Promise<void> | null = null;
  #hearing: Promise<void> | null = null;

  constructor(parts: ReceiverParts, owner: ReceiverOwner) {
    this.#owner = owner;
    this.#log = parts.log;
    this.#marker = parts.marker;
    this.#isPeer = parts.isPeer;
    this.connection = parts.connect(this);
    const channelsOwner = {
      onJoined: (channel: Channel, absence: string | null) => {
        if (absence !== null) {
          this.#announcements.onBack(channel);
          this.#netsplits.forget(channel);
        }
        if (this.#needsMark(channel)) {
          this.#marker.mark(channel);
          this.acknowledge();
        }
        owner.onJoined(this, channel, absence);
      },
      onLost: (channel: Channel, reason: string) => owner.onLost(this, channel, reason),
      onRefused: (channel: Channel, line: IrcLine) => owner.onRefused(channel, line),
    };
    const { config, naming, now, isPeer, inbox } = parts;
    const send = (line: string): void => this.connection.send(line);
    this.channels = new Channels(config, naming, send, channelsOwner, now);
    this.presence = new Presence({
      isHidden: parts.isHidden,
      rankSigns: () => rankSignsOf(this.connection.option("PREFIX")),
      onChange: (ircChannel, change) => {
        const channel = this.channels.find(ircChannel);
        if (channel?.state === "joined") owner.onPresence(channel, change);
      },
    });
    const maxPerAnswer = (): number | null => this.connection.limit("CHATHISTORY");
    this.chatHistory = new ChatHistory({ config, send, maxPerAnswer, now });
    this.#batches = new OldBatches(config.maxHistoryLines, this.chatHistory);
    const { connection, presence, channels } = this;
    this.#announcements = new Announcements({ connection, presence, channels, isPeer, inbox });
    this.#netsplits = new Netsplits({ channels, presence, inbox });
    this.lineIds = new LineIds({
      isMarker: markerNickTest(config.nick),
      isWanted: (ircChannel) => channels.find(ircChannel) !== undefined,
      server: () => connection.server,
      onMarked: (ircChannel) => this.#marker.forget(ircChannel),
    });
  }

  /** Connected, and in its channels. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The server has message tags, so ids are its own affair. */
  get givesIds(): boolean {
    return this.connection.capability("message-tags") !== null;
  }

  /** Why it is not ready, in the server's words where there are any. */
  get lastReason(): string {
    return this.#lastReason;
  }

  /** Channels that the server allows on one connection (005 CHANLIMIT, or the older MAXCHANNELS); null: it does not say. */
  get toldCapacity(): number | null {
    const limits = this.connection.option("CHANLIMIT");
    const told = typeof limits === "string" ? /#[^:,]*:(\d+)/.exec(limits)?.[1] : undefined;
    // ngIRCd says 0 where there is no limit.
    return told === undefined ? this.connection.limit("MAXCHANNELS") : Number(told) || null;
  }

  /** Bytes of a channel's name. */
  get maxNameLength(): number {
    return this.connection.limit("CHANNELLEN") ?? DEFAULT_CHANNEL_LENGTH;
  }

  /** @throws NetworkError for a channel that it is not in: `unavailable` while it is coming back */
  joined(name: string): Channel {
    const channel = this.channels.get(name);
    if (channel?.state === "joined") return channel;
    const why = channel?.trouble ?? null;
    const kind = channel?.state === "joining" ? "unavailable" : "refused";
    throw new NetworkError(kind, `not in the channel${why === null ? "" : `: ${why}`}`);
  }

  /** Resolves when it is ready, or after the time given. */
  async settled(timeoutMs: number): Promise<void> {
    if (this.#isReady) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs).unref()));
    await Promise.race([this.#firstReady.promise, late]);
    clearTimeout(timer);
  }

  /** @throws NetworkError */
  async join(name: string): Promise<void> {
    await this.channels.join(name, this.maxNameLength);
    const channel = this.channels.get(name);
    if (channel !== undefined) await this.#marker.settled(channel.ircChannel);
  }

  leave(name: string): void {
    const channel = this.channels.get(name);
    if (channel !== undefined) {
      this.#announcements.forget(channel);
      this.#netsplits.forget(channel);
      this.lineIds.forget(channel.ircChannel);
      this.#marker.forget(channel.ircChannel);
    }
    this.channels.leave(name);
  }

  /** Says something to other bridges. @returns false when it cannot */
  announce(name: string, text: string): boolean {
    const channel = this.channels.get(name);
    return channel?.state === "joined" && this.#announcements.announce(channel.ircChannel, text);
  }

  sweep(nowMs: number): void {
    this.channels.sweep(nowMs);
    this.chatHistory.sweep(nowMs);
  }

  /**
   * Resolves when it has seen everything that the server has handled by now.
   * One PING for all who ask before it is written: a refused burst asks once per line.
   */
  barrier(): Promise<void> {
    if (this.#barrier === null) {
      this.#barrier = this.connection.ping();
      setImmediate(() => (this.#barrier = null));
    }
    return this.#barrier;
  }

  /** The same, sooner where the server holds its answer back until we have acknowledged what came before it. @throws NetworkError */
  heardAll(): Promise<void> {
    if (this.#hearing === null) {
      this.#hearing = this.#hearAll();
      setImmediate(() => (this.#hearing = null));
    }
    return this.#hearing;
  }

  async #hearAll(): Promise<void> {
    const barrier = this.barrier();
    let left = ACKNOWLEDGEMENTS;
    const timer = setInterval(() => {
      this.acknowledge();
      left -= 1;
      if (left === 0) clearInterval(timer);
    }, ACKNOWLEDGE_MS).unref();
    await barrier.finally(() => clearInterval(timer));
  }

  /**
   * At the end of this turn: so that the server does not hold back what comes next until our end has acknowledged what came
   * before (see `ACKNOWLEDGEMENT`). Only after what we said ourselves: so no server gets more lines of it than it lets us send.
   */
  acknowledge(): void {
    if (this.#isAcknowledging) return;
    this.#isAcknowledging = true;
    setImmediate(() => {
      this.#isAcknowledging = false;
      if (this.connection.isRegistered) this.connection.send(ACKNOWLEDGEMENT);
    });
  }

  onRegistered(): void {
    this.#comeBack().catch((error: unknown) => this.#log.error({ err: error }, "could not join again"));
  }

  onDown(_connection: Connection, ending: Ending): void {
    this.#isReady = false;
    this.#lastReason = ending.reason;
    // Who waits for the first connection hears of a failure at once, and of the next one as well.
    this.#firstReady.resolve();
    this.#firstReady = Promise.withResolvers();
    this.#batches.clear();
    this.chatHistory.onDown(ending.reason);
    this.presence.clear();
    this.#netsplits.clear();
    this.lineIds.pause();
    for (const { ircChannel } of this.channels.all()) this.#marker.forget(ircChannel);
    this.#owner.onDown(this, ending);
    this.channels.onDisconnected(ending.reason);
  }

  onLine(_connection: Connection, line: IrcLine): void {
    if (this.#batches.take(line) || this.chatHistory.onLine(line)) return;
    if (line.command === "PRIVMSG" || line.command === "NOTICE") {
      return this.#owner.onMessage(this, this.lineIds.identify(line));
    }
    this.#announcements.onLine(line);
    this.#netsplits.onLine(line);
    this.lineIds.onLine(line, this.connection.nick);
    this.presence.onLine(line, this.connection.nick);
    this.channels.onLine(line, this.connection.nick);
  }

  /** Another bridge is there that counts already, or has ids of its own, and the server gives messages none. */
  #needsMark({ ircChannel }: Channel): boolean {
    if (this.givesIds) return false;
    return this.presence.nicks(ircChannel).some((nick) => this.#isPeer(nick));
  }

  async #comeBack(): Promise<void> {
    await this.#owner.onRegistered(this);
    if (!this.connection.isRegistered) return;
    await this.channels.onConnected();
    if (!this.connection.isRegistered) return;
    this.#isReady = true;
    this.#firstReady.resolve();
    this.#owner.onReady(this);
  }
}
