import { setTimeout as after } from "node:timers/promises";
import type { Fault } from "./fault.ts";

const CALM_MS = 2_000;

/** Nothing happens: what the machine and the clients add by themselves. */
export const calm: Fault = {
  name: "calm",
  before: { active: 1, spares: 0 },
  keepsConnections: true,
  inflict: async ({ signal }) => {
    await after(CALM_MS, undefined, { signal });
    return { changes: [] };
  },
};
