import type { Logger } from "pino";
import { FaultCounter } from "../../link/index.ts";
import { NetworkError, type HistoryPage, type Member, type Network } from "../network.ts";
import type { NetworkInbox, Publication } from "../network.ts";
import type { Channel } from "./channels.ts";
import type { IrcConfig } from "./config.ts";
import { Connection, type ConnectionOwner, type IrcLine } from "./connection.ts";
import type { Ending } from "./endings.ts";
import { Inbound } from "./inbound.ts";
import { bridgeNickTest, nickCandidates } from "./nicks.ts";
import { Notices } from "./notices.ts";
import { Outgoing } from "./outgoing.ts";
import { Receiver, type ReceiverOwner } from "./receiver.ts";
import { Receivers } from "./receivers.ts";
import { hintFor, numericOf, words } from "./replies.ts";
import { Sender } from "./sender.ts";
import { Senders } from "./senders.ts";

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
}

const SWEEP_MS = 250;
const CHUNK_IDS = 36 ** 4;

/**
 * An IRC network: connections that join and receive, each with its share of the channels, and a few that only send.
 *
 * It is up while one receiving and one sending connection are there. Where one receiving connection of several is lost,
 * only its channels are touched: what is published to them is `unavailable`, and each tells its gap when it is back. When
 * all were lost, `up` waits until each is back in its channels, or has been refused by the server that took another.
 */
export class IrcNetwork implements Network {
  readonly name = "irc";
  readonly #config: IrcConfig & { readonly host: string };
  readonly #parts: IrcNetworkParts;
  readonly #faults: FaultCounter;
  readonly #notices: Notices;
  readonly #isBridge: (nick: string) => boolean;
  readonly #receivers: Receivers;
  readonly #senders: Senders;
  #inbound: Inbound | null = null;
  #inbox: NetworkInbox | null = null;
  #sweep: NodeJS.Timeout | undefined;
  /** Receivers that could not come back though the server is there: `up` does not wait for them. */
  readonly #givenUp = new Set<Receiver>();
  #isUp = false;
  #isClosing = false;
  #chunkId: number;

