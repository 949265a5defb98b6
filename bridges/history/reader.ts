import { wholeSecond } from "../log/log.ts";
import { NetworkError } from "../network.ts";
import type { HistoryPage, HistoryQuery, NetworkMessage } from "../network.ts";

/** Where reading ends. Looked at after each page, and after each pause. */
export interface Goal {
  /** What was read joins on to what is here already. */
  isReached(messages: readonly NetworkMessage[]): boolean;
  /** False: nothing is here yet that could be reached, and the end of what the network has will do. */
  isKnown(): boolean;
}

/** What reading needs. */
export interface ReaderOptions {
  readonly ask: (query: HistoryQuery) => Promise<HistoryPage>;
  readonly since: NonNullable<HistoryQuery["since"]>;
  readonly goal: Goal;
  readonly maxMessages: number;
  /** See `extend`. */
  readonly deadlineMs: number;
  readonly now: () => number;
  /** How often a page that does not follow on is asked for again before it is taken as it is. */
  readonly doubts: number;
  /** Reading ends where something may be missing. */
  readonly isWholeOnly: boolean;
}

/** How reading ended. */
export type Ending = "complete" | "nothing kept" | "broken" | "too many" | "late" | "refused" | "stopped";

const PAGE = 500;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1_000;

/**
 * Reads a channel's old messages forwards from a position, page by page, until they reach a goal.
 *
 * Archives lag behind the live messages: at their end it asks again, at growing intervals, until its time is over. An
 * end counts, where there is no goal, when it is there twice.
 */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #messages: NetworkMessage[] = [];
  readonly #ids = new Set<string>();
  readonly #holes = new Set<number>();
  #position: ReaderOptions["since"];
  #deadlineMs: number;
  #doubts: number;
  #hasStopped = false;
  /** How often in a row the end of history was the same. */
  #quietEnds = 0;
  #wake = () => {};
  #failure: NetworkError | null = null;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#position = options.since;
    this.#deadlineMs = options.deadlineMs;
    this.#doubts = options.doubts;
  }

  /** What was read so far, oldest first. */
  get messages(): readonly NetworkMessage[] {
    return this.#messages;
  }

  /** Places in `messages` before which others may be missing. */
  get holes(): ReadonlySet<number> {
    return this.#holes;
  }

  /** The newest reason why the network did not answer, or null. */
  get failure(): NetworkError | null {
    return this.#failure;
  }

  /** Called once. What it has read is there at any time. */
  async run(): Promise<Ending> {
    const { goal, now, maxMessages } = this.#options;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      let turn: Turn;
      do {
        turn = await this.#askOnce();
        if (this.#hasStopped) return "stopped";
        if (this.#isReached()) return "complete";
        if (turn === "nothing kept" || turn === "refused") return turn;
        if (this.#holes.size > 0 && this.#options.isWholeOnly) return "broken";
        if (this.#messages.length > maxMessages) return "too many";
      } while (turn === "more");
      if (turn === "grown") this.#quietEnds = 1;
      else if (turn === "end") this.#quietEnds += 1;
      if (this.#quietEnds >= 2 && !goal.isKnown()) return "complete";
      await this.#pause(Math.min(pauseMs, Math.max(this.#deadlineMs - now(), 0)));
      if (this.#hasStopped) return "stopped";
      if (this.#isReached()) return "complete";
      if (now() >= this.#deadlineMs) return "late";
    }
  }

  stop(): void {
    this.#hasStopped = true;
    this.#wake();
  }

  /** There is more time. */
  extend(deadlineMs: number): void {
    this.#deadlineMs = Math.max(this.#deadlineMs, deadlineMs);
  }

  /** More may have been said: the end that was seen does not count. */
  doubt(): void {
    this.#quietEnds = 0;
  }

  /** There is something to reach, or more of it: a pause ends. */
  wake(): void {
    this.#wake();
  }

  #isReached(): boolean {
    const { goal, isWholeOnly } = this.#options;
    return goal.isReached(this.#messages) && !(isWholeOnly && this.#holes.size > 0);
  }

  async #askOnce(): Promise<Turn> {
    const { ask, maxMessages } = this.#options;
    const limit = Math.min(PAGE, maxMessages + 1 - this.#messages.length);
    try {
      const page = await ask({ since: this.#position, limit });
      // Nothing that comes after a stop may change what was taken from here.
      return this.#hasStopped ? "end" : this.#take(page);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      this.#failure = error;
      return error.kind === "unavailable" ? "failed" : "refused";
    }
  }

  #take(page: HistoryPage): Turn {
    const position = this.#position;
    const overlap = "id" in position ? page.messages.findIndex(({ id }) => id === position.id) : -1;
    const isContiguous = page.isContiguous || overlap >= 0;
    // What does not follow on may lie before the position as well: what is not surely behind it is part of the hole.
    const firstMs = isContiguous ? Number.NEGATIVE_INFINITY : afterSecondOf(position.timeMs);
    const fresh = page.messages.slice(overlap + 1).filter(({ id, timeMs }) => !this.#ids.has(id) && timeMs >= firstMs);
    if (!isContiguous) {
      if (page.messages.length === 0) return "nothing kept";
      if (this.#doubts-- > 0) return "failed";
      this.#holes.add(this.#messages.length);
    }
    for (const message of fresh) {
      this.#ids.add(message.id);
      this.#messages.push(message);
    }
    const last = fresh.at(-1);
    // Whoever says that there is more, and gives nothing new, is asked again after a pause.
    if (!last) return page.hasMore ? "failed" : "end";
    this.#position = { id: last.id, timeMs: last.timeMs };
    return page.hasMore ? "more" : "grown";
  }

  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** What one answer has brought. */
type Turn = "more" | "grown" | "end" | "failed" | "nothing kept" | "refused";

/** Old messages' times may be cut to the second. */
function afterSecondOf(timeMs: number | undefined): number {
  return timeMs === undefined ? Number.NEGATIVE_INFINITY : wholeSecond(timeMs) + 1_000;
}
