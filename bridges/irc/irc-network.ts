import type { Logger } from "pino";
import { FaultCounter } from "../../link/index.ts";
import { NetworkError, type HistoryPage, type Member, type Network } from "../network.ts";
import type { NetworkInbox, Publication } from "../network.ts";
import { PLAIN_NAMING, type Naming } from "../naming.ts";
import { Channels, type Channel } from "./channels.ts";
import type { IrcConfig } from "./config.ts";
import { Connection, type ConnectionOwner, type IrcLine } from "./connection.ts";
import { Inbound } from "./inbound.ts";
import { foldAscii } from "./names.ts";
import { bridgeNickTest, nickCandidates } from "./nicks.ts";
import { Outgoing } from "./outgoing.ts";
import { Presence } from "./presence.ts";
import { Sender } from "./sender.ts";

/** What an IRC network is handed: its node's number, and the impure things. */
export interface IrcNetworkParts {
  /** The bridge's number, 1-based; makes its nicks unique on the network. */
  readonly node: number;
  /** What the mapping makes of names; each channel has its own where it is left out. */
  readonly naming?: Naming;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** A delivery id for messages of servers without msgid. */
  readonly newId: () => string;
}

const SWEEP_MS = 250;
/** RFC 1459; newer servers tell. */
const DEFAULT_CHANNEL_LENGTH = 200;
const CHUNK_IDS = 36 ** 4;
const MAX_BATCHES = 100;

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
  /** Batches of old messages that the server is sending. */
  readonly #historyBatches = new Set<string>();
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
    const naming = parts.naming ?? PLAIN_NAMING;
    this.#channels = new Channels(config, naming, (line) => this.#receiver.send(line), owner, parts.now);
    this.#presence = new Presence({
      isHidden: (nick) => this.#isBridge(nick) || this.#senderOf(nick) !== undefined,
      rankSigns: () => this.#receiver.rankSigns,
      onChange: (ircChannel, change) => {
        const channel = this.#channels.find(ircChannel);
        if (channel?.state === "joined") this.#inbox?.presence(channel.name, change);
      },
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
    return this.#channels.join(channel, this.#receiver.limit("CHANNELLEN") ?? DEFAULT_CHANNEL_LENGTH);
  }

  leave(name: string): Promise<void> {
    const channel = this.#channels.get(name);
    if (channel !== undefined) for (const sender of this.#senders) sender.leave(channel.ircChannel);
    this.#channels.leave(name);
    return Promise.resolve();
  }

  async publish(name: string, publication: Publication): Promise<void> {
    if (!this.#isUp || this.#isClosing) throw new NetworkError("unavailable", "the IRC server is not connected");
    const channel = this.#channels.get(name);
    if (channel?.state !== "joined") throw new NetworkError("refused", "not in the channel");
    const { publishTimeoutMs, maxMessageBytes } = this.#config;
    const deadlineMs = this.#parts.now() + publishTimeoutMs;
    const outgoing = new Outgoing(name, channel.ircChannel, publication, deadlineMs, maxMessageBytes);
    this.#senderFor(channel.ircChannel).push(outgoing);
    await outgoing.settled;
  }

  members(name: string): readonly Member[] {
    const channel = this.#channels.get(name);
    return channel === undefined ? [] : this.#presence.members(channel.ircChannel);
  }

  history(): Promise<HistoryPage> {
    return Promise.resolve({ messages: [], isContiguous: false, hasMore: false });
  }

  discover(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  announce(): boolean {
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#sweep);
    const connections = [...this.#senders.map((sender) => sender.connection), this.#receiver];
    await Promise.all(connections.map((connection) => connection.close()));
  }

  onRegistered(): void {
    this.#parts.log.info({ host: this.#config.host, port: this.#config.port, nick: this.#receiver.nick }, "connected");
    this.#isOutageTold = false;
    this.#comeBack().catch((error: unknown) => this.#parts.log.error({ err: error }, "could not join again"));
  }

  onDown(_connection: Connection, reason: string): void {
    this.#isReady = false;
    this.#historyBatches.clear();
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
    if (line.command === "BATCH") return this.#onBatch(line);
    // No history yet: what the server replays has been delivered, or was before our time.
    if (this.#historyBatches.has(line.tags["batch"] ?? "")) return;
    if (line.command === "PRIVMSG" || line.command === "NOTICE") return this.#onMessage(line);
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

  #onBatch(line: IrcLine): void {
    const [reference = "", type = ""] = line.params;
    const id = reference.slice(1);
    if (reference.startsWith("-")) this.#historyBatches.delete(id);
    else if (type === "chathistory" && this.#historyBatches.size < MAX_BATCHES) this.#historyBatches.add(id);
  }

  #onJoined(channel: Channel, absence: string | null): void {
    this.#parts.log.debug({ channel: channel.name, ircChannel: channel.ircChannel }, "joined");
    if (absence === null) return;
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
    for (const sender of this.#senders) sender.sweep(nowMs);
  }

  #senderOf(nick: string): Sender | undefined {
    const folded = foldAscii(nick);
    return this.#senders.find((sender) => foldAscii(sender.connection.nick) === folded);
  }

  /** The channel's own sender; another one while that is away, and as long as something of the channel is there. */
  #senderFor(ircChannel: string): Sender {
    const first = hash(ircChannel) % this.#senders.length;
    const inOrder = [...this.#senders.slice(first), ...this.#senders.slice(0, first)];
    const chosen =
      inOrder.find((sender) => sender.holds(ircChannel)) ??
      inOrder.find((sender) => sender.connection.isRegistered) ??
      inOrder[0];
    if (chosen === undefined) throw new Error("no senders");
    return chosen;
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
      onDown: (reason) => {
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
    const { log, now, random } = this.#parts;
    const nicks = nickCandidates(this.#config.nick, suffix);
    const connectionLog = log.child({ connection: suffix });
    return new Connection({
      config: this.#config,
      nicks,
      owner,
      log: connectionLog,
      faults: this.#faults,
      now,
      random,
    });
  }
}

/** FNV-1a: any spread will do, and it must be the same for one name. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}