  constructor(config: IrcConfig & { readonly host: string }, parts: IrcNetworkParts) {
    this.#config = config;
    this.#parts = { ...parts, log: parts.log.child({ network: this.name }) };
    this.#faults = new FaultCounter(this.#parts.log, parts.now);
    this.#notices = new Notices(this.#parts.log);
    this.#isBridge = bridgeNickTest(config.nick);
    this.#chunkId = Math.floor(parts.random() * CHUNK_IDS);
    this.#senders = new Senders(Array.from({ length: config.senders }, (_, index) => this.#makeSender(index + 1)));
    this.#receivers = new Receivers({
      config,
      make: (number) => this.#makeReceiver(number),
      onFull: (limit) => {
        const hint = hintFor("405");
        const { maxReceivers } = config;
        this.#notices.warn("full", { limit, maxReceivers, hint }, "no room for more channels on this network");
      },
    });
  }

  start(inbox: NetworkInbox): void {
    if (this.#inbox !== null) throw new Error("started twice");
    const { now, newId } = this.#parts;
    this.#inbox = inbox;
    this.#inbound = new Inbound({ config: this.#config, inbox, isBridge: this.#isBridge, now, newId });
    this.#receivers.start();
    for (const { connection } of this.#senders.all) connection.start();
    this.#sweep = setInterval(() => this.#onSweep(), SWEEP_MS).unref();
  }

  join(channel: string): Promise<void> {
    return this.#receivers.join(channel);
  }

  leave(name: string): Promise<void> {
    const channel = this.#receivers.of(name)?.channels.get(name);
    if (channel !== undefined) for (const sender of this.#senders.all) sender.leave(channel.ircChannel);
    this.#receivers.leave(name);
    return Promise.resolve();
  }

  async publish(name: string, publication: Publication): Promise<void> {
    if (!this.#isUp || this.#isClosing) throw new NetworkError("unavailable", "the IRC server is not connected");
    const receiver = this.#receivers.of(name);
    const channel = receiver?.channels.get(name);
    if (receiver !== undefined && channel !== undefined && !receiver.isReady)
      throw new NetworkError("unavailable", `the channel's connection is away: ${receiver.lastReason}`);
    if (channel?.state !== "joined") {
      const why = channel?.trouble ?? null;
      throw new NetworkError("refused", `not in the channel${why === null ? "" : `: ${why}`}`);
    }
    const { publishTimeoutMs, maxMessageBytes } = this.#config;
    const deadlineMs = this.#parts.now() + publishTimeoutMs;
    const outgoing = new Outgoing(name, channel.ircChannel, publication, deadlineMs, maxMessageBytes);
    this.#senders.of(channel.ircChannel).push(outgoing);
    await outgoing.settled;
  }

  members(name: string): readonly Member[] {
    const receiver = this.#receivers.of(name);
    const channel = receiver?.channels.get(name);
    return receiver === undefined || channel === undefined ? [] : receiver.presence.members(channel.ircChannel);
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
    const connections = [...this.#senders.all, ...this.#receivers.all].map(({ connection }) => connection);
    await Promise.all(connections.map((connection) => connection.close()));
  }

  async #onReceiverRegistered(receiver: Receiver): Promise<void> {
    const { host, port } = this.#config;
    this.#parts.log.info({ host, port, nick: receiver.connection.nick }, "connected");
    this.#receivers.onRegistered(receiver);
    // What was sent before must have gone by, or it would be taken for the echo of something newer.
    await this.#senders.settled();
  }

  #onReceiverDown(receiver: Receiver, ending: Ending): void {
    const { reason } = ending;
    const isElsewhere = (ircChannel: string): boolean => {
      const found = this.#receivers.find(ircChannel);
      return found !== null && found.receiver !== receiver;
    };
    this.#inbound?.forget((channel) => this.#receivers.of(channel) === receiver);
    for (const sender of this.#senders.all) sender.onReceiverLost(reason, (ircChannel) => !isElsewhere(ircChannel));
    if (this.#isClosing) return;
    const { host, port } = this.#config;
    this.#notices.ended(ending, { host, port }, "not connected to the IRC server, trying again");
    if (this.#receivers.all.some(({ isReady }) => isReady)) {
      this.#givenUp.add(receiver);
      return this.#tellUp();
    }
    this.#givenUp.clear();
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#inbox?.down(reason);
  }

  #tellUp(): void {
    const ready = this.#receivers.all.filter(({ isReady }) => isReady);
    const isAwaited = (receiver: Receiver): boolean =>
      !receiver.isReady && receiver.channels.size > 0 && !this.#givenUp.has(receiver);
    if (this.#isUp || ready.length === 0 || !this.#senders.isOneRegistered) return;
    if (this.#receivers.all.some(isAwaited)) return;
    this.#isUp = true;
    this.#inbox?.up();
  }

  #onMessage(receiver: Receiver, line: IrcLine): void {
    const channel = receiver.channels.find(line.params[0] ?? "");
    // Without a nick it is the server that speaks.
    if (channel === undefined || line.nick === "") return;
    const said = this.#inbound?.onLine(channel.name, line);
    if (said !== undefined) this.#senders.byNick(line.nick)?.onEcho(channel.ircChannel, said);
  }

  #onJoined(receiver: Receiver, channel: Channel, absence: string | null): void {
    this.#parts.log.debug({ channel: channel.name, ircChannel: channel.ircChannel }, "joined");
    this.#notices.forget(`join ${channel.name} `);
    if (absence === null) return;
    const members = receiver.presence.members(channel.ircChannel);
    this.#inbox?.presence(channel.name, { type: "members", members });
    this.#inbox?.gap(channel.name, absence);
  }

  #onChannelLost(channel: Channel, reason: string): void {
    const detail = { channel: channel.name, ircChannel: channel.ircChannel, reason };
    this.#notices.warn(`join ${channel.name} lost`, detail, "out of a channel");
    this.#inbox?.presence(channel.name, { type: "members", members: [] });
    this.#inbox?.gap(channel.name, reason);
  }

  /** Once for each channel and reason: browsers may ask again and again. */
  #tellRefusal(what: "join" | "message", name: string, ircChannel: string, reason: string): void {
    const numeric = numericOf(reason);
    const hint = hintFor(numeric);
    const detail = { channel: name, ircChannel, reason, ...(hint === null ? {} : { hint }) };
    this.#notices.warn(`${what} ${name} ${numeric}`, detail, `${what} refused by the server`);
  }

  #onSweep(): void {
    const nowMs = this.#parts.now();
    this.#inbound?.sweep(nowMs);
    for (const { channels } of this.#receivers.all) channels.sweep(nowMs);
    for (const sender of this.#senders.all) sender.sweep(nowMs);
  }

  #isOurs(nick: string): boolean {
    if (this.#isBridge(nick) || this.#senders.byNick(nick) !== undefined) return true;
    // Others of our receiving connections may have been renamed.
    return this.#receivers.byNick(nick) !== undefined;
  }

  #makeReceiver(number: number): Receiver {
    const owner: ReceiverOwner = {
      onRegistered: (receiver) => this.#onReceiverRegistered(receiver),
      onReady: (receiver) => {
        this.#givenUp.delete(receiver);
        this.#tellUp();
      },
      onDown: (receiver, ending) => this.#onReceiverDown(receiver, ending),
      onMessage: (receiver, line) => this.#onMessage(receiver, line),
      onJoined: (receiver, channel, absence) => this.#onJoined(receiver, channel, absence),
      onLost: (_receiver, channel, reason) => this.#onChannelLost(channel, reason),
      onRefused: (channel, line) => this.#tellRefusal("join", channel.name, channel.ircChannel, words(line)),
      onPresence: (channel, change) => this.#inbox?.presence(channel.name, change),
    };
    const { log, now, node } = this.#parts;
    const suffix = number === 1 ? `${node}` : `${node}r${number}`;
    const connect = (connectionOwner: ConnectionOwner): Connection => this.#connect(connectionOwner, suffix);
    return new Receiver({ config: this.#config, log, connect, isHidden: (nick) => this.#isOurs(nick), now }, owner);
  }

  #makeSender(number: number): Sender {
    return new Sender({
      config: this.#config,
      connect: (owner) => this.#connect(owner, `${this.#parts.node}s${number}`),
      barrier: (ircChannel) => (this.#receivers.find(ircChannel)?.receiver ?? this.#receivers.first).barrier(),
      keyOf: (channel) => this.#config.keys?.[channel],
      nextChunkId: () => {
        this.#chunkId = (this.#chunkId + 1) % CHUNK_IDS;
        return this.#chunkId.toString(36).padStart(4, "0");
      },
      onRegistered: () => this.#tellUp(),
      onDown: (ending) => {
        // With the receiving connection down as well, that one tells.
        if (this.#isUp && !this.#isClosing)
          this.#notices.ended(ending, { sender: number }, "sending connection lost, trying again");
      },
      onRefused: ({ channel, ircChannel }, reason) => this.#tellRefusal("message", channel, ircChannel, reason),
    });
  }

  #connect(owner: ConnectionOwner, suffix: string): Connection {
    const { log, now, random } = this.#parts;
    return new Connection({
      config: this.#config,
      nicks: nickCandidates(this.#config.nick, suffix),
      owner,
      log: log.child({ connection: suffix }),
      faults: this.#faults,
      now,
      random,
    });
  }
}
