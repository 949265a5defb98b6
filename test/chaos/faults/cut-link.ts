import { setTimeout as after } from "node:timers/promises";
import { pickBridge } from "./pick-bridge.ts";
import type { Fault } from "./fault.ts";

const CUT_MS = 3_000;

/** The links of a bridge with the dispatchers are cut for three seconds; it can still be seen by HaloD. */
export const cutLink: Fault = {
  name: "cut-link",
  before: { active: 2, spares: 0 },
  keepsConnections: true,
  inflict: async ({ stack, random, signal }) => {
    const node = pickBridge(stack, random);
    const gate = stack.gate(node);
    gate.shut();
    try {
      await after(CUT_MS, undefined, { signal });
    } finally {
      gate.open();
    }
    return { changes: [], nodes: [node] };
  },
};
