import { NetworkError, type Publication } from "../network.ts";
import type { Puppet, PuppetAddress, PuppetOwner } from "../puppets.ts";
import { Assembler } from "./assembler.ts";
import type { IrcConfig } from "./config.ts";
import type { Connection } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import type { Ending } from "./endings.ts";
import { DATA_TAG, decodeLine, type Line } from "./line.ts";
import { foldAscii, foldName } from "./names.ts";
import type { Outgoing } from "./outgoing.ts";
import { encodePayload } from "./payload.ts";
import { bytesOf, lineLimits, privmsg } from "./privmsg.ts";
import { provenanceOf } from "./provenance.ts";
import { isNickOf } from "./puppet-nicks.ts";
import { isRefusal, words } from "./replies.ts";
import { Sender, type SenderParts } from "./sender.ts";
import type { Sending } from "./sending.ts";

/** What one puppet is made of. */
export interface PuppetParts {
  readonly config: IrcConfig;
  /** As it was declared. */
  readonly name: string;
  readonly owner: PuppetOwner;
  readonly connect: SenderParts["connect"];
  readonly sending: Sending;
  /** A publication that may be sent now. @throws NetworkError */
  readonly prepare: (channel: string, publication: Publication) => Outgoing;
  readonly onDown: (ending: Ending) => void;
  readonly now: () => number;
  readonly newId: () => string;
  readonly onReleased: (puppet: IrcPuppet) => void;
}

interface Telling {
  /** Folded. */
  readonly to: string;
  refuse(error: NetworkError): void;
}

