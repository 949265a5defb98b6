import type { Logger } from "pino";
import { PLAIN_NAMING, type Naming } from "../naming.ts";
import { NetworkError, type HistoryPage, type HistoryQuery, type Member, type Network } from "../network.ts";
import type { NetworkInbox, Publication } from "../network.ts";
import { agreementOf } from "./agreement.ts";
import type { Channel } from "./channels.ts";
import type { IrcConfig } from "./config.ts";
import type { ConnectionOwner } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import { Connector } from "./connector.ts";
import { Discovery } from "./discovery.ts";
import type { Ending } from "./endings.ts";
import { History } from "./history.ts";
import { Inbound } from "./inbound.ts";
import { Marker } from "./marker.ts";
import { bridgeNickTest, receiverNickTest } from "./nicks.ts";
import { Notices } from "./notices.ts";
import type { Outgoing } from "./outgoing.ts";
import { IrcPuppets } from "./puppets.ts";
import { Receiver, type ReceiverOwner } from "./receiver.ts";
import { Receivers } from "./receivers.ts";
import { speakerOf } from "./relay.ts";
import { hintFor, words } from "./replies.ts";
import { Sender } from "./sender.ts";
import { Senders } from "./senders.ts";
import { Sending } from "./sending.ts";

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
  readonly #connector: Connector;
  readonly #notices: Notices;
  readonly #isBridge: (nick: string) => boolean;
  readonly #history: History;
  readonly #discovery: Discovery;
  readonly #marker: Marker;
  readonly #sending: Sending;
  readonly #receivers: Receivers;
  readonly #senders: Senders;
  readonly agreement = agreementOf((name) => this.#receivers.of(name));
  readonly puppets: IrcPuppets | undefined;
  #inbound: Inbound | null = null;
  #inbox: NetworkInbox | null = null;
  #sweep: NodeJS.Timeout | undefined;
  /** Receivers that could not come back though the server is there: `up` does not wait for them. */
  readonly #givenUp = new Set<Receiver>();
  #isUp = false;
  #isClosing = false;

  constructor(config: IrcConfig & { readonly host: string }, parts: IrcNetworkParts) {
    this.#config = config;
    this.#parts = { ...parts, log: parts.log.child({ network: this.name }) };
    this.#connector = new Connector({ ...this.#parts, config });
    this.#notices = new Notices(this.#parts.log);
    this.#marker = new Marker({ ...parts, config, connector: this.#connector, notices: this.#notices });
    this.#isBridge = bridgeNickTest(config.nick);
    this.#sending = new Sending({ ...parts, config, notices: this.#notices, receivers: () => this.#receivers });
    this.#senders = new Senders(Array.from({ length: config.senders }, (_, index) => this.#makeSender(index + 1)));
    this.#receivers = new Receivers({
      config,
      make: (number) => this.#makeReceiver(number),
      onFull: (limit) => {
        const detail = { limit, maxReceivers: config.maxReceivers, hint: hintFor("405") };
        this.#notices.warn("full", detail, "no room for more channels on this network");
      },
    });
    this.puppets = config.identity === "puppet" ? this.#makePuppets() : undefined;
    const { now, newId, naming = PLAIN_NAMING } = parts;
    this.#history = new History({
      config,
      codec: { config, isBridge: this.#isBridge, now, newId },
      connectHistorian: (historian) => this.#connector.connect(historian, "s0"),
    });
    const maxNameLength = (): number => this.#receivers.first.maxNameLength;
    this.#discovery = new Discovery({ config, naming, maxNameLength, now });
  }

  start(inbox: NetworkInbox): void {
    if (this.#inbox !== null) throw new Error("started twice");
    this.#inbox = inbox;
    this.#inbound = new Inbound({ ...this.#parts, config: this.#config, inbox, isBridge: this.#isBridge });
    this.#receivers.start();
    for (const { connection } of this.#senders.shared) connection.start();
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
    const outgoing = this.#prepare(name, publication);
    this.#senders.of(outgoing.ircChannel).push(outgoing);
    await outgoing.settled;
  }

  #prepare(name: string, publication: Publication): Outgoing {
    if (!this.#isUp || this.#isClosing) throw new NetworkError("unavailable", "the IRC server is not connected");
    return this.#sending.prepare(name, publication);
  }

  members(name: string): readonly Member[] {
    const receiver = this.#receivers.of(name);
    const channel = receiver?.channels.get(name);
    return receiver === undefined || channel === undefined ? [] : receiver.presence.members(channel.ircChannel);
  }

  async history(name: string, query: HistoryQuery): Promise<HistoryPage> {
    const receiver = this.#receivers.of(name) ?? this.#receivers.first;
    // Before `up` already: the gap of a rejoin is told then, and whoever hears of it asks.
    if (!receiver.connection.isRegistered) throw new NetworkError("unavailable", "the IRC server is not connected");
    return this.#history.page(receiver, receiver.joined(name), query);
  }

  async discover(limit: number): Promise<readonly string[]> {
    const sender = this.#senders.shared.find(({ connection }) => connection.isRegistered);
    if (sender === undefined) throw new NetworkError("unavailable", "the IRC server is not connected");
    return this.#discovery.discover(sender.connection, limit);
  }

  announce(name: string, text: string): boolean {
    return this.#receivers.of(name)?.announce(name, text) ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#sweep);
    const closings = [...this.#senders.all, ...this.#receivers.all].map(({ connection }) => connection.close());
    const others = [this.#history, this.#marker].map((part) => part[Symbol.asyncDispose]());
    await Promise.all([...closings, ...others]);
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
    const isLost = (ircChannel: string) => (this.#receivers.find(ircChannel)?.receiver ?? receiver) === receiver;
    this.#inbound?.forget((channel) => this.#receivers.of(channel) === receiver);
    for (const sender of this.#senders.all) sender.onReceiverLost(reason, isLost);
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
    if (said && this.#senders.onEcho(speakerOf(line), channel.ircChannel, said)) receiver.acknowledge();
  }

  #onJoined(receiver: Receiver, channel: Channel, absence: string | null): void {
    this.#parts.log.debug({ channel: channel.name, ircChannel: channel.ircChannel }, "joined");
    this.#notices.forget(`join ${channel.name} `);
    this.#history.onJoined(channel.name);
    this.puppets?.onOpen(channel.name);
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

  #onSweep(): void {
    const nowMs = this.#parts.now();
    this.#inbound?.sweep(nowMs);
    this.puppets?.sweep(nowMs);
    for (const part of [...this.#receivers.all, this.#marker, this.#history, this.#discovery, ...this.#senders.all])
      part.sweep(nowMs);
  }

  #isOurs(nick: string): boolean {
    if (this.#isBridge(nick) || this.#senders.isShared(nick)) return true;
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
      onRefused: (channel, line) => this.#notices.refused("join", channel.name, channel.ircChannel, words(line)),
      onPresence: (channel, change) => this.#inbox?.presence(channel.name, change),
    };
    const { log, now, naming = PLAIN_NAMING } = this.#parts;
    const isPeer = receiverNickTest(this.#config.nick);
    const suffix = number === 1 ? "" : `r${number}`;
    const parts = {
      config: this.#config,
      naming,
      log,
      connect: (connectionOwner: ConnectionOwner) => this.#connector.connect(connectionOwner, suffix),
      isHidden: (nick: string) => this.#isOurs(nick),
      isPeer: (nick: string) => isPeer(nick) && this.#receivers.byNick(nick) === undefined,
      inbox: () => this.#inbox,
      marker: this.#marker,
      now,
    };
    return new Receiver(parts, owner);
  }

  #makeSender(number: number): Sender {
    return new Sender({
      config: this.#config,
      ...this.#sending.senderParts,
      connect: (owner) => this.#connector.connect(owner, `s${number}`),
      onRegistered: () => this.#tellUp(),
      onLine: (connection, line) => this.#discovery.onLine(connection, line),
      onDown: (connection, ending) => {
        this.#discovery.onDown(connection, ending.reason);
        // With the receiving connection down as well, that one tells.
        if (this.#isUp && !this.#isClosing)
          this.#notices.ended(ending, { sender: number }, "sending connection lost, trying again");
      },
    });
  }

  #makePuppets(): IrcPuppets {
    return new IrcPuppets({
      ...this.#parts,
      config: this.#config,
      connector: this.#connector,
      senders: this.#senders,
      sending: this.#sending,
      isBridge: this.#isBridge,
      prepare: (name, publication) => this.#prepare(name, publication),
      onDown: (ending) => this.#notices.ended(ending, {}, "a user's own connection lost, trying again"),
    });
  }
}
