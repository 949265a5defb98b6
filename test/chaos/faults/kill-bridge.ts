import { pickBridge } from "./pick-bridge.ts";
import { DEATH_PAUSE_MS, type Fault } from "./fault.ts";

/** `kill -9` of a bridge, whose routes are shared out. */
export const killBridge: Fault = {
  name: "kill-bridge",
  before: { active: 2, spares: 0 },
  pauseMs: DEATH_PAUSE_MS,
  inflict: async ({ stack, random }) => {
    const node = pickBridge(stack, random);
    await stack.bridge(node).kill9();
    await stack.isArranged({ active: 1, spares: 0 });
    return { changes: [{ type: "leave", node }] };
  },
};

/** `kill -9` of a bridge in whose place a spare steps. */
export const killWithSpare: Fault = {
  name: "kill-with-spare",
  before: { active: 2, spares: 1 },
  pauseMs: DEATH_PAUSE_MS,
  inflict: async ({ stack, random }) => {
    const node = pickBridge(stack, random);
    const spare = stack.watch.table.nodes.find(({ state }) => state === "spare")?.node;
    if (spare === undefined) throw new Error("there is no spare");
    await stack.bridge(node).kill9();
    await stack.isArranged({ active: 2, spares: 0 });
    return { changes: [{ type: "leave", node, spare }] };
  },
};
