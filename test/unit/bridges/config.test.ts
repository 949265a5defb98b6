import { describe, expect, it } from "vitest";
import { bridgeFaults, bridgeSchema } from "../../../bridges/index.ts";

const faultsOf = (config: object) =>
  bridgeFaults(bridgeSchema.parse(config), 1_024).map(({ path, message }) => `${path.join(".")} ${message}`);

describe("bridgeFaults", () => {
  it("finds none where the number of bridges is configured, or HaloD counts them", () => {
    expect(faultsOf({ node: 2, nodes: 3 })).toEqual([]);
    expect(faultsOf({ node: 7, halod: ["halod:7071"], advertise: "bridge-7:7070" })).toEqual([]);
  });

  it.for([
    ["a place beyond the number of bridges", { node: 2 }, "node must be at most bridge.nodes, which is 1"],
    ["more bridges than routes", { nodes: 1_025 }, "nodes must be at most routes, which is 1024"],
    [
      "both ways to count",
      { nodes: 2, halod: ["halod:7071"] },
      "nodes must not be set together with bridge.halod: HaloD counts the bridges",
    ],
    ["a number beyond the routes", { node: 1_025, halod: ["h:1"] }, "node must be at most routes, which is 1024"],
    [
      "an address that nobody asks for",
      { advertise: "bridge:7070" },
      "advertise is for HaloD: set bridge.halod too, or leave it out",
    ],
  ] as const)("tells of %s", ([, config, fault]) => {
    expect(faultsOf(config)).toEqual([fault]);
  });

  it("knows one HaloD, and a standby of it, at host:port", () => {
    expect(bridgeSchema.safeParse({ halod: ["a:1", "b:1"] }).success).toBe(true);
    expect(bridgeSchema.safeParse({ halod: ["a:1", "b:1", "c:1"] }).success).toBe(false);
    expect(bridgeSchema.safeParse({ halod: ["a"] }).success).toBe(false);
    expect(bridgeSchema.safeParse({ advertise: "bridge" }).success).toBe(false);
  });
});
