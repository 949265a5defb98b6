import { pickBridge } from "./pick-bridge.ts";
import { type Fault, PLANNED_PAUSE_MS } from "./fault.ts";

/** A bridge is told to stop. */
export const leaveOf: Fault = {
  name: "leave",
  before: { active: 4, spares: 0 },
  pauseMs: PLANNED_PAUSE_MS,
  keepsConnections: true,
  inflict: async ({ stack, random }) => {
    const node = pickBridge(stack, random);
    await stack.stopBridge(node);
    return { changes: [{ type: "leave", node }] };
  },
};
