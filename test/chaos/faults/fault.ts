import type { Random } from "../../support/seeded.ts";
import type { Arrangement, ChaosStack } from "../chaos-stack.ts";
import type { TableChange } from "../tables.ts";
import type { Traffic } from "../traffic.ts";

/** What a fault happens to. */
export interface Scene {
  readonly stack: ChaosStack;
  readonly traffic: Traffic;
  /** The same for the same seed and fault. */
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** What a fault is over with: the stack is whole again. */
export interface Inflicted {
  readonly changes: readonly TableChange[];
  /** For people. */
  readonly notes?: readonly string[];
}

export interface Fault {
  /** As it is asked for, and named in the table. */
  readonly name: string;
  readonly before: Arrangement;
  /** The longest that a message may wait for a session, as the ninety-ninth of a hundred sees it. */
  readonly pauseMs?: number;
  /** Browsers keep their connections. */
  readonly keepsConnections?: boolean;
  /** The network's server goes as well: what it does not keep may be missing, with a notice. */
  readonly losesNetwork?: boolean;
  /** Resolves when everything runs again; how sessions fare then is somebody else's to see. */
  inflict(scene: Scene): Promise<Inflicted>;
}

/** What to wait for a planned move, and for one after a death. */
export const PLANNED_PAUSE_MS = 200;
export const DEATH_PAUSE_MS = 1_500;
