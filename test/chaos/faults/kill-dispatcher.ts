import { setTimeout as after } from "node:timers/promises";
import type { Fault } from "./fault.ts";

/** Until another is started in its place. */
const AWAY_MS = 1_500;

/** `kill -9` of one of two dispatchers. */
export const killDispatcher: Fault = {
  name: "kill-dispatcher",
  before: { active: 2, spares: 0 },
  pauseMs: 1_500,
  inflict: async ({ stack, random, signal }) => {
    const index = random() < 0.5 ? 0 : 1;
    await stack.dispatcher(index).kill9();
    await after(AWAY_MS, undefined, { signal });
    await stack.startDispatcher(index);
    return { changes: [] };
  },
};
