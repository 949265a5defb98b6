import { describe, expect, it } from "vitest";
import { joins, movesOfJoin, ownerOf, tableOf } from "../../../halod/index.ts";
import { GOLDEN, written } from "./golden.ts";

/** How many routes each slot holds, the least and the most. */
function spreadOf(owners: readonly number[], slots: number): [least: number, most: number] {
  const held = new Array<number>(slots).fill(0);
  for (const owner of owners) held[owner - 1] = (held[owner - 1] ?? 0) + 1;
  return [Math.min(...held), Math.max(...held)];
}

describe("the route table", () => {
  it.each(GOLDEN)("gives %i nodes the 24 routes of the golden table", (nodes, owners) => {
    expect(tableOf(24, nodes).owners.join("")).toBe(owners);
  });

  it.each(GOLDEN.slice(1))(
    "moves, when node %i joins, the routes of the golden table in its order",
    (node, _, moves) => {
      const joined = movesOfJoin(24, node);
      expect(written(joined)).toBe(moves);
      expect(joined.every(({ to }) => to === node)).toBe(true);
    },
  );

  it("gives the first node all routes, from nobody", () => {
    const moves = movesOfJoin(24, 1);
    expect(moves.map(({ route }) => route)).toEqual(Array.from({ length: 24 }, (_, index) => 24 - index));
    expect(moves[0]).toEqual({ route: 24, from: 0, to: 1 });
    expect(tableOf(24, 1).owners).toEqual(new Array<number>(24).fill(1));
  });

  it.each([24, 1_024, 1_000, 7, 1])("of %i routes keeps every node within one route of every other", (routes) => {
    const owners = new Array<number>(routes).fill(0);
    let node = 0;
    for (const moves of joins(routes, routes)) {
      node++;
      for (const { route, to } of moves) owners[route - 1] = to;
      const [least, most] = spreadOf(owners, node);
      if (most - least > 1) expect.fail(`${node} nodes hold between ${least} and ${most} routes`);
      if (least !== Math.floor(routes / node)) expect.fail(`the least of ${node} nodes is ${least}`);
    }
    expect(node).toBe(routes);
    expect(new Set(owners).size).toBe(routes);
  });

  it.each([24, 1_024])("of %i routes moves, on a join, only to the joining node, and only its share", (routes) => {
    const owners = [...tableOf(routes, 1).owners];
    let node = 1;
    for (const moves of [...joins(routes, routes)].slice(1)) {
      node++;
      for (const { route, from, to } of moves) {
        if (to !== node || from !== owners[route - 1])
          expect.fail(`${from}, which gives ${route} to ${to}, has it not`);
        owners[route - 1] = to;
      }
      const isEachOnce = new Set(moves.map(({ route }) => route)).size === moves.length;
      if (moves.length !== Math.floor(routes / node) || !isEachOnce) expect.fail(`node ${node} takes ${moves.length}`);
    }
    expect(owners).toEqual(tableOf(routes, routes).owners);
  });

  it.each([
    [2, 512],
    [3, 341],
    [4, 256],
    [5, 204],
    [9, 113],
    [17, 60],
    [65, 15],
  ])("moves, when node %i joins 1,024 routes, %i of them", (node, share) => {
    expect(movesOfJoin(1_024, node)).toHaveLength(share);
  });

  it.each([24, 1_024])(
    "of %i routes follows the sketch to the letter: sort, then take one of each in turn",
    (routes) => {
      let owners = [...tableOf(routes, 1).owners];
      let node = 1;
      for (const moves of [...joins(routes, routes)].slice(1)) {
        const sketched = sketch(owners, ++node);
        if (written(moves) !== written(sketched.moves)) expect.fail(`node ${node} takes ${written(moves)}`);
        owners = sketched.owners;
      }
      expect(node).toBe(routes);
    },
  );

  it("is the same whenever and wherever it is made", () => {
    expect(tableOf(1_024, 37)).toEqual(tableOf(1_024, 37));
    expect(tableOf(1_024, 37).epoch).toBe(1);
  });

  it("is made for 1,024 nodes in less than 50 ms", () => {
    // The best of a few: a busy machine may stop us at any of them.
    const timesMs = Array.from({ length: 5 }, () => {
      const startedMs = performance.now();
      tableOf(1_024, 1_024);
      return performance.now() - startedMs;
    });
    expect(Math.min(...timesMs)).toBeLessThan(50);
  });

  it.each([
    [0, 1],
    [-1, 1],
    [1.5, 1],
    [Number.NaN, 1],
    [24, 0],
    [24, 25],
    [24, 2.5],
    [24, Number.NaN],
  ])("throws for %s routes and %s nodes", (routes, nodes) => {
    expect(() => tableOf(routes, nodes)).toThrow(RangeError);
    expect(() => movesOfJoin(routes, nodes)).toThrow(RangeError);
  });
});

describe("ownerOf", () => {
  it("counts routes from 1", () => {
    const table = tableOf(24, 8);
    expect([ownerOf(table, 1), ownerOf(table, 4), ownerOf(table, 24)]).toEqual([1, 8, 7]);
  });

  it.each([0, 25, -1, 1.5])("throws for route %s of 24", (route) => {
    expect(() => ownerOf(tableOf(24, 8), route)).toThrow(`route ${route} is not one of 1…24`);
  });
});

/** The algorithm in the words of 2007, without any thought of speed. */
function sketch(before: readonly number[], node: number) {
  const routesOf = new Map<number, number[]>();
  before.forEach((owner, index) => {
    const held = routesOf.get(owner);
    if (held) held.push(index + 1);
    else routesOf.set(owner, [index + 1]);
  });
  const donors = [...routesOf].sort(([a, held], [b, other]) => other.length - held.length || b - a);
  const quota = Math.floor(before.length / node);
  const owners = [...before];
  const moves: { route: number; from: number; to: number }[] = [];
  while (moves.length < quota) {
    for (const [from, held] of donors) {
      const route = moves.length < quota ? held.pop() : undefined;
      if (route === undefined) continue;
      owners[route - 1] = node;
      moves.push({ route, from, to: node });
    }
  }
  return { owners, moves };
}
