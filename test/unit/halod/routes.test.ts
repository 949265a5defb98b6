import { describe, expect, it } from "vitest";
import { join, type Move, ownerOf, tableOf } from "../../../halod/index.ts";

/** The table of HaloD's sketch for 24 routes: a character is the owner of a route; moves are written `route<-from`, in order. */
const GOLDEN: readonly [nodes: number, owners: string, moves: string][] = [
  [1, "111111111111111111111111", ""],
  [2, "111111111111222222222222", "24<-1 23<-1 22<-1 21<-1 20<-1 19<-1 18<-1 17<-1 16<-1 15<-1 14<-1 13<-1"],
  [3, "111111113333222222223333", "24<-2 12<-1 23<-2 11<-1 22<-2 10<-1 21<-2 9<-1"],
  [4, "111111443333222222443344", "24<-3 20<-2 8<-1 23<-3 19<-2 7<-1"],
  [5, "111115443333222225443545", "24<-4 22<-3 18<-2 6<-1"],
  [6, "111165443333222265446565", "23<-4 21<-3 17<-2 5<-1"],
  [7, "111165443333222265476577", "23<-6 24<-5 20<-4"],
  [8, "111865443338222865476577", "12<-3 16<-2 4<-1"],
];

function written(moves: readonly Move[]): string {
  return moves.map(({ route, from }) => `${route}<-${from}`).join(" ");
}

/** How many routes each node holds, the least and the most. */
function spreadOf(owners: readonly number[], nodes: number): [least: number, most: number] {
  const held = new Array<number>(nodes).fill(0);
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
      const joined = join(tableOf(24, node - 1).owners, node);
      expect(written(joined.moves)).toBe(moves);
      expect(joined.moves.every(({ to }) => to === node)).toBe(true);
    },
  );

  it("gives the first node all routes, from nobody", () => {
    const { owners, moves } = join(new Array<number>(24).fill(0), 1);
    expect(owners).toEqual(tableOf(24, 1).owners);
    expect(moves).toHaveLength(24);
    expect(moves[0]).toEqual({ route: 24, from: 0, to: 1 });
  });

  it.each([24, 1_024, 1_000, 7, 1])("of %i routes keeps every node within one route of every other", (routes) => {
    let owners: readonly number[] = tableOf(routes, 1).owners;
    for (let node = 2; node <= routes; node++) {
      owners = join(owners, node).owners;
      const [least, most] = spreadOf(owners, node);
      if (most - least > 1) expect.fail(`${node} nodes hold between ${least} and ${most} routes`);
      if (least !== Math.floor(routes / node)) expect.fail(`the least of ${node} nodes is ${least}`);
    }
    expect(new Set(owners).size).toBe(routes);
  });

  it.each([24, 1_024])("of %i routes moves, on a join, only to the joining node, and only its share", (routes) => {
    let owners: readonly number[] = tableOf(routes, 1).owners;
    for (let node = 2; node <= routes; node++) {
      const before = owners;
      const { owners: after, moves } = join(before, node);
      const changed = after.flatMap((owner, index) => (owner === before[index] ? [] : [index + 1]));
      const told = moves.map(({ route }) => route).sort((a, b) => a - b);
      const faithful = moves.every(
        ({ route, from, to }) => to === node && from === before[route - 1] && after[route - 1] === node,
      );
      if (moves.length !== Math.floor(routes / node)) expect.fail(`node ${node} takes ${moves.length} routes`);
      if (changed.join() !== told.join() || !faithful) expect.fail(`the moves of node ${node} are not what changed`);
      owners = after;
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
    expect(join(tableOf(1_024, node - 1).owners, node).moves).toHaveLength(share);
  });

  it("is the same whenever and wherever it is made", () => {
    expect(tableOf(1_024, 37)).toEqual(tableOf(1_024, 37));
    expect(tableOf(1_024, 37).epoch).toBe(1);
  });

  it("does not change the table that a node joins", () => {
    const before = Object.freeze([...tableOf(24, 3).owners]);
    join(before, 4);
    expect(before.join("")).toBe("111111113333222222223333");
  });

  it("gives a node beyond the number of routes nothing", () => {
    expect(join(tableOf(3, 3).owners, 4)).toEqual({ owners: [1, 3, 2], moves: [] });
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
  });

  it.each([0, -1, 0.5, Number.NaN])("throws where node %s joins, rather than look for its share for ever", (node) => {
    expect(() => join([1, 1], node)).toThrow(RangeError);
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
