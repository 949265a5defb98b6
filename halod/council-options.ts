import type { Logger } from "pino";
import type { HalodConfig } from "./config.ts";
import type { Saved, VoteStore } from "./store.ts";
import type { SavedTable } from "./vote.ts";

/** A newer state waits, and this one will not be agreed to soon. */
export class OvertakenError extends Error {
  override readonly name = "OvertakenError";
}

/** What a council has to know and to use. */
export interface CouncilOptions {
  readonly saved: Saved;
  readonly store: Pick<VoteStore, "write">;
  readonly config: Pick<HalodConfig, "standbyOf" | "failAfterMs" | "silenceMs">;
  readonly log: Logger;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Whoever is to have a say in what comes next, but for HaloDs. */
  readonly voters: () => readonly string[];
  /** This HaloD acts, from that table on; null: there is none yet. `epoch`: the newest that anybody may have heard of. */
  readonly onActing: (table: SavedTable | null, epoch: number) => void;
  /** Another one acts, or nobody does: nothing moves. */
  readonly onResting: () => void;
}
