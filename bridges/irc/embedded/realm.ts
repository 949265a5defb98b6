import type { Logger } from "pino";
import { FaultCounter } from "../../../link/index.ts";
import { Channel } from "./channel.ts";
import { Client } from "./client.ts";
import type { Connection } from "./connection.ts";
import type { Limits } from "./limits.ts";
import { foldCase } from "./names.ts";
import { Outgoing } from "./outgoing.ts";

/** What a realm is made of; clock and ids are handed in. */
export interface RealmOptions {
  readonly serverName: string;
  readonly limits: Limits;
  readonly log: Logger;
  readonly now: () => number;
  /** Unique for all time: it becomes the msgid of a message. */
  readonly newId: () => string;
}

/** What was refused or cut off so far. */
export interface RealmCounters {
  linesTooLong: number;
  linesRefused: number;
  sendQueuesExceeded: number;
  registrationsTimedOut: number;
  pingsTimedOut: number;
  connectionsRefused: number;
}

/** Who is here: clients, nicks and channels, kept consistent with each other. It knows no sockets and no commands. */
export class Realm {
  readonly serverName: string;
  readonly limits: Limits;
  readonly startedMs: number;
  readonly log: Logger;
  readonly faults: FaultCounter;
  readonly now: () => number;
  readonly newId: () => string;
  readonly counters: RealmCounters = {
    linesTooLong: 0,
    linesRefused: 0,
    sendQueuesExceeded: 0,
    registrationsTimedOut: 0,
    pingsTimedOut: 0,
    connectionsRefused: 0,
  };
  readonly #clients = new Set<Client>();
  readonly #nicks = new Map<string, Client>();
  readonly #channels = new Map<string, Channel>();
  #timeMs = -1;
  #time = "";

  constructor(options: RealmOptions) {
    this.serverName = options.serverName;
    this.limits = options.limits;
    this.log = options.log;
    this.faults = new FaultCounter(options.log, options.now);
    this.now = options.now;
    this.newId = options.newId;
    this.startedMs = options.now();
  }

  get clients(): ReadonlySet<Client> {
    return this.#clients;
  }

  /** By case-folded name. */
  get channels(): ReadonlyMap<string, Channel> {
    return this.#channels;
  }

  get nowSeconds(): number {
    return Math.floor(this.now() / 1_000);
  }

  add(connection: Connection): Client {
    const client = new Client(connection, this.serverName, this.now());
    this.#clients.add(client);
    return client;
  }

  /** Whoever holds a nick, registered or not. */
  nickHolder(nick: string): Client | undefined {
    return this.#nicks.get(foldCase(nick));
  }

  /** A registered client. */
  findClient(nick: string): Client | undefined {
    const client = this.nickHolder(nick);
    return client?.isRegistered === true ? client : undefined;
  }

  findChannel(name: string): Channel | undefined {
    return this.#channels.get(foldCase(name));
  }

  channelsOf(client: Client): Channel[] {
    return [...client.channels].flatMap((key) => this.#channels.get(key) ?? []);
  }

  /** Gives a client a nick that nobody else holds, and tells everybody who sees it. */
  rename(client: Client, nick: string): void {
    if (client.isRegistered) {
      const notice = this.compose(client, `NICK :${nick}`);
      client.send(notice);
      for (const peer of this.peersOf(client)) peer.send(notice);
    }
    this.#nicks.delete(foldCase(client.nick));
    client.nick = nick;
    this.#nicks.set(foldCase(nick), client);
  }

  /** Puts a client into a channel, which is made when it is new; whoever makes it becomes its operator. */
  join(client: Client, name: string): Channel {
    const key = foldCase(name);
    const channel = this.#channels.get(key) ?? new Channel(name, this.nowSeconds);
    this.#channels.set(key, channel);
    channel.members.set(client, { isOp: channel.members.size === 0, hasVoice: false });
    channel.invited.delete(client);
    client.channels.add(key);
    channel.send(this.compose(client, `JOIN ${channel.name}`));
    return channel;
  }

  /** Takes a client out of a channel; the last one out removes the channel. */
  leave(client: Client, channel: Channel): void {
    const key = foldCase(channel.name);
    client.channels.delete(key);
    channel.members.delete(client);
    if (channel.members.size === 0) this.#channels.delete(key);
  }

  /** Removes a client, tells its peers why, and closes its connection. Safe twice. */
  quit(client: Client, reason: string): void {
    if (!this.#clients.delete(client)) return;
    const peers = this.peersOf(client);
    for (const channel of this.channelsOf(client)) this.leave(client, channel);
    if (this.nickHolder(client.nick) === client) this.#nicks.delete(foldCase(client.nick));
    client.connection.close(`ERROR :${reason}`);
    if (!client.isRegistered) return;
    const notice = this.compose(client, `QUIT :${reason}`);
    for (const peer of peers) peer.send(notice);
    this.log.info({ nick: client.nick, reason, clients: this.#clients.size }, "irc client left");
  }

  /** Everybody who shares a channel with a client, without itself. */
  peersOf(client: Client): Set<Client> {
    const peers = new Set<Client>();
    for (const channel of this.channelsOf(client)) for (const member of channel.members.keys()) peers.add(member);
    peers.delete(client);
    return peers;
  }

  /** A message from a client, stamped with the time. */
  compose(from: Client, line: string, tags?: { readonly msgid: string; readonly clientTags: string }): Outgoing {
    return new Outgoing(`:${from.source} ${line}`, { time: this.#timestamp(), ...tags });
  }

  /** Asks silent clients, and removes those whose time is up. */
  sweep(): void {
    const now = this.now();
    const { registrationTimeoutMs, pingIdleMs, pongTimeoutMs } = this.limits;
    for (const client of this.#clients) {
      if (!client.isRegistered) {
        if (now - client.connectedMs < registrationTimeoutMs) continue;
        this.counters.registrationsTimedOut += 1;
        this.quit(client, "Registration timed out");
        continue;
      }
      const heardMs = client.connection.lastHeardMs;
      if (client.pingedMs !== null && heardMs >= client.pingedMs) client.pingedMs = null;
      if (client.pingedMs === null && now - heardMs >= pingIdleMs) {
        client.pingedMs = now;
        client.connection.send(`PING :${this.serverName}\r\n`);
      } else if (client.pingedMs !== null && now - client.pingedMs >= pongTimeoutMs) {
        this.counters.pingsTimedOut += 1;
        this.quit(client, "Ping timeout");
      }
    }
  }

  #timestamp(): string {
    const now = this.now();
    if (now !== this.#timeMs) {
      this.#timeMs = now;
      this.#time = new Date(now).toISOString();
    }
    return this.#time;
  }
}
