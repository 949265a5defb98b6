import type { Random } from "../../support/seeded.ts";
import type { ChaosStack } from "../chaos-stack.ts";
import { activeIn } from "../../support/cluster-watch.ts";

/** One of those that own routes. */
export function pickBridge({ watch }: ChaosStack, random: Random): number {
  const nodes = activeIn(watch.table).toSorted((a, b) => a - b);
  const node = nodes[Math.floor(random() * nodes.length)];
  if (node === undefined) throw new Error("there is no bridge");
  return node;
}
