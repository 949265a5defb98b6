import type { IrcLine } from "./irc-line.ts";
import { foldName } from "./names.ts";

/** Who hears of batches of old messages. Channels are folded names. */
export interface OldBatchesOwner {
  /** False: the batch is passed over. */
  isWanted(key: string): boolean;
  onBatch(key: string, lines: readonly IrcLine[]): void;
}

interface Batch {
  readonly key: string;
  /** Null where nobody wants them. */
  readonly lines: IrcLine[] | null;
}

const MAX_BATCHES = 100;

/** The batches of old messages (`chathistory`) on one connection, kept apart from what is said now. */
export class OldBatches {
  readonly #maxLines: number;
  readonly #owner: OldBatchesOwner;
  readonly #open = new Map<string, Batch>();

  /** @param maxLines of one batch; of a longer one the newest are kept */
  constructor(maxLines: number, owner: OldBatchesOwner) {
    this.#maxLines = maxLines;
    this.#owner = owner;
  }

  /** @returns true when the line was one of these batches', or began or ended one */
  take(line: IrcLine): boolean {
    if (line.command === "BATCH") return this.#onBatch(line);
    const batch = this.#open.get(line.tags["batch"] ?? "");
    if (batch === undefined) return false;
    batch.lines?.push(line);
    // In halves, because cutting a line off each time would move all the others.
    if (batch.lines !== null && batch.lines.length >= 2 * this.#maxLines) batch.lines.splice(0, this.#maxLines);
    return true;
  }

  clear(): void {
    this.#open.clear();
  }

  #onBatch({ params: [reference = "", type = "", target = ""] }: IrcLine): boolean {
    const id = reference.slice(1);
    if (reference.startsWith("+")) {
      if (type !== "chathistory" || this.#open.size >= MAX_BATCHES) return false;
      const key = foldName(target);
      this.#open.set(id, { key, lines: this.#owner.isWanted(key) ? [] : null });
      return true;
    }
    const batch = this.#open.get(id);
    if (!this.#open.delete(id) || batch === undefined) return false;
    if (batch.lines !== null) this.#owner.onBatch(batch.key, batch.lines.slice(-this.#maxLines));
    return true;
  }
}
