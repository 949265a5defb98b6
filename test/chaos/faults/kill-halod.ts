import { setTimeout as after } from "node:timers/promises";
import type { Fault } from "./fault.ts";

/** A move is over by then, or has only begun. */
const MOST_DELAY_MS = 150;

/** `kill -9` of HaloD while routes move to a bridge that joins; it is started again, and the bridge gets its routes. */
export const killHalod: Fault = {
  name: "kill-halod",
  before: { active: 2, spares: 0 },
  inflict: async ({ stack, random, signal }) => {
    const node = stack.freeNode;
    const started = stack.startBridge(node);
    // It is ready when it has asked to join, so this is while or soon after HaloD moves the routes.
    await started;
    await after(random() * MOST_DELAY_MS, undefined, { signal });
    const { epoch } = stack.watch.table;
    await stack.halod.kill9();
    await stack.startHalod();
    await stack.isArranged({ active: 3, spares: 0 });
    const isBefore = stack.watch.table.epoch > epoch;
    return {
      changes: [{ type: "join", node }],
      notes: [isBefore ? "HaloD died before the table was told" : "HaloD died after the table was told"],
    };
  },
};