/** What no nick holds, and what would address something else than one person: channels, several, masks. */
const NICK = /^[^\s\x00-\x1f\x7f:#&+!@%~$*?,.][^\s\x00-\x1f\x7f!@*?,]{0,63}$/u;
const NOT_JOINED = "not in the channel";

/** A user of its own on IRC: a connection that joins, speaks, and is told things in private. */
export class IrcPuppet implements Puppet {
  readonly sender: Sender;
  readonly #parts: PuppetParts;
  /** Channels that it is to be seen in → what the server calls them, where the bridge has been in since. */
  readonly #wanted = new Map<string, string | null>();
  readonly #telling = new Set<Telling>();
  readonly #assembler: Assembler;
  #ready = awaited<PuppetAddress>();
  /** Why it is not there; null before the first try has ended, and while it is there. */
  #trouble: string | null = null;
  #isReleased = false;

  constructor(parts: PuppetParts) {
    this.#parts = parts;
    const { config, connect, sending } = parts;
    this.#assembler = new Assembler({ maxBytes: config.maxMessageBytes, timeoutMs: config.chunkTimeoutMs });
    this.sender = new Sender({
      ...sending.senderParts,
      config,
      connect,
      onRegistered: () => this.#onRegistered(),
      onDown: (_connection, ending) => this.#onDown(ending),
      onLine: (connection, line) => this.#onLine(connection, line),
    });
    this.sender.connection.start();
  }

  ready(): Promise<PuppetAddress> {
    return this.#ready.promise;
  }

  join(channel: string): void {
    if (!this.#wanted.has(channel)) this.#wanted.set(channel, null);
    this.onOpen(channel);
  }

  /** Not before the bridge is in: whoever comes first into a channel that is new would be its operator. */
  onOpen(channel: string): void {
    const { sending } = this.#parts;
    const open = this.#wanted.has(channel) ? sending.open(channel) : null;
    if (open === null) return;
    this.#wanted.set(channel, open.ircChannel);
    if (!this.sender.connection.isRegistered) return;
    this.sender.membership.join(open.ircChannel, NOT_JOINED, sending.senderParts.keyOf(channel));
  }

  leave(channel: string): void {
    const ircChannel = this.#wanted.get(channel) ?? null;
    this.#wanted.delete(channel);
    if (ircChannel !== null) this.sender.leave(ircChannel);
  }

  async publish(channel: string, publication: Publication): Promise<void> {
    const outgoing = this.#parts.prepare(channel, unsigned(publication));
    this.sender.push(outgoing);
    try {
      await outgoing.settled;
    } catch (error) {
      const isAway = error instanceof NetworkError && error.kind === "unavailable" && this.#trouble !== null;
      throw isAway
        ? new NetworkError("unavailable", `your user is not on IRC: ${this.#trouble}`, { cause: error })
        : error;
    }
  }

  async tell(to: string, publication: Publication): Promise<void> {
    if (!NICK.test(to)) throw new NetworkError("refused", "people on IRC have nicks, without spaces and any of ,!@*?");
    await this.ready();
    const { connection } = this.sender;
    const limits = lineLimits(connection, to);
    const lines = encodePayload(publication.data, null, limits, this.#parts.sending.senderParts.nextChunkId());
    const wires = (lines ?? []).flatMap((line) => privmsg(to, line));
    if (lines === null || bytesOf(wires) > this.#parts.config.maxInFlightBytes) {
      throw new NetworkError("refused", "too long for a private message on this network");
    }
    const { promise: refused, reject } = awaited<never>();
    const telling = { to: foldAscii(to), refuse: reject };
    this.#telling.add(telling);
    try {
      for (const wire of wires) connection.send(wire);
      // An error would have come before the answer.
      await Promise.race([refused, connection.ping()]);
    } catch (error) {
      if (!(error instanceof NetworkError) || error.kind !== "unavailable") throw error;
      throw new NetworkError("unknown", `sent, but not confirmed: ${error.message}`, { cause: error });
    } finally {
      this.#telling.delete(telling);
    }
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#ready.reject(new NetworkError("unavailable", "its sessions have ended"));
    this.#parts.onReleased(this);
  }

  sweep(nowMs: number): void {
    this.#assembler.expire(nowMs);
  }

  #onRegistered(): void {
    const { connection } = this.sender;
    this.#trouble = null;
    this.#ready.resolve({
      nick: connection.nick,
      isItsName: isNickOf(connection.nick, this.#parts.name, connection.limit("NICKLEN")),
    });
    for (const channel of this.#wanted.keys()) this.onOpen(channel);
  }

  #onDown(ending: Ending): void {
    this.#trouble = ending.reason;
    this.#assembler.drop(() => true);
    // Whoever waits hears why; later ones wait for the next try.
    this.#ready.reject(new NetworkError("unavailable", `your user is not on IRC: ${ending.reason}`));
    this.#ready = awaited();
    if (!this.#isReleased) this.#parts.onDown(ending);
  }

  /** @returns true for what is not about sending into channels */
  #onLine(connection: Connection, line: IrcLine): boolean {
    if (line.command === "PRIVMSG" || line.command === "NOTICE") {
      // What is said in channels is heard by the bridge, once for all.
      const isForUs = foldAscii(line.params[0] ?? "") === foldAscii(connection.nick) && line.nick !== "";
      if (isForUs && !this.#isReleased) this.#onTold(line);
      return true;
    }
    if (!isRefusal(line)) return false;
    const named = new Set(line.params.slice(0, -1).map(foldAscii));
    const told = [...this.#telling].find(({ to }) => named.has(to));
    told?.refuse(new NetworkError("refused", words(line)));
    return told !== undefined;
  }

  #onTold(irc: IrcLine): void {
    const { nick: from, params, tags } = irc;
    const line: Line = { text: params[1] ?? "", tag: tags[DATA_TAG] };
    const decoded = decodeLine(line, false);
    const key = foldName(from);
    if (decoded.type === "nothing") return;
    if (decoded.type === "data") return this.#deliver(irc, decoded.data);
    const assembled = this.#assembler.push(key, decoded.chunk, null, this.#parts.now());
    if (assembled.type === "data") this.#deliver(irc, assembled.data);
    else if (assembled.type !== "waiting") this.#deliver(irc, { text: line.text });
  }

  #deliver(irc: IrcLine, data: unknown): void {
    this.#parts.owner.told({ data, from: irc.nick, ...provenanceOf(irc, this.#parts) });
  }
}

/** Its nick says who it is. */
function unsigned(publication: Publication): Publication {
  return { ...publication, from: null };
}

/** A promise that nobody has to wait for. */
function awaited<T>(): PromiseWithResolvers<T> {
  const awaitable = Promise.withResolvers<T>();
  awaitable.promise.catch(() => undefined);
  return awaitable;
}
