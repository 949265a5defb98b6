import { describe, expect, it } from "vitest";
import { keepersOf } from "../../../../bridges/keepers/ring.ts";
import { nodeAt } from "../../../support/fake-cluster.ts";

const ring = (node: number, ...nodes: number[]) =>
  keepersOf({ nodes: nodes.map((one) => nodeAt(one, `host:${one}`)) }, node).map((one) => one.node);

describe("the ring of keepers", () => {
  it("has for each bridge the next one by number, and for the last one the first", () => {
    expect([1, 2, 3].map((node) => ring(node, 3, 1, 2)[0])).toEqual([2, 3, 1]);
    expect(ring(7, 2, 7, 40, 9)).toEqual([9, 40, 2]);
  });

  it("has nobody for one that is alone", () => {
    expect(ring(4, 4)).toEqual([]);
    expect(ring(4)).toEqual([]);
  });

  it("counts spares", () => {
    const nodes = [nodeAt(1, "a:1"), nodeAt(2, "a:2", { state: "spare" }), nodeAt(3, "a:3")];
    expect(keepersOf({ nodes }, 1)[0]?.node).toBe(2);
  });

  it("has who was the keeper before second, when another one has come in between", () => {
    expect(ring(1, 1, 5)[0]).toBe(5);
    expect(ring(1, 1, 3, 5).slice(0, 2)).toEqual([3, 5]);
  });

  it("goes on from a bridge that is not in the table any more", () => {
    expect(ring(2, 1, 3)).toEqual([3, 1]);
  });

  it("changes the keeper of one bridge alone when a bridge comes or goes", () => {
    const all = [1, 2, 4, 6, 8];
    const changed = all.filter((node) => ring(node, ...all)[0] !== ring(node, ...all, 5)[0]);
    expect(changed).toEqual([4]);
  });
});
