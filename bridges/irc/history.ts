import { NetworkError, type HistoryPage, type HistoryQuery } from "../network.ts";
import type { Channel } from "./channels.ts";
import { ChatHistory } from "./chat-history.ts";
import type { IrcConfig } from "./config.ts";
import type { Connection, ConnectionOwner, IrcLine } from "./connection.ts";
import { Historian } from "./historian.ts";
import type { InboundParts } from "./inbound.ts";
import { OldBatches } from "./old-batches.ts";
import { NOTHING_KEPT, pageFrom, pageOfAll, readOld, type OldMessages } from "./old-messages.ts";

/** What history needs of the network around it. */
export interface HistoryParts {
  readonly config: IrcConfig;
  readonly codec: Omit<InboundParts, "inbox">;
  readonly receiver: Connection;
  /** Makes the connection that joins for old messages. */
  readonly connectHistorian: (owner: ConnectionOwner) => Connection;
}

interface Fetched {
  readonly old: OldMessages;
  /** Null: all that the server keeps, to be cut by the reader. */
  readonly isContiguous: boolean | null;
}

/** What the server has kept of our channels: one request at a time, and one answer for all who ask the same meanwhile. */
export class History implements AsyncDisposable {
  readonly #parts: HistoryParts;
  readonly #historian: Historian;
  readonly #chatHistory: ChatHistory;
  /** Of the receiving connection: answers, and the server's own replay when we join, which is passed over. */
  readonly #batches: OldBatches;
  /** Requests not answered, by channel and question. */
  readonly #running = new Map<string, Map<string, Promise<Fetched>>>();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: HistoryParts) {
    this.#parts = parts;
    const { config, receiver, connectHistorian, codec } = parts;
    this.#historian = new Historian({ config, connect: connectHistorian, now: codec.now });
    this.#chatHistory = new ChatHistory({
      config,
      send: (line) => receiver.send(line),
      maxPerAnswer: () => receiver.limit("CHATHISTORY"),
      now: codec.now,
    });
    this.#batches = new OldBatches(config.maxHistoryLines, this.#chatHistory);
  }

  /**
   * A page of a joined channel.
   *
   * @throws NetworkError `refused` or `unavailable`
   */
  async page(channel: Channel, query: HistoryQuery): Promise<HistoryPage> {
    const source = sourceOf(this.#parts.receiver);
    if (source === null) return NOTHING_KEPT;
    const { old, isContiguous } = await this.#share(channel, source === "replay" ? "" : JSON.stringify(query), () =>
      source === "replay" ? this.#readAll(channel) : this.#ask(channel, query),
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

  /** A line of the receiving connection. @returns true when it is about what was said before */
  onLine(line: IrcLine): boolean {
    return this.#batches.take(line) || this.#chatHistory.onLine(line);
  }

  /** The receiving connection is lost. */
  onDown(reason: string): void {
    this.#batches.clear();
    this.#chatHistory.onDown(reason);
  }

  sweep(nowMs: number): void {
    this.#historian.sweep(nowMs);
    this.#chatHistory.sweep(nowMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#historian[Symbol.asyncDispose]();
  }

  async #readAll(channel: Channel): Promise<Fetched> {
    const lines = await this.#historian.read(channel.ircChannel);
    return { old: readOld(channel.name, lines, this.#parts.codec), isContiguous: null };
  }

  async #ask(channel: Channel, query: HistoryQuery): Promise<Fetched> {
    const { codec } = this.#parts;
    const read = (lines: readonly IrcLine[]): OldMessages => readOld(channel.name, lines, codec);
    const count = (lines: readonly IrcLine[]): number => read(lines).messages.length;
    const { lines, isContiguous } = await this.#chatHistory.ask(channel.ircChannel, query, count);
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
function sourceOf(receiver: Connection): "command" | "replay" | null {
  if (!receiver.hasCapability("batch")) return null;
  if (receiver.hasCapability("draft/chathistory")) return "command";
  const modes = receiver.option("CHANMODES");
  const withParameter: unknown = Array.isArray(modes) ? modes[2] : undefined;
  return typeof withParameter === "string" && withParameter.includes("H") ? "replay" : null;
}
