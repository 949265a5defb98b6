import { expect, it } from "vitest";
import { fixedCluster, tableOf, type Cluster } from "../../../halod/index.ts";

it("tells a list of bridges at once, each in the slot of its place, with the table of that many", async () => {
  const told: Cluster[] = [];
  await using source = fixedCluster(["a:1", "b:2"], 24);
  source.start((cluster) => told.push(cluster));
  expect(told).toEqual([
    {
      epoch: 1,
      owners: tableOf(24, 2).owners,
      nodes: [
        { node: 1, address: "a:1", instance: "", state: "active", sinceMs: 0 },
        { node: 2, address: "b:2", instance: "", state: "active", sinceMs: 0 },
      ],
    },
  ]);
});
