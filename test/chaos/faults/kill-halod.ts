import { setTimeout as after } from "node:timers/promises";
import { linesOf } from "../../support/log-lines.ts";
import type { TierProcess } from "../../support/stack.ts";
import { within } from "../../support/within.ts";
import type { Fault } from "./fault.ts";

const AWAY_MS = 1_000;
const PLAN_MS = 30_000;
/** What a bridge says when it has prepared for the routes that a plan gives it. */
const PREPARED = '{"type":"prepared"';

/**
 * `kill -9` of HaloD in the middle of a move: it has sent the plan, the bridge that joins has prepared for its routes and says so,
 * and the table is not told, since HaloD never hears that. It is started again, and the bridge gets its routes.
 */
export const killHalod: Fault = {
  name: "kill-halod",
  before: { active: 2, spares: 0 },
  keepsConnections: true,
  inflict: async ({ stack, signal }) => {
    const node = stack.freeNode;
    const { halod, watch } = stack;
    const { epoch } = watch.table;
    const gate = await stack.gateToHalod();
    const prepared = gate.keepBack(PREPARED);
    await stack.startBridge(node, `${gate.host}:${gate.port}`);
    await within(PLAN_MS, "the bridge that joined has not prepared for any plan", prepared);
    await halod.kill9();
    await halod.exited;
    const planned = epochIn(halod, "table planned");
    if (watch.table.epoch !== epoch || planned <= epoch || epochIn(halod, "table told") >= planned)
      throw new Error(`HaloD was not killed between its plan and its table: ${halod.log.slice(-5).join("\n")}`);
    gate.passAll();
    await after(AWAY_MS, undefined, { signal });
    await stack.startHalod();
    const { epoch: moved } = await watch.until("its routes", ({ owners }) => owners.includes(node));
    await stack.isArranged({ active: 3, spares: 0 });
    return {
      changes: [{ type: "join", node }],
      notes: [
        `HaloD had planned epoch ${planned} and not told it: epoch ${epoch} stayed for as long as it was away, ` +
          `and its routes moved with epoch ${moved} after it was back`,
      ],
    };
  },
};

/** @returns of the last line of its log that says this; 0 where none does */
function epochIn({ log }: TierProcess, text: string): number {
  return Number(linesOf(log).findLast(({ msg }) => msg === text)?.["epoch"] ?? 0);
}
