import { NetworkError, type HistoryPage, type HistoryQuery } from "../network.ts";
import type { Channel } from "./channels.ts";
import type { IrcConfig } from "./config.ts";
import type { Connection, ConnectionOwner } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import { Historian } from "./historian.ts";
import type { InboundParts } from "./inbound.ts";
import { NOTHING_KEPT, pageFrom, pageOfAll, readOld, type OldMessages } from "./old-messages.ts";
import type { Receiver } from "./receiver.ts";

/** What history needs of the network around it. */
export interface HistoryParts {
  readonly config: IrcConfig;
  readonly codec: Omit<InboundParts, "inbox">;
  /** Makes the connection that joins for old messages. */
  readonly connectHistorian: (owner: ConnectionOwner) => Connection;
}

/** Where a channel's history is asked for by command. */
type Source = Pick<Receiver, "connection" | "chatHistory">;

interface Fetched {
  readonly old: OldMessages;
  /** Null: all that the server keeps, to be cut by the reader. */
  readonly isContiguous: boolean | null;
}

/** What the server has kept of our channels: one request at a time, and one answer for all who ask the same meanwhile. */
export class History implements AsyncDisposable {
  readonly #parts: HistoryParts;
  readonly #historian: Historian;
  /** Requests not answered, by channel and question. */
  readonly #running = new Map<string, Map<string, Promise<Fetched>>>();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: HistoryParts) {
    this.#parts = parts;
    const { config, connectHistorian, codec } = parts;
    this.#historian = new Historian({ config, connect: connectHistorian, now: codec.now });
  }

  /**
   * A page of a channel that the receiver is in.
   *
   * @throws NetworkError `refused` or `unavailable`
   */
  async page(receiver: Source, channel: Channel, query: HistoryQuery): Promise<HistoryPage> {
    const way = wayOf(receiver.connection);
    if (way === null) return NOTHING_KEPT;
    const { old, isContiguous } = await this.#share(channel, way === "replay" ? "" : JSON.stringify(query), () =>
      way === "replay" ? this.#readAll(channel) : this.#ask(receiver, channel, query),
    );
    if (isContiguous === null) return pageOfAll(old, query);
    // The newest ones are wanted whole: the first of them may be the end of a long message.
    const start = query.since === null ? Math.max(0, old.messages.length - query.limit) : 0;
    return pageFrom(old, start, isContiguous, query.limit);
  }

  /** What was asked before we came into the channel (again) may end before what we hear now begins. */
  onJoined(name: string): void {
    this.#running.delete(name);
  }

  sweep(nowMs: number): void {
    this.#historian.sweep(nowMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#historian[Symbol.asyncDispose]();
  }

  async #readAll({ name, ircChannel }: Channel): Promise<Fetched> {
    const { config, codec } = this.#parts;
    const lines = await this.#historian.read(ircChannel, config.keys?.[name]);
    return { old: readOld(name, lines, codec), isContiguous: null };
  }

  async #ask({ chatHistory }: Source, channel: Channel, query: HistoryQuery): Promise<Fetched> {
    const { codec } = this.#parts;
    const read = (lines: readonly IrcLine[]): OldMessages => readOld(channel.name, lines, codec);
    const count = (lines: readonly IrcLine[]): number => read(lines).messages.length;
    const { lines, isContiguous } = await chatHistory.ask(channel.ircChannel, query, count);
    return { old: read(lines), isContiguous };
  }

  #share({ name }: Channel, question: string, fetch: () => Promise<Fetched>): Promise<Fetched> {
    const questions = this.#running.get(name) ?? new Map<string, Promise<Fetched>>();
    const known = questions.get(question);
    if (known !== undefined) return known;
    if (this.#waiting >= this.#parts.config.maxHistoryRequests) {
      return Promise.reject(new NetworkError("unavailable", "too many requests for old messages are waiting"));
    }
    this.#waiting += 1;
    const asked = this.#last.then(fetch);
    const forget = (): void => {
      this.#waiting -= 1;
      questions.delete(question);
      if (questions.size === 0 && this.#running.get(name) === questions) this.#running.delete(name);
    };
    this.#last = asked.then(forget, forget);
    this.#running.set(name, questions.set(question, asked));
    return asked;
  }
}

/**
 * How the server shows what it has kept: by command (Ergo), at a JOIN (InspIRCd's `chanhistory`, mode H), or not at all.
 * Without batches, what is old could not be told from what is new.
 */
function wayOf(connection: Connection): "command" | "replay" | null {
  if (connection.capability("batch") === null) return null;
  if (connection.capability("draft/chathistory") !== null) return "command";
  const modes = connection.option("CHANMODES");
  const withParameter: unknown = Array.isArray(modes) ? modes[2] : undefined;
  return typeof withParameter === "string" && withParameter.includes("H") ? "replay" : null;
}
