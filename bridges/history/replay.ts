import { BayeuxError } from "../../bayeux/index.ts";
import type { Channel } from "../channel/channel.ts";
import { wholeSecond } from "../log/log.ts";
import type { Log, LogEntry } from "../log/log.ts";
import { NetworkError } from "../network.ts";
import type { HistoryPage, HistoryQuery, NetworkMessage } from "../network.ts";
import type { Archive } from "./archive.ts";
import { Reader } from "./reader.ts";
import type { Ending } from "./reader.ts";
import type { ReplayFrom } from "./replay-from.ts";

/** What one replay needs. */
export interface ReplayOptions {
  readonly channel: Channel;
  readonly from: ReplayFrom;
  readonly messages: Log;
  readonly archive: Archive;
  readonly deadlineMs: number;
  readonly now: () => number;
  readonly maxReplayMessages: number;
}

/** What a replay consists of, in its order. */
export interface Replayed {
  /** From the network's history. */
  readonly older: readonly NetworkMessage[];
  /** Others may be missing between `older` and `kept`. */
  readonly isHole: boolean;
  /** From the log. */
  readonly kept: readonly LogEntry[];
}

/** What history had, and the message of ours that it joins on to: null where we had none. */
interface Older {
  readonly messages: readonly NetworkMessage[];
  readonly seam: string | null;
}

const NOTHING: Replayed = { older: [], isHole: false, kept: [] };

/** For everything that is kept, so long is history asked until it reaches the log. */
const OVERLAP_MS = 1_000;
const OVERLAP_PAUSE_MS = 100;

/**
 * One channel's part of a subscribe: what is kept here from a position on, and before that, what the network has.
 *
 * While the network is asked, the log goes on; so `isReady` and `read` look at it as it is at that moment.
 */
