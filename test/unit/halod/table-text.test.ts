import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tableText, tableOf } from "../../../halod/index.ts";
import { GOLDEN } from "./golden.ts";

const WIDTH = 120;

function linesOf(routes: number, nodes: number): string[] {
  const text = tableText(routes, nodes);
  expect(text.endsWith("\n")).toBe(true);
  return text.slice(0, -1).split("\n");
}

/** The numbers of each route in ranges such as `1-3 9`. */
function spelledOut(ranges: string): number[] {
  return ranges.split(" ").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

describe("the table as text", () => {
  it("is the golden table, with the moves in order and what a hash would have moved", () => {
    const text = tableText(24, 8).replaceAll(/\n {20,}/g, " ");
    for (const [nodes, owners, moves] of GOLDEN.slice(1)) {
      const moved = moves.split(" ").length;
      expect(text).toMatch(new RegExp(`^${nodes}  ${owners} .* ${moved} +\\d+  ${moves}$`, "m"));
    }
    expect(text).toMatch(/^1 {2}1{24} +24 +24 +24 {2}all, from nobody$/m);
    expect(text).toMatch(/^7 .* 4,4,4,3,3,3,3 +3 +19 /m);
    expect(text).toContain("In all, after the first node: 40 moved; mod-hash: 120.");
  });

  it.each([
    [24, 8],
    [24, 24],
    [48, 8],
    [48, 48],
    [49, 3],
    [1_024, 8],
    [1_024, 1_024],
    [1, 1],
    [46_655, 3],
  ])("of %i routes and %i nodes fits into 120 columns", (routes, nodes) => {
    const lines = linesOf(routes, nodes);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(WIDTH);
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
  });

  it("gives every owner a character of its own", () => {
    const row = linesOf(48, 48).find((line) => line.startsWith("48  ")) ?? "";
    expect(new Set(row.slice(4, 52)).size).toBe(48);
  });

  it.each([
    [49, 5],
    [1_024, 8],
    [1_024, 100],
  ])("of %i routes and %i nodes lists the routes of each node, all of them, once", (routes, nodes) => {
    const text = tableText(routes, nodes).replaceAll(/\n {13,}/g, " ");
    const [, owned = ""] = text.split("  which\n");
    const owners = new Array<number>(routes).fill(0);
    for (const line of owned.trimEnd().split("\n")) {
      const [, node, count, ranges] = /^ *(\d+) +(\d+) {2}([\d -]+)$/.exec(line) ?? [];
      const listed = spelledOut(ranges ?? "");
      expect(listed).toHaveLength(Number(count));
      for (const route of listed) owners[route - 1] = Number(node);
    }
    expect(owners).toEqual(tableOf(routes, nodes).owners);
  });

  it("tells shares in percent, of every number of nodes up to 16 and then of each double", () => {
    const text = tableText(1_024, 100);
    const rows = [...text.matchAll(/^ +(\d+) +[\d-]+ +(\d+) +([\d.]+ %) +(\d+) +([\d.]+ %)$/gm)];
    expect(rows.map(([, nodes]) => Number(nodes))).toEqual([
      ...Array.from({ length: 16 }, (_, index) => index + 1),
      ...[32, 64, 100],
    ]);
    expect(rows[8]?.slice(1)).toEqual(["9", "113", "11.0 %", "905", "88.4 %"]);
  });

  it("is in the document as it is printed", () => {
    const rows = linesOf(24, 8).slice(2, -3);
    expect(rows).toHaveLength(10);
    const document = readFileSync(new URL("../../../docs/halod.md", import.meta.url), "utf8");
    expect(document).toContain(`\n${rows.join("\n")}\n`);
  });

  it.each([
    [24, 25],
    [24, 0],
    [0, 1],
  ])("throws for %i routes and %i nodes", (routes, nodes) => {
    expect(() => tableText(routes, nodes)).toThrow(RangeError);
  });
});
