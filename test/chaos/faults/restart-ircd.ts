import { setTimeout as after } from "node:timers/promises";
import type { Fault } from "./fault.ts";

const AWAY_MS = 1_000;

/** The IRC server is stopped and started. It keeps nothing, so each of its channels is to tell a gap. */
export const restartIrcd: Fault = {
  name: "restart-ircd",
  before: { active: 2, spares: 0 },
  keepsConnections: true,
  losesNetwork: true,
  inflict: async ({ stack, traffic, signal }) => {
    await stack.ircd.stop();
    await after(AWAY_MS, undefined, { signal });
    await stack.ircd.start();
    await traffic.comeBack();
    return { changes: [] };
  },
};
