import type { Naming } from "../naming.ts";
import { NetworkError } from "../network.ts";
import { Turns } from "../turns.ts";
import type { IrcConfig } from "./config.ts";
import type { IrcLine } from "./irc-line.ts";
import { ircNameOf } from "./foreign-names.ts";
import { foldAscii, foldName } from "./names.ts";
import { END_OF_NAMES, joinLine, refusesJoin, TOO_MANY_CHANNELS, words } from "./replies.ts";

/** A channel that the bridge wants to be in. */
export interface Channel {
  readonly name: string;
  readonly ircChannel: string;
  state: "joining" | "joined" | "out";
  /** Why we are out, or were when we last tried; null while all is well. */
  readonly trouble: string | null;
}

/** The server refuses a channel because this connection is in as many as it may be. */
export class TooManyChannelsError extends NetworkError {
  constructor(message: string) {
    super("refused", message);
  }
}

/** Who is told what becomes of channels. */
export interface ChannelsOwner {
  /** @param absence why we were away for a while; null for a first join */
  onJoined(channel: Channel, absence: string | null): void;
  /** We are out of a channel that we were in, and could not come back. It is tried again. */
  onLost(channel: Channel, reason: string): void;
  /** The server refused to let us in, for the first time or again. */
  onRefused(channel: Channel, line: IrcLine): void;
}

interface Entry extends Channel {
  readonly isCut: boolean;
  hasTopic: boolean;
  absence: string | null;
  trouble: string | null;
  /** While joining: since when. While out: when it is tried again. */
  sinceMs: number;
  pending: PromiseWithResolvers<void> | null;
}

/**
 * Joins that are not answered yet; further ones wait. ngIRCd ends a connection for which more than 32 KiB wait, and says much about
 * each channel.
 */
const MAX_JOINS = 64;
const NO_TOPIC = "331";
/** RFC 1459 §2.3: 512 bytes with the line end. */
const MAX_LINE_BYTES = 510;

/** The channels of the receiving connection: joining, leaving, and coming back. */
export class Channels {
  readonly #config: IrcConfig;
  readonly #naming: Naming;
  readonly #send: (line: string) => void;
  readonly #owner: ChannelsOwner;
  readonly #now: () => number;
  readonly #byName = new Map<string, Entry>();
  readonly #byKey = new Map<string, Entry>();
  /** PARTs that are not confirmed yet: until then, answers are about the time before them. */
  readonly #parting = new Map<string, number>();
  readonly #turns = new Turns<Entry>(MAX_JOINS, (entry) => this.#ask(entry));
  #isConnected = false;

  constructor(
    config: IrcConfig,
    naming: Naming,
    send: (line: string) => void,
    owner: ChannelsOwner,
    now: () => number,
  ) {
    this.#config = config;
    this.#naming = naming;
    this.#send = send;
    this.#owner = owner;
    this.#now = now;
  }

  /** Channels that we are in, or want to be in. */
  get size(): number {
    return this.#byName.size;
  }

  all(): Iterable<Channel> {
    return this.#byName.values();
  }

  get(name: string): Channel | undefined {
    return this.#byName.get(name);
  }

  find(ircChannel: string): Channel | undefined {
    return this.#byKey.get(foldName(ircChannel));
  }

