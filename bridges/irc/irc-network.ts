import type { Logger } from "pino";
import { FaultCounter } from "../../link/index.ts";
import { PLAIN_NAMING, type Naming } from "../naming.ts";
import { NetworkError, type HistoryPage, type HistoryQuery, type Member, type Network } from "../network.ts";
import type { NetworkInbox, Publication } from "../network.ts";
import { Announcements } from "./announcements.ts";
import { ChannelReader } from "./channel-names.ts";
import { Channels, type Channel } from "./channels.ts";
import type { IrcConfig } from "./config.ts";
import { Connection, type ConnectionOwner, type IrcLine } from "./connection.ts";
import { Discovery } from "./discovery.ts";
import { History } from "./history.ts";
import { Inbound } from "./inbound.ts";
import { foldAscii } from "./names.ts";
import { bridgeNickTest, nickCandidates } from "./nicks.ts";
import { Outgoing } from "./outgoing.ts";
import { Presence } from "./presence.ts";
import { senderFor } from "./sender-choice.ts";
import { Sender } from "./sender.ts";

/** What an IRC network is handed: its node's number, and the impure things. */
export interface IrcNetworkParts {
  /** The bridge's number, 1-based; makes its nicks unique on the network. */
  readonly node: number;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** A delivery id for messages of servers without msgid. */
  readonly newId: () => string;
  /** Every channel has its own name when left out. */
  readonly naming?: Naming;
}

const SWEEP_MS = 250;
/** RFC 1459; newer servers tell. */
const DEFAULT_CHANNEL_LENGTH = 200;
const CHUNK_IDS = 36 ** 4;

/** An IRC network: one connection that joins and receives, and a few that only send. */
export class IrcNetwork implements Network, ConnectionOwner {
  readonly name = "irc";
  readonly #config: IrcConfig & { readonly host: string };
  readonly #parts: IrcNetworkParts;
  readonly #faults: FaultCounter;
  readonly #isBridge: (nick: string) => boolean;
  readonly #receiver: Connection;
  readonly #senders: readonly Sender[];
  readonly #channels: Channels;
  readonly #presence: Presence;
  readonly #history: History;
  readonly #discovery: Discovery;
  readonly #announcements: Announcements;
  #inbound: Inbound | null = null;
  #inbox: NetworkInbox | null = null;
  #sweep: NodeJS.Timeout | undefined;
  #isReady = false;
  #isUp = false;
  #isOutageTold = false;
  #isClosing = false;
  #barrier: Promise<void> | null = null;
  #chunkId: number;

