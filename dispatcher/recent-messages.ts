import type { SaidNote, SurrenderedChannel } from "../link/index.ts";

/** Bounds on what is kept of one bridge instance. */
export interface RecentLimits {
  readonly perChannel: number;
  readonly inAll: number;
}

interface Kept {
  readonly seqs: number[];
  readonly ids: string[];
  isCut: boolean;
}

/** As many as a slow reader's position may lie back and still be found. */
const LIMITS: RecentLimits = { perChannel: 512, inAll: 65_536 };
/** So many names of channels, at most. */
const MAX_CHANNELS = 50_000;

/**
 * Which messages one bridge instance has told of: what its numbers mean to another bridge.
 *
 * Of each channel the newest ones; of a quiet channel the last one, however long ago that was.
 */
export class RecentMessages {
  readonly #limits: RecentLimits;
  readonly #channels = new Map<string, Kept>();
  /** The channel of each, oldest first; a ring of its own, whose front is `#first`. */
  #order: Kept[] = [];
  #first = 0;

  constructor(limits: RecentLimits = LIMITS) {
    this.#limits = limits;
  }

  /** How many are kept. */
  get size(): number {
    return this.#order.length - this.#first;
  }

  add({ seq, channel, id }: SaidNote): void {
    let kept = this.#channels.get(channel);
    if (!kept) {
      if (this.#channels.size >= MAX_CHANNELS) return;
      kept = { seqs: [], ids: [], isCut: false };
      this.#channels.set(channel, kept);
    }
    const { seqs, ids } = kept;
    // Nearly always the newest; one that waited for a slow reader comes later.
    let at = seqs.length;
    while (at > 0 && (seqs[at - 1] ?? 0) >= seq) at -= 1;
    if (seqs[at] === seq) return;
    if (at === seqs.length) {
      seqs.push(seq);
      ids.push(id);
    } else {
      seqs.splice(at, 0, seq);
      ids.splice(at, 0, id);
    }
    this.#order.push(kept);
    if (seqs.length > this.#limits.perChannel) cut(kept);
    if (this.size > this.#limits.inAll) this.#shift();
  }

  /** @param instance whose they are */
  surrender(instance: string): SurrenderedChannel[] {
    return [...this.#channels].map(([channel, { seqs, ids, isCut }]) => ({ instance, channel, seqs, ids, isCut }));
  }

  #shift(): void {
    const oldest = this.#order[this.#first++];
    // The last one of a channel stays, beside the count.
    if (oldest && oldest.seqs.length > 1) cut(oldest);
    if (this.#first > 1_024 && this.#first > this.size) {
      this.#order = this.#order.slice(this.#first);
      this.#first = 0;
    }
  }
}

function cut(kept: Kept): void {
  kept.seqs.shift();
  kept.ids.shift();
  kept.isCut = true;
}
