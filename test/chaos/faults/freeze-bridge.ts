import { setTimeout as after } from "node:timers/promises";
import { pickBridge } from "./pick-bridge.ts";
import type { Fault } from "./fault.ts";

const FROZEN_MS = 10_000;

/** SIGSTOP of a bridge for ten seconds: it is given up meanwhile, and comes back as a new one. */
export const freezeBridge: Fault = {
  name: "freeze-bridge",
  before: { active: 2, spares: 0 },
  inflict: async ({ stack, random, signal }) => {
    const node = pickBridge(stack, random);
    const bridge = stack.bridge(node);
    bridge.freeze();
    try {
      await Promise.all([
        after(FROZEN_MS, undefined, { signal }),
        stack.watch.until("one bridge less", ({ owners }) => !owners.includes(node)),
      ]);
    } finally {
      bridge.thaw();
    }
    await stack.isArranged({ active: 2, spares: 0 });
    return {
      changes: [
        { type: "leave", node },
        { type: "join", node },
      ],
    };
  },
};