export class Replay {
  readonly #options: ReplayOptions;
  #older: Older | null = null;
  /** It will not get better. */
  #isFinal = false;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  get channel(): Channel {
    return this.#options.channel;
  }

  get from(): ReplayFrom {
    return this.#options.from;
  }

  /** False: `prepare` has to ask the network. */
  get isReady(): boolean {
    if (this.#isFinal || this.#kept() !== null) return true;
    return this.#older !== null && this.#isJoined(this.#older);
  }

  /** Asks the network. @throws BayeuxError where not everything can be had that was asked for */
  async prepare(): Promise<void> {
    if (this.#options.from.type === "everything") await this.#readNewest();
    else await this.#readForward();
  }

  /** What there is now; only when it is ready. */
  read(): Replayed {
    const kept = this.#kept();
    if (kept) return { ...NOTHING, kept };
    if (!this.#older) return { ...NOTHING, kept: this.#all() };
    const { messages, seam } = this.#older;
    const log = this.#all();
    const keptIds = new Set(log.map(({ id }) => id));
    const fresh = messages.filter(({ id }) => !keptIds.has(id));
    if (!this.#isJoined(this.#older)) {
      // History may be behind the log or before it: what is surely older can be had.
      const firstMs = wholeSecond(log.find(({ id }) => id !== "")?.timeMs ?? 0);
      return { older: fresh.filter(({ timeMs }) => timeMs < firstMs), isHole: true, kept: log };
    }
    const seamInLog = log.findIndex(({ id }) => id !== "" && id === seam);
    const seamInHistory = messages.findIndex(({ id }) => id === seam);
    // The log may have lost the message itself; then history's copy is delivered.
    const end = seamInHistory < 0 ? messages.length : seamInHistory + (seamInLog < 0 ? 1 : 0);
    const isBefore = new Set(messages.slice(0, end));
    return {
      older: fresh.filter((message) => isBefore.has(message)),
      isHole: false,
      // A notice before the seam told of what history has now.
      kept: seamInLog < 0 ? log : log.slice(seamInLog),
    };
  }

  /** True where live messages may come that `read` has from history. */
  get mayRepeat(): boolean {
    return this.#older?.seam === null;
  }

  /** What the log alone has, where that is everything that is wanted. */
  #kept(): LogEntry[] | null {
    const { from, messages, channel, maxReplayMessages } = this.#options;
    switch (from.type) {
      case "new":
        return [];
      case "kept":
        return this.#all().slice(-maxReplayMessages);
      case "everything": {
        const all = this.#all();
        return all.length >= maxReplayMessages ? all.slice(-maxReplayMessages) : null;
      }
      case "id":
        return messages.after(channel.name, from.id);
      case "time":
        return messages.from(channel.name, from.timeMs);
    }
  }

  #all(): LogEntry[] {
    return this.#options.messages.all(this.channel.name);
  }

  /** The message of ours that history has to reach: the oldest of the log, or where that has lost all, the newest we had. */
  #seam(): string | null {
    const { messages } = this.#options;
    return messages.firstId(this.channel.name) ?? messages.lastId(this.channel.name);
  }

  /** The log goes on where history ends. */
  #isJoined({ seam, messages }: Older): boolean {
    if (seam === null) return this.#seam() === null;
    const isReached = messages.some(({ id }) => id === seam);
    return isReached && this.#options.messages.has(this.channel.name, seam);
  }

  async #readNewest(): Promise<void> {
    const { now, deadlineMs, maxReplayMessages } = this.#options;
    const untilMs = Math.min(deadlineMs, now() + OVERLAP_MS);
    for (;;) {
      const page = await this.#askNewest(maxReplayMessages);
      // Nothing is kept, or nothing can be had now: what is here is everything.
      if (page === null || page.messages.length === 0) break;
      this.#older = { messages: page.messages, seam: this.#seam() };
      if (this.#isJoined(this.#older)) return;
      if (now() + OVERLAP_PAUSE_MS >= untilMs) break;
      // The archive lags.
      await new Promise((resolve) => setTimeout(resolve, OVERLAP_PAUSE_MS).unref());
    }
    this.#isFinal = true;
  }

  async #askNewest(limit: number): Promise<HistoryPage | null> {
    const { archive, channel, deadlineMs } = this.#options;
    try {
      return await archive.ask(channel, { since: null, limit }, deadlineMs);
    } catch (error) {
      if (error instanceof NetworkError) return null;
      throw error;
    }
  }

  async #readForward(): Promise<void> {
    const { archive, channel, deadlineMs, now, maxReplayMessages } = this.#options;
    const reader = new Reader({
      ask: (query) => archive.ask(channel, query, deadlineMs),
      since: this.#since(),
      goal: {
        isReached: (read) => this.#kept() !== null || this.#isJoined({ messages: read, seam: this.#seam() ?? "" }),
        isKnown: () => this.#seam() !== null,
      },
      maxMessages: maxReplayMessages,
      deadlineMs,
      now,
      doubts: 0,
      isWholeOnly: true,
    });
    const ending = await reader.run();
    if (this.#kept() !== null) return;
    if (ending !== "complete") throw this.#failure(reader, ending);
    this.#older = { messages: reader.messages, seam: this.#seam() };
  }

  #since(): NonNullable<HistoryQuery["since"]> {
    const { from } = this.#options;
    if (from.type === "id") return { id: from.id };
    if (from.type === "time") return { timeMs: wholeSecond(from.timeMs) };
    throw new TypeError(`no position to read from: ${from.type}`);
  }

  #failure(reader: Reader, ending: Ending): BayeuxError {
    const { name } = this.channel;
    if (ending === "late") {
      const why = reader.failure?.message ?? "What the network has kept does not reach what is said now; try again";
      return new BayeuxError("unavailable", [name], why);
    }
    if (ending === "too many") return tooFarBack(name, "More came after it than can be replayed");
    if (this.#options.from.type === "id") return tooFarBack(name, "The message to go on from is no longer kept");
    const oldest = [reader.messages[0]?.timeMs, this.#options.messages.sinceMs(name) ?? undefined];
    const knownMs = Math.min(...oldest.filter((timeMs) => timeMs !== undefined));
    if (!Number.isFinite(knownMs)) return tooFarBack(name, "Messages of that time are not kept");
    return tooFarBack(name, `Messages are kept only from ${new Date(knownMs).toISOString()} on`);
  }
}

/** Rule 38: a position that cannot be gone on from is told, never silently skipped. */
export function tooFarBack(name: string, why: string): BayeuxError {
  return new BayeuxError("badField", ["replay", name], `${why}; -2 gives the newest that there are`);
}
