import { NetworkError, type HistoryQuery } from "../network.ts";
import type { IrcConfig } from "./config.ts";
import type { IrcLine } from "./irc-line.ts";
import { foldName } from "./names.ts";
import { words } from "./replies.ts";

/** What asking needs of the receiving connection. */
export interface ChatHistoryParts {
  readonly config: IrcConfig;
  readonly send: (line: string) => void;
  /** Most messages that the server gives at once; null: it tells no limit. */
  readonly maxPerAnswer: () => number | null;
  readonly now: () => number;
}

/** Old lines from the position on, as far as they were needed. */
export interface Asked {
  readonly lines: readonly IrcLine[];
  readonly isContiguous: boolean;
}

interface Question {
  readonly key: string;
  readonly deadlineMs: number;
  readonly answer: PromiseWithResolvers<readonly IrcLine[]>;
}

const DEFAULT_STEP = 100;

/**
 * Asks a server that has CHATHISTORY, one question at a time.
 *
 * @see https://ircv3.net/specs/extensions/chathistory
 */
export class ChatHistory {
  readonly #parts: ChatHistoryParts;
  #question: Question | null = null;
  /** The channel of a question that was given up: its answer may still come. */
  #late: string | null = null;

  constructor(parts: ChatHistoryParts) {
    this.#parts = parts;
  }

  /**
   * The lines after a position, and more than `limit` messages where there are so many.
   *
   * @param countMessages in these lines: a long message takes several
   * @throws NetworkError `refused` with the server's words, or `unavailable`
   */
  async ask(
    ircChannel: string,
    { since, limit }: HistoryQuery,
    countMessages: (lines: readonly IrcLine[]) => number,
  ): Promise<Asked> {
    const isEnough = (lines: readonly IrcLine[]): boolean => lines.length > limit && countMessages(lines) > limit;
    if (since === null) {
      const lines = await this.#step(ircChannel, "LATEST", "*", limit);
      return { lines, isContiguous: lines.length > 0 };
    }
    if ("id" in since && isWord(since.id)) {
      const position = `msgid=${since.id}`;
      const lines = await this.#after(ircChannel, position, isEnough).catch(withoutPosition);
      // Asked last: what is still there now was there all the time. What a server answers for an unknown id, it decides.
      const around = await this.#step(ircChannel, "AROUND", position, 1).catch(withoutPosition);
      if (around.some((line) => line.tags["msgid"] === since.id)) return { lines, isContiguous: true };
    }
    if (since.timeMs === undefined) {
      return { lines: await this.#step(ircChannel, "LATEST", "*", limit), isContiguous: false };
    }
    // "After" leaves the time itself out.
    const lines = await this.#after(ircChannel, timestamp(since.timeMs - 1), isEnough);
    const before = await this.#step(ircChannel, "BEFORE", timestamp(since.timeMs), 1);
    return { lines, isContiguous: before.length > 0 };
  }

  /** True while a batch of this channel is waited for. */
  isWanted(key: string): boolean {
    return this.#question?.key === key || this.#late === key;
  }

  onBatch(key: string, lines: readonly IrcLine[]): void {
    if (this.#late === key) this.#late = null;
    else if (this.#question?.key === key) this.#end()?.answer.resolve(lines);
  }

  /** @returns true for a refusal of a question */
  onLine(line: IrcLine): boolean {
    if (line.command !== "FAIL" || line.params[0] !== "CHATHISTORY") return false;
    if (this.#late !== null) this.#late = null;
    else this.#end()?.answer.reject(new NetworkError("refused", words(line)));
    return true;
  }

  onDown(reason: string): void {
    this.#late = null;
    this.#end()?.answer.reject(new NetworkError("unavailable", reason));
  }

  sweep(nowMs: number): void {
    if (this.#question === null || nowMs < this.#question.deadlineMs) return;
    this.#late = this.#question.key;
    this.#end()?.answer.reject(new NetworkError("unavailable", "the server did not send its history in time"));
  }

  async #after(
    ircChannel: string,
    position: string,
    isEnough: (lines: readonly IrcLine[]) => boolean,
  ): Promise<readonly IrcLine[]> {
    const { maxHistoryLines } = this.#parts.config;
    const lines: IrcLine[] = [];
    // A short answer is no proof that it was the last one: servers leave lines out.
    for (let next: string | null = position; next !== null && !isEnough(lines) && lines.length < maxHistoryLines;) {
      const step = await this.#step(ircChannel, "AFTER", next, maxHistoryLines - lines.length);
      lines.push(...step);
      const last = step.at(-1)?.tags["msgid"];
      next = last === undefined || !isWord(last) ? null : `msgid=${last}`;
    }
    return lines;
  }

  #step(ircChannel: string, direction: string, position: string, limit: number): Promise<readonly IrcLine[]> {
    if (this.#question !== null) throw new Error("two questions at once");
    if (this.#late !== null) {
      return Promise.reject(new NetworkError("unavailable", "the server still owes an earlier answer"));
    }
    const { config, maxPerAnswer, now, send } = this.#parts;
    const answer = Promise.withResolvers<readonly IrcLine[]>();
    const most = Math.max(1, Math.min(limit, maxPerAnswer() ?? DEFAULT_STEP));
    send(`CHATHISTORY ${direction} ${ircChannel} ${position} ${most}`);
    this.#question = { key: foldName(ircChannel), deadlineMs: now() + config.historyTimeoutMs, answer };
    return answer.promise;
  }

  #end(): Question | null {
    const question = this.#question;
    this.#question = null;
    return question;
  }
}

function timestamp(timeMs: number): string {
  return `timestamp=${new Date(timeMs).toISOString()}`;
}

/** Ids of others (of a bridge, or another network) may be anything. */
function isWord(id: string): boolean {
  return /^[^\s,\0]{1,200}$/.test(id);
}

/** A server may refuse an id that it does not know. */
function withoutPosition(error: unknown): readonly IrcLine[] {
  if (error instanceof NetworkError && error.kind === "refused") return [];
  throw error;
}
