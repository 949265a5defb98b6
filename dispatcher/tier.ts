import type { FaultCounter } from "../link/index.ts";
import type { BridgeLinks } from "./bridge-links.ts";
import type { DispatcherConfig } from "./config.ts";
import type { Deadlines } from "./deadlines.ts";

/** What every transport of a dispatcher shares. */
export interface Tier {
  readonly config: DispatcherConfig;
  readonly bridges: BridgeLinks;
  readonly deadlines: Deadlines;
  readonly faults: FaultCounter;
  /** Milliseconds, from any beginning. */
  readonly now: () => number;
  /** 0…1. */
  readonly random: () => number;
  /** Cryptographically random. */
  readonly randomBytes: (size: number) => Buffer;
  /** True from the moment the dispatcher stops: no poll is held any more, and no stream begins. */
  readonly isDraining: boolean;
}
