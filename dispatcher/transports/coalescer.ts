import type { Framing } from "./framing.ts";
import { Gathered } from "./gathered.ts";

/** A connection as the coalescer sees it. */
export interface Outlet {
  readonly framing: Framing;
  /** What waits for the next flush. Set by the coalescer, and taken by whoever writes before it. */
  gathered: Gathered | null;
  /** Written to within the window. The coalescer's own. */
  isRecent: boolean;
  /** Writes one array, encoded by `framing`; nothing happens on a connection that is closed. */
  write(frame: Buffer): void;
}

/** A list must not grow for a whole window under a flood: from here on it leaves at once. */
const MAX_GATHERED_BYTES = 64 * 1_024;

/**
 * Writes deliveries to connections: at once to one that was idle, else together with what else comes within a short window.
 *
 * One timer for all. Outlets written to since its last turn are `young`, those before that `old`; at each turn the old
 * ones are flushed, and those that had nothing to flush are idle again. So a window lasts one to two turns.
 */
export class Coalescer {
  readonly #turnMs: number;
  #young: Outlet[] = [];
  #old: Outlet[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** @param windowMs how long a message waits at most; 0 = nothing ever waits */
  constructor(windowMs: number) {
    this.#turnMs = Math.ceil(windowMs / 2);
  }

  /** Prepares what `deliver` takes, once for all recipients. @param payload ready messages joined by commas, not empty */
  message(payload: Buffer): Gathered {
    return new Gathered(payload);
  }

  deliver(outlet: Outlet, message: Gathered): void {
    if (!outlet.isRecent) {
      if (this.#turnMs > 0) this.#remember(outlet);
      return outlet.write(message.as(outlet.framing));
    }
    const { gathered } = outlet;
    const longer = gathered ? gathered.with(message) : message;
    if (longer.bytes < MAX_GATHERED_BYTES) {
      outlet.gathered = longer;
      return;
    }
    outlet.gathered = null;
    outlet.write(longer.as(outlet.framing));
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#young = [];
    this.#old = [];
  }

  #remember(outlet: Outlet): void {
    outlet.isRecent = true;
    this.#young.push(outlet);
    if (this.#young.length === 1 && this.#old.length === 0) this.#arm();
  }

  #turn(): void {
    const due = this.#old;
    this.#old = this.#young;
    this.#young = [];
    for (const outlet of due) {
      const { gathered } = outlet;
      if (gathered) {
        outlet.gathered = null;
        this.#young.push(outlet);
        outlet.write(gathered.as(outlet.framing));
      } else outlet.isRecent = false;
    }
    if (this.#young.length + this.#old.length > 0) this.#arm();
  }

  #arm(): void {
    if (this.#timer) this.#timer.refresh();
    else {
      this.#timer = setTimeout(() => this.#turn(), this.#turnMs);
      this.#timer.unref();
    }
  }
}