  /** @throws NetworkError */
  async join(name: string, maxLength: number): Promise<void> {
    const known = this.#byName.get(name);
    if (known?.state === "joined") return;
    if (!this.#isConnected) throw new NetworkError("unavailable", "not connected");
    const entry = known ?? this.#add(name, maxLength);
    await (entry.pending ?? this.#request(entry)).promise;
  }

  leave(name: string): void {
    const entry = this.#byName.get(name);
    if (entry === undefined) return;
    this.#remove(entry);
    const wasAsked = !this.#turns.forget(entry) && entry.state !== "out";
    if (this.#isConnected && wasAsked) this.#part(entry);
    this.#settle(entry, new NetworkError("unavailable", "left meanwhile"));
  }

  /** Joins again whatever was joined; resolves when every join is answered. */
  async onConnected(): Promise<void> {
    this.#isConnected = true;
    const joins = [...this.#byName.values()].map((entry) => this.#request(entry).promise);
    await Promise.allSettled(joins);
  }

  onDisconnected(reason: string): void {
    this.#isConnected = false;
    this.#parting.clear();
    this.#turns.clear();
    for (const entry of this.#byName.values()) {
      // A first join has a caller who hears of it; the others are joined again.
      if (entry.state === "joining" && entry.absence === null) this.#remove(entry);
      entry.state = "out";
      entry.absence ??= reason;
      this.#settle(entry, new NetworkError("unavailable", reason));
    }
  }

  /** @param ourNick of the receiving connection */
  onLine(line: IrcLine, ourNick: string): void {
    const [first = "", second = ""] = line.params;
    const isOurs = (nick: string): boolean => foldAscii(nick) === foldAscii(ourNick);
    if (line.command === "PART") {
      if (isOurs(line.nick) && !this.#wasExpected(first)) this.#onThrownOut(first, `removed: ${words(line)}`);
    } else if (line.command === "KICK") {
      if (isOurs(second)) this.#onThrownOut(first, `kicked by ${line.nick}: ${line.params[2] ?? ""}`);
    } else if (["442", "403"].includes(line.command) && this.#wasExpected(second)) return;
    else this.#onReply(line, second);
  }

  sweep(nowMs: number): void {
    if (!this.#isConnected) return;
    for (const entry of this.#byName.values()) {
      if (entry.state === "out" && nowMs >= entry.sinceMs) this.#request(entry).promise.catch(() => undefined);
      else if (this.#turns.has(entry) && nowMs - entry.sinceMs >= this.#config.joinTimeoutMs) {
        this.#part(entry);
        this.#onRefused(entry, new NetworkError("unavailable", "the server did not answer the join"));
      }
    }
  }

  #onReply(line: IrcLine, ircChannel: string): void {
    const entry = this.#byKey.get(foldName(ircChannel));
    if (entry?.state !== "joining" || this.#parting.has(foldName(ircChannel))) return;
    if (line.command === END_OF_NAMES) this.#onJoined(entry);
    else if (line.command === "332") entry.hasTopic = true;
    else if (line.command === NO_TOPIC) entry.hasTopic = false;
    else if (refusesJoin(line)) {
      // In none at all, it is not about how many; a further connection would not help.
      const isFull = line.command === TOO_MANY_CHANNELS && this.#byName.size > 1;
      if (!isFull || entry.absence !== null) this.#owner.onRefused(entry, line);
      this.#onRefused(entry, isFull ? new TooManyChannelsError(words(line)) : new NetworkError("refused", words(line)));
    }
  }

  #onJoined(entry: Entry): void {
    const { absence } = entry;
    entry.state = "joined";
    entry.absence = null;
    entry.trouble = null;
    // The name is cut, so its topic says what it stands for; where only operators may, it stays unsaid. What the mapping
    // strips is left out here as well: another bridge may have another mapping. A line that is too long would end the
    // connection with some servers; so a very long name has no topic.
    const line = `TOPIC ${entry.ircChannel} :${this.#naming.local(entry.name)}`;
    if (entry.isCut && !entry.hasTopic && Buffer.byteLength(line) <= MAX_LINE_BYTES) this.#send(line);
    this.#owner.onJoined(entry, absence);
    this.#settle(entry, null);
  }

  #onRefused(entry: Entry, error: NetworkError): void {
    if (entry.absence === null) this.#remove(entry);
    else {
      entry.state = "out";
      entry.sinceMs = this.#now() + this.#config.rejoinIntervalMs;
      entry.trouble = `${entry.absence}; cannot join again: ${error.message}`;
      this.#owner.onLost(entry, entry.trouble);
    }
    this.#settle(entry, error);
  }

  #onThrownOut(ircChannel: string, reason: string): void {
    const entry = this.#byKey.get(foldName(ircChannel));
    if (entry === undefined) return;
    entry.absence = reason;
    entry.trouble = reason;
    this.#request(entry).promise.catch(() => undefined);
  }

  #add(name: string, maxLength: number): Entry {
    const encoded = ircNameOf(name, this.#naming, maxLength);
    if (encoded === null) throw new NetworkError("refused", "not a channel name");
    // Two channels with one IRC channel would each take the other's messages away.
    const other = this.#byKey.get(foldName(encoded.ircChannel));
    if (other !== undefined) throw new NetworkError("refused", `${encoded.ircChannel} is ${other.name} here`);
    const entry = {
      ...encoded,
      name,
      state: "out" as const,
      hasTopic: false,
      absence: null,
      trouble: null,
      sinceMs: 0,
      pending: null,
    };
    this.#byName.set(name, entry);
    this.#byKey.set(foldName(entry.ircChannel), entry);
    return entry;
  }

  #remove(entry: Entry): void {
    this.#byName.delete(entry.name);
    this.#byKey.delete(foldName(entry.ircChannel));
  }

  #request(entry: Entry): PromiseWithResolvers<void> {
    const pending = (entry.pending ??= Promise.withResolvers<void>());
    entry.state = "joining";
    this.#turns.ask(entry);
    return pending;
  }

  #ask(entry: Entry): void {
    entry.hasTopic = false;
    entry.sinceMs = this.#now();
    this.#send(joinLine(entry.ircChannel, this.#config.keys?.[entry.name]));
  }

  #settle(entry: Entry, error: NetworkError | null): void {
    const { pending } = entry;
    entry.pending = null;
    this.#turns.end(entry);
    if (error === null) pending?.resolve();
    else pending?.reject(error);
  }

  #part(entry: Entry): void {
    const key = foldName(entry.ircChannel);
    this.#parting.set(key, (this.#parting.get(key) ?? 0) + 1);
    this.#send(`PART ${entry.ircChannel}`);
  }

  /** @returns true when this answers a PART of ours */
  #wasExpected(ircChannel: string): boolean {
    const key = foldName(ircChannel);
    const left = this.#parting.get(key);
    if (left === undefined) return false;
    if (left > 1) this.#parting.set(key, left - 1);
    else this.#parting.delete(key);
    return true;
  }
}
