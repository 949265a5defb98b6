import type { Random } from "../../support/seeded.ts";
import type { Arrangement, ChaosStack } from "../chaos-stack.ts";
import type { ChaosHistory } from "../history.ts";
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

/** What a fault did, when the stack is whole again. */
export interface Inflicted {
  readonly changes: readonly TableChange[];
  /** Whose sessions it concerned; else it is those whose route moved, or who lost their connection, or all. */
  readonly nodes?: readonly number[];
  /** When it began, in milliseconds since 1970, where that is later than what had to be done for it. */
  readonly beganMs?: number;
  /** For people. */
  readonly notes?: readonly string[];
}

export interface Fault {
  /** As it is asked for, and named in the table. */
  readonly name: string;
  readonly before: Arrangement;
  /** All have a WebSocket to the first dispatcher. */
  readonly socketsOnly?: boolean;
  /** The longest that a message may wait for a session, as the ninety-ninth of a hundred sees it. */
  readonly pauseMs?: number;
  /** Browsers keep their connections. */
  readonly keepsConnections?: boolean;
  /** The network's server goes as well: what it does not keep may be missing, with a notice. */
  readonly losesNetwork?: boolean;
  /** Looks at what is this fault's alone. @returns whether it was as it should be, where that can be told, and how it was */
  judge?(history: ChaosHistory): { readonly isPaced?: boolean; readonly note: string };
  /** Resolves when everything runs again; how sessions fare then is somebody else's to see. */
  inflict(scene: Scene): Promise<Inflicted>;
}

/** What to wait for a planned move, and for one after a death. */
export const PLANNED_PAUSE_MS = 200;
export const DEATH_PAUSE_MS = 1_500;