  constructor(config: IrcConfig & { readonly host: string }, parts: IrcNetworkParts) {
    this.#config = config;
    this.#parts = { ...parts, log: parts.log.child({ network: this.name }) };
    this.#faults = new FaultCounter(this.#parts.log, parts.now);
    this.#isBridge = bridgeNickTest(config.nick);
    this.#chunkId = Math.floor(parts.random() * CHUNK_IDS);
    this.#receiver = this.#connect(this, `${parts.node}`);
    this.#senders = Array.from({ length: config.senders }, (_, index) => this.#makeSender(index + 1));
    const owner = {
      onJoined: (channel: Channel, absence: string | null) => this.#onJoined(channel, absence),
      onLost: (channel: Channel, reason: string) => this.#onChannelLost(channel, reason),
    };
    const { now, newId, naming = PLAIN_NAMING } = parts;
    const maxNameLength = (): number => this.#maxNameLength;
    this.#channels = new Channels(config, (line) => this.#receiver.send(line), owner, now, naming);
    this.#presence = new Presence({
      isHidden: (nick) => this.#isBridge(nick) || this.#senderOf(nick) !== undefined,
      rankSigns: () => this.#receiver.rankSigns,
      onChange: (ircChannel, change) => {
        const channel = this.#channels.find(ircChannel);
        if (channel?.state === "joined") this.#inbox?.presence(channel.name, change);
      },
    });
    this.#history = new History({
      config,
      codec: { config, isBridge: this.#isBridge, now, newId },
      receiver: this.#receiver,
      connectHistorian: (historian) => this.#connect(historian, `${parts.node}s0`),
    });
    this.#discovery = new Discovery({ config, reader: new ChannelReader(naming), maxNameLength, now });
    this.#announcements = new Announcements({
      isBridge: this.#isBridge,
      isOurs: (nick) => foldAscii(nick) === foldAscii(this.#receiver.nick),
      isMember: (ircChannel, nick) => this.#presence.has(ircChannel, nick),
      find: (ircChannel) => this.#channels.find(ircChannel),
      inbox: () => this.#inbox,
    });
  }

  start(inbox: NetworkInbox): void {
    if (this.#inbox !== null) throw new Error("started twice");
    const { now, newId } = this.#parts;
    this.#inbox = inbox;
    this.#inbound = new Inbound({ config: this.#config, inbox, isBridge: this.#isBridge, now, newId });
    for (const connection of [this.#receiver, ...this.#senders.map((sender) => sender.connection)]) connection.start();
    this.#sweep = setInterval(() => this.#onSweep(), SWEEP_MS).unref();
  }

  join(channel: string): Promise<void> {
    return this.#channels.join(channel, this.#maxNameLength);
  }

  leave(name: string): Promise<void> {
    const channel = this.#channels.get(name);
    if (channel !== undefined) {
      this.#announcements.forget(channel);
      for (const sender of this.#senders) sender.leave(channel.ircChannel);
    }
    this.#channels.leave(name);
    return Promise.resolve();
  }

  async publish(name: string, publication: Publication): Promise<void> {
    if (!this.#isUp || this.#isClosing) throw new NetworkError("unavailable", "the IRC server is not connected");
    const channel = this.#joined(name);
    const { publishTimeoutMs, maxMessageBytes } = this.#config;
    const deadlineMs = this.#parts.now() + publishTimeoutMs;
    const outgoing = new Outgoing(name, channel.ircChannel, publication, deadlineMs, maxMessageBytes);
    senderFor(this.#senders, channel.ircChannel).push(outgoing);
    await outgoing.settled;
  }

  members(name: string): readonly Member[] {
    const channel = this.#channels.get(name);
    return channel === undefined ? [] : this.#presence.members(channel.ircChannel);
  }

  async history(name: string, query: HistoryQuery): Promise<HistoryPage> {
    // Before `up` already: the gap of a rejoin is told then, and whoever hears of it asks.
    if (!this.#receiver.isRegistered) throw new NetworkError("unavailable", "the IRC server is not connected");
    return this.#history.page(this.#joined(name), query);
  }

  async discover(limit: number): Promise<readonly string[]> {
    const sender = this.#senders.find(({ connection }) => connection.isRegistered);
    if (sender === undefined) throw new NetworkError("unavailable", "the IRC server is not connected");
    return this.#discovery.discover(sender.connection, limit);
  }

  announce(name: string, text: string): boolean {
    const channel = this.#channels.get(name);
    // From the receiving connection: it is in the channel, so it may speak there, and its leaving is our leaving.
    return channel?.state === "joined" && this.#announcements.announce(this.#receiver, channel.ircChannel, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#sweep);
    const connections = [...this.#senders.map((sender) => sender.connection), this.#receiver];
    const closings = connections.map((connection) => connection.close());
    await Promise.all([...closings, this.#history[Symbol.asyncDispose]()]);
  }

  onRegistered(): void {
    this.#parts.log.info({ host: this.#config.host, port: this.#config.port, nick: this.#receiver.nick }, "connected");
    this.#isOutageTold = false;
    this.#comeBack().catch((error: unknown) => this.#parts.log.error({ err: error }, "could not join again"));
  }

  onDown(_connection: Connection, reason: string): void {
    this.#isReady = false;
    this.#history.onDown(reason);
    this.#presence.clear();
    this.#inbound?.clear();
    for (const sender of this.#senders) sender.onReceiverLost(reason);
    this.#channels.onDisconnected(reason);
    if (this.#isClosing) return;
    if (!this.#isOutageTold) {
      const { host, port } = this.#config;
      this.#parts.log.warn({ host, port, reason }, "not connected to the IRC server, trying again");
    }
    this.#isOutageTold = true;
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#inbox?.down(reason);
  }

  onLine(_connection: Connection, line: IrcLine): void {
    if (this.#history.onLine(line)) return;
    if (line.command === "PRIVMSG" || line.command === "NOTICE") return this.#onMessage(line);
    this.#announcements.onLine(line);
    this.#presence.onLine(line, this.#receiver.nick);
    this.#channels.onLine(line, this.#receiver.nick);
  }

  async #comeBack(): Promise<void> {
    // What was sent before must have gone by, or it would be taken for the echo of something newer.
    const sending = this.#senders.filter((sender) => sender.connection.isRegistered);
    await Promise.allSettled(sending.map((sender) => sender.connection.ping()));
    if (!this.#receiver.isRegistered) return;
    await this.#channels.onConnected();
    this.#isReady = this.#receiver.isRegistered;
    this.#tellUp();
  }

  #tellUp(): void {
    if (this.#isUp || !this.#isReady || !this.#senders.some((sender) => sender.connection.isRegistered)) return;
    this.#isUp = true;
    this.#inbox?.up();
  }

  #onMessage(line: IrcLine): void {
    const channel = this.#channels.find(line.params[0] ?? "");
    // Without a nick it is the server that speaks.
    if (channel === undefined || line.nick === "") return;
    const said = this.#inbound?.onLine(channel.name, line);
    if (said !== undefined) this.#senderOf(line.nick)?.onEcho(channel.ircChannel, said);
  }

  get #maxNameLength(): number {
    return this.#receiver.limit("CHANNELLEN") ?? DEFAULT_CHANNEL_LENGTH;
  }

  #joined(name: string): Channel {
    const channel = this.#channels.get(name);
    if (channel?.state !== "joined") throw new NetworkError("refused", "not in the channel");
    return channel;
  }

  #onJoined(channel: Channel, absence: string | null): void {
    this.#parts.log.debug({ channel: channel.name, ircChannel: channel.ircChannel }, "joined");
    this.#history.onJoined(channel.name);
    if (absence === null) return;
    this.#announcements.onJoined(channel);
    const members = this.#presence.members(channel.ircChannel);
    this.#inbox?.presence(channel.name, { type: "members", members });
    this.#inbox?.gap(channel.name, absence);
  }

  #onChannelLost(channel: Channel, reason: string): void {
    this.#parts.log.warn({ channel: channel.name, ircChannel: channel.ircChannel, reason }, "out of a channel");
    this.#inbox?.presence(channel.name, { type: "members", members: [] });
    this.#inbox?.gap(channel.name, reason);
  }

  #onSweep(): void {
    const nowMs = this.#parts.now();
    this.#inbound?.sweep(nowMs);
    this.#channels.sweep(nowMs);
    for (const part of [this.#history, this.#discovery, ...this.#senders]) part.sweep(nowMs);
  }

  #senderOf(nick: string): Sender | undefined {
    const folded = foldAscii(nick);
    return this.#senders.find((sender) => foldAscii(sender.connection.nick) === folded);
  }

  #makeSender(number: number): Sender {
    return new Sender({
      config: this.#config,
      connect: (owner) => this.#connect(owner, `${this.#parts.node}s${number}`),
      barrier: () => this.#passBarrier(),
      nextChunkId: () => {
        this.#chunkId = (this.#chunkId + 1) % CHUNK_IDS;
        return this.#chunkId.toString(36).padStart(4, "0");
      },
      onRegistered: () => this.#tellUp(),
      onLine: (connection, line) => this.#discovery.onLine(connection, line),
      onDown: (connection, reason) => {
        this.#discovery.onDown(connection, reason);
        // With the receiving connection down as well, that one tells.
        if (this.#isUp && !this.#isClosing)
          this.#parts.log.warn({ sender: number, reason }, "sending connection lost, trying again");
      },
    });
  }

  /** One PING for all who ask before it is written: a refused burst asks once per line. */
  #passBarrier(): Promise<void> {
    if (this.#barrier === null) {
      this.#barrier = this.#receiver.ping();
      setImmediate(() => (this.#barrier = null));
    }
    return this.#barrier;
  }

  #connect(owner: ConnectionOwner, suffix: string): Connection {
    const { now, random } = this.#parts;
    const nicks = nickCandidates(this.#config.nick, suffix);
    const log = this.#parts.log.child({ connection: suffix });
    return new Connection({ config: this.#config, nicks, owner, log, faults: this.#faults, now, random });
  }
}
