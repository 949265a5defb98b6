import { calm } from "./calm.ts";
import { cutLink } from "./cut-link.ts";
import { drainDispatcher } from "./drain-dispatcher.ts";
import type { Fault } from "./fault.ts";
import { freezeBridge } from "./freeze-bridge.ts";
import { joinTo } from "./join.ts";
import { killBridge, killWithSpare } from "./kill-bridge.ts";
import { killDispatcher } from "./kill-dispatcher.ts";
import { killHalod } from "./kill-halod.ts";
import { leaveOf } from "./leave.ts";
import { restartIrcd } from "./restart-ircd.ts";
import { rollingRestart } from "./rolling-restart.ts";

export type { Fault, Scene } from "./fault.ts";

/** In an order in which little has to be arranged between them. */
export const FAULTS: readonly Fault[] = [
  calm,
  joinTo(2),
  joinTo(3),
  joinTo(4),
  leaveOf,
  rollingRestart,
  killDispatcher,
  drainDispatcher,
  cutLink,
  restartIrcd,
  killHalod,
  freezeBridge,
  killBridge,
  killWithSpare,
];

/** What fits into a minute. */
export const QUICK: ReadonlySet<string> = new Set(["calm", "join-2", "kill-dispatcher", "cut-link", "kill-bridge"]);
