import type { IrcConfig } from "./config.ts";
import type { Channel } from "./channels.ts";
import type { Connection, ConnectionOwner } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import type { Connector } from "./connector.ts";
import type { Ending } from "./endings.ts";
import { markingUser, markOf } from "./marks.ts";
import { foldAscii, foldName } from "./names.ts";
import type { Notices } from "./notices.ts";
import { hintFor, joinLine, numericOf, refusedChannel, refusesJoin, words } from "./replies.ts";

/** What marking needs of the network around it. */
export interface MarkerParts {
  readonly config: IrcConfig;
  readonly connector: Connector;
  readonly notices: Notices;
  readonly now: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
}

interface Request {
  readonly channel: Channel;
  readonly sinceMs: number;
  readonly done: PromiseWithResolvers<void>;
  isSent: boolean;
}

/** Channels that one connection marks; then it is made anew. */
const MAX_MARKED = 10_000;
const OWN_IDS = "messages there have ids that mean something at this bridge only";

/**
 * The connection that marks places in channels, where the server gives messages no ids: it joins and leaves at once, with
 * a user name that only it has, and every bridge counts from its JOIN on (see `LineIds`). It joins no channel twice: another
 * connection, with another name, takes its place. It is made when it is first needed, which is when two bridges meet.
 */
export class Marker implements ConnectionOwner, AsyncDisposable {
  readonly #parts: MarkerParts;
  /** Marks that have not been seen yet, by folded channel. */
  readonly #requests = new Map<string, Request>();
  /** Folded channels that have seen the present user name. */
  readonly #marked = new Set<string>();
  #connection: Connection | null = null;
  #user = "";
  /** The last try has failed, so a mark may take long. */
  #isLost = false;
  /** This connection's marks are not known for such. */
  #isUnknown = false;
  /** The one before it, which still has our nick. */
  #closing: Promise<void> | null = null;
  #isClosed = false;

  constructor(parts: MarkerParts) {
    this.#parts = parts;
  }

  /** Marks a place in a channel that a receiving connection is in. */
  mark(channel: Channel): void {
    this.forget(channel.ircChannel);
    if (this.#isClosed || this.#isUnknown) return;
    const request = { channel, sinceMs: this.#parts.now(), done: Promise.withResolvers<void>(), isSent: false };
    if (this.#isLost) request.done.resolve();
    this.#requests.set(foldName(channel.ircChannel), request);
    this.#connect();
    this.#go();
  }

  /** Resolves when a mark that was asked for has been seen, or will not be soon. */
  async settled(ircChannel: string): Promise<void> {
    await this.#requests.get(foldName(ircChannel))?.done.promise;
  }

  /** No mark is needed any more: one was seen, or we are out of the channel. */
  forget(ircChannel: string): void {
    const key = foldName(ircChannel);
    this.#requests.get(key)?.done.resolve();
    this.#requests.delete(key);
  }

  sweep(nowMs: number): void {
    for (const [key, { sinceMs, done, isSent }] of this.#requests) {
      if (nowMs - sinceMs < this.#parts.config.markTimeoutMs) continue;
      done.resolve();
      if (isSent) this.#requests.delete(key);
    }
  }

  onRegistered(connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#isLost = false;
    this.#marked.clear();
    this.#go();
  }

  onLine(connection: Connection, line: IrcLine): void {
    if (connection !== this.#connection) return;
    if (line.command === "JOIN" && foldAscii(line.nick) === connection.foldedNick) this.#onShown(line);
    else if (refusesJoin(line)) {
      const ircChannel = refusedChannel(line, (name) => this.#requests.has(foldName(name)));
      const channel = this.#requests.get(foldName(ircChannel ?? ""))?.channel;
      if (channel !== undefined) this.#giveUp(channel, words(line), hintFor(numericOf(words(line))));
    }
  }

  onDown(connection: Connection, ending: Ending): void {
    if (connection !== this.#connection) return;
    this.#isLost = true;
    this.#isUnknown = false;
    // With nothing to mark there is nothing to come back for.
    if (this.#requests.size === 0) {
      this.#hangUp();
      return;
    }
    for (const request of this.#requests.values()) {
      request.isSent = false;
      request.done.resolve();
    }
    this.#parts.notices.ended(ending, { ids: OWN_IDS }, "the connection that marks places is lost, trying again");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const { channel } of this.#requests.values()) this.forget(channel.ircChannel);
    this.#hangUp();
    await this.#closing;
  }

  #connect(): void {
    if (this.#isClosed || this.#connection !== null || this.#closing !== null || this.#requests.size === 0) return;
    const { connector, random } = this.#parts;
    this.#connection = connector.connect(this, "m", () => (this.#user = markingUser(random)));
    this.#connection.start();
  }

  #go(): void {
    const connection = this.#connection;
    if (connection?.isRegistered !== true) return;
    let isWorn = false;
    for (const [key, request] of this.#requests) {
      if (request.isSent) continue;
      if (this.#marked.has(key) || this.#marked.size >= MAX_MARKED) {
        isWorn = true;
        continue;
      }
      this.#marked.add(key);
      request.isSent = true;
      const { name, ircChannel } = request.channel;
      connection.send(joinLine(ircChannel, this.#parts.config.keys?.[name]));
      // Both at once: the server handles them one after the other, and one refused join has a part that is refused too.
      connection.send(`PART ${ircChannel}`);
    }
    if (isWorn) this.#hangUp();
  }

  /** Where the server shows another user name (of an ident daemon, or our nick), nobody knows our mark. */
  #onShown(line: IrcLine): void {
    if (markOf(line) === this.#user) return;
    this.#isUnknown = true;
    const channel = this.#requests.get(foldName(line.params[0] ?? ""))?.channel;
    const hint = "let the server show user names as they are told (no ident daemon here, no CloakUserToNick there)";
    if (channel !== undefined) this.#giveUp(channel, `the server shows us as ${line.prefix}`, hint);
  }

  #giveUp({ name, ircChannel }: Channel, reason: string, hint: string | null): void {
    this.forget(ircChannel);
    const detail = { channel: name, ircChannel, reason, ids: OWN_IDS, ...(hint === null ? {} : { hint }) };
    this.#parts.notices.warn(`mark ${name} ${numericOf(reason)}`, detail, "no place could be marked in a channel");
  }

  /** Ends this connection; the next one comes when it is needed, and its nick is free. */
  #hangUp(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#closing = connection.close("marked").finally(() => {
      this.#closing = null;
      this.#connect();
    });
  }
}
