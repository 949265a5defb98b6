import type { Vote } from "./vote.ts";

/** Between two attempts to be promised enough, or to have something decided. */
export const RETRY_MS = 500;

/** What a chair has to know. */
export interface ChairOptions {
  /** Of this HaloD, from its file. */
  readonly id: string;
  readonly isStandby: boolean;
  /** From its file. */
  readonly vote: Vote;
  /** How long the other HaloD has to be away before this one asks to take over. */
  readonly patienceMs: number;
  /** How long it may be silent before others may take it for gone. */
  readonly silenceMs: number;
  /** Uniform in [0, 1): two that ask at once shall not do so for ever. */
  readonly random: () => number;
}
