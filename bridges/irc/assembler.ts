import { parseJson } from "../json.ts";
import type { Chunk } from "./line.ts";

/** Bounds of what is put together. */
export interface AssemblerLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** What a chunk led to. */
export type Assembled =
  | { readonly type: "data"; readonly data: unknown; readonly from: string | null }
  | { readonly type: "waiting" }
  /** A message is lost; `reason` says why. */
  | { readonly type: "broken"; readonly reason: string }
  /** The middle of a sequence whose beginning we did not see. */
  | { readonly type: "orphan" };

interface Sequence {
  readonly id: string;
  readonly total: number;
  readonly from: string | null;
  readonly pieces: string[];
  readonly startedMs: number;
  bytes: number;
}

const MAX_OPEN = 256;

/** Puts the chunks of long messages together: one open sequence per key, a key being a channel and a sender. */
export class Assembler {
  readonly #limits: AssemblerLimits;
  readonly #open = new Map<string, Sequence>();

  constructor(limits: AssemblerLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes the next chunk of a key; `interrupt` comes before every line that begins something else. */
  push(key: string, chunk: Chunk, from: string | null, nowMs: number): Assembled {
    const open = this.#open.get(key);
    if (open === undefined) {
      if (chunk.number !== 1) return { type: "orphan" };
      if (this.#open.size >= MAX_OPEN) return { type: "broken", reason: "too many long messages at once" };
    } else if (chunk.id !== open.id || chunk.total !== open.total || chunk.number !== open.pieces.length + 1) {
      return this.#break(key, "a line of a long message is missing");
    }
    const sequence = open ?? begin(chunk, from, nowMs);
    sequence.pieces.push(chunk.piece);
    sequence.bytes += Buffer.byteLength(chunk.piece);
    this.#open.set(key, sequence);
    if (sequence.bytes > this.#limits.maxBytes) return this.#break(key, "a long message is too long");
    if (chunk.number < chunk.total) return { type: "waiting" };
    this.#open.delete(key);
    const data = parseJson(sequence.pieces.join(""));
    if (data === undefined) return { type: "broken", reason: "a long message is not JSON" };
    return { type: "data", data, from: sequence.from };
  }

  /** Ends the open sequence of a key, because another line came. @returns true when there was one */
  interrupt(key: string): boolean {
    return this.#open.delete(key);
  }

  /** Drops what is too old. @returns the keys dropped */
  expire(nowMs: number): readonly string[] {
    const old = [...this.#open].filter(([, sequence]) => nowMs - sequence.startedMs >= this.#limits.timeoutMs);
    for (const [key] of old) this.#open.delete(key);
    return old.map(([key]) => key);
  }

  drop(isDropped: (key: string) => boolean): void {
    for (const key of this.#open.keys()) if (isDropped(key)) this.#open.delete(key);
  }

  #break(key: string, reason: string): Assembled {
    this.#open.delete(key);
    return { type: "broken", reason };
  }
}

function begin(chunk: Chunk, from: string | null, startedMs: number): Sequence {
  return { id: chunk.id, total: chunk.total, from, pieces: [], startedMs, bytes: 0 };
}
