import { activeIn } from "../../support/cluster-watch.ts";
import type { TableChange } from "../tables.ts";
import type { Fault } from "./fault.ts";

/** Everything of ours is stopped and started, one process after the other. */
export const rollingRestart: Fault = {
  name: "rolling-restart",
  before: { active: 3, spares: 0 },
  inflict: async ({ stack, signal }) => {
    const changes: TableChange[] = [];
    for (const node of activeIn(stack.watch.table).toSorted((a, b) => a - b)) {
      signal.throwIfAborted();
      await stack.stopBridge(node);
      await stack.startBridge(node);
      await stack.isArranged({ active: 3, spares: 0 });
      changes.push({ type: "leave", node }, { type: "join", node });
    }
    for (const index of [0, 1]) {
      signal.throwIfAborted();
      await stack.dispatcher(index).stop();
      await stack.startDispatcher(index);
    }
    await stack.halod.stop();
    await stack.startHalod();
    return { changes };
  },
};
