import { nowMs } from "../clients/protocol.ts";
import { type Fault, PLANNED_PAUSE_MS } from "./fault.ts";

/** One more bridge. @param count how many there are then */
export function joinTo(count: number): Fault {
  return {
    name: `join-${count}`,
    before: { active: count - 1, spares: 0 },
    pauseMs: PLANNED_PAUSE_MS,
    keepsConnections: true,
    inflict: async ({ stack }) => {
      const node = stack.freeNode;
      await stack.startBridge(node);
      // The process that starts takes all that the machine has; it is usually another one's.
      const beganMs = nowMs();
      await stack.isArranged({ active: count, spares: 0 });
      return { changes: [{ type: "join", node }], beganMs };
    },
  };
}
