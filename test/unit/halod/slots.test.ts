import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  slotsOf as clusterOfList,
  emptySlots,
  join,
  leave,
  nodeOf,
  tableOf,
  type Change,
  type Slots,
} from "../../../halod/index.ts";
import { GOLDEN, written } from "./golden.ts";

/** A cluster whose slots 1…n hold nodes "1"…"n". */
function slotsOf(routes: number, nodes: number): Slots {
  let cluster = emptySlots(routes);
  for (let node = 1; node <= nodes; node++) cluster = join(cluster, String(node)).cluster;
  return cluster;
}

function nodesByRoute(cluster: Slots): (string | null)[] {
  return cluster.owners.map((_, index) => nodeOf(cluster, index + 1));
}

/** Fails unless the moves are exactly what differs between two states, each true, each route once. */
function expectFaithful(before: Slots, { cluster: after, moves }: Change): void {
  const [old, now] = [nodesByRoute(before), nodesByRoute(after)];
  for (const { route, from, to } of moves) {
    if (from === to || from !== old[route - 1] || to !== now[route - 1]) {
      expect.fail(`route ${route} does not move from ${from} to ${to}`);
    }
  }
  expect(new Set(moves.map(({ route }) => route)).size).toBe(moves.length);
  expect(moves.length).toBe(old.filter((node, index) => node !== now[index]).length);
  expect(after.epoch).toBe(before.epoch + 1);
}

/** The owners of the table with so many slots; nobody's where there is none. */
function ownersOf(routes: number, nodes: number): readonly number[] {
  return nodes === 0 ? new Array<number>(routes).fill(0) : tableOf(routes, nodes).owners;
}

function routesOf(cluster: Slots, node: string): number {
  return nodesByRoute(cluster).filter((owner) => owner === node).length;
}

describe("a cluster", () => {
  it("grows along the golden table", () => {
    let cluster = emptySlots(24);
    for (const [nodes, owners, moves] of GOLDEN) {
      const change = join(cluster, String(nodes));
      expectFaithful(cluster, change);
      cluster = change.cluster;
      expect(nodesByRoute(cluster).join("")).toBe(owners);
      if (nodes > 1) expect(written(change.moves)).toBe(moves);
    }
    expect(cluster).toMatchObject({ epoch: 8, nodes: ["1", "2", "3", "4", "5", "6", "7", "8"] });
  });

  it("is made of a list at once as it is by one join after the other", () => {
    const list = ["1", "2", "3", "4", "5", "6", "7", "8"];
    expect(clusterOfList(24, list)).toEqual(slotsOf(24, 8));
    expect(clusterOfList(1_024, list)).toEqual(slotsOf(1_024, 8));
  });

  it("gives its first node every route, from nobody, and takes them back from its last", () => {
    const first = join(emptySlots(3), "a");
    expect(first.moves).toEqual([3, 2, 1].map((route) => ({ route, from: null, to: "a" })));
    const { cluster, moves } = leave(first.cluster, "a");
    expect(moves).toEqual([1, 2, 3].map((route) => ({ route, from: "a", to: null })));
    expect(cluster).toEqual({ ...emptySlots(3), epoch: 2 });
    expect(nodeOf(cluster, 2)).toBeNull();
  });

  it("gives a spare the slot and all routes of the node that left, the highest-numbered first", () => {
    const before = slotsOf(24, 8);
    const change = leave(before, "3", "spare");
    expectFaithful(before, change);
    expect(change.moves).toEqual([11, 10, 9].map((route) => ({ route, from: "3", to: "spare" })));
    expect(change.cluster.owners).toEqual(before.owners);
    expect(change.cluster.nodes).toEqual(["1", "2", "spare", "4", "5", "6", "7", "8"]);
  });

  it("without a spare puts the node of the highest slot into the slot, and gives its routes back in reverse", () => {
    const before = slotsOf(24, 8);
    const change = leave(before, "3");
    expectFaithful(before, change);
    expect(change.cluster.nodes).toEqual(["1", "2", "8", "4", "5", "6", "7"]);
    expect(change.cluster.owners.join("")).toBe("111165443333222265476577");
    // Route 12 came from slot 3, where node 8 is now: it stays with node 8.
    expect(change.moves).toEqual([
      { route: 11, from: "3", to: "8" },
      { route: 10, from: "3", to: "8" },
      { route: 9, from: "3", to: "8" },
      { route: 4, from: "8", to: "1" },
      { route: 16, from: "8", to: "2" },
    ]);
  });

  it("loses the node of the highest slot by its join in reverse", () => {
    const { cluster, moves } = leave(slotsOf(24, 8), "8");
    expect(moves).toEqual([
      { route: 4, from: "8", to: "1" },
      { route: 16, from: "8", to: "2" },
      { route: 12, from: "8", to: "3" },
    ]);
    expect(cluster.nodes).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  });

  it.each([
    [24, 24],
    [1_024, 1_024],
  ])("of %i routes is, for each of up to %i nodes, what it was after one has joined and left", (routes, most) => {
    let cluster = emptySlots(routes);
    for (let nodes = 1; nodes <= most; nodes++) {
      const joined = join(cluster, String(nodes));
      const left = leave(joined.cluster, String(nodes));
      const isSame = left.cluster.owners.join() === cluster.owners.join();
      if (!isSame || left.cluster.nodes.join() !== cluster.nodes.join()) expect.fail(`not so with ${nodes} nodes`);
      if (joined.moves.length !== (nodes === 1 ? routes : Math.floor(routes / nodes))) expect.fail(`${nodes} joined`);
      const reversed = left.moves.toReversed().map(({ route, to }) => ({ route, from: to }));
      if (written(reversed) !== written(joined.moves)) expect.fail(`node ${nodes} leaves in another order`);
      cluster = joined.cluster;
    }
    expect(cluster.owners).toEqual(tableOf(routes, most).owners);
  });

  it("of 24 routes moves, when any of any number of nodes leaves, only routes of the two that change", () => {
    for (let nodes = 1; nodes <= 24; nodes++) {
      const before = slotsOf(24, nodes);
      for (const node of before.nodes) {
        const change = leave(before, node);
        expectFaithful(before, change);
        const last = String(nodes);
        expect(change.moves.every(({ from }) => from === node || from === last)).toBe(true);
        expect(change.cluster.owners).toEqual(ownersOf(24, nodes - 1));
        const replaced = change.cluster.nodes.indexOf(last);
        expect(replaced).toBe(node === last ? -1 : Number(node) - 1);
      }
    }
  });

  it("of 1,024 routes and 8 nodes moves 128 with a spare, 237 or 238 without one, and 128 for the last node", () => {
    const cluster = slotsOf(1_024, 8);
    for (const node of cluster.nodes) {
      expect(leave(cluster, node, "spare").moves).toHaveLength(128);
      if (node === "8") expect(leave(cluster, node).moves).toHaveLength(128);
      else expect([237, 238]).toContain(leave(cluster, node).moves.length);
    }
  });

  it("is, whatever joins and leaves, the table of as many slots", () => {
    const change = fc.oneof(
      { weight: 3, arbitrary: fc.record({ type: fc.constant("join") }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("leave"), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("replace"), which: fc.nat() }) },
    );
    const run = (routes: number, changes: readonly { type: string; which?: number }[]) => {
      let cluster = emptySlots(routes);
      changes.forEach(({ type, which = 0 }, index) => {
        const { nodes } = cluster;
        const [fresh, node] = [`node${index}`, nodes[which % nodes.length]];
        const before = cluster;
        if (type === "join" ? nodes.length === routes : node === undefined) return;
        const spare = type === "replace" ? fresh : undefined;
        const result = type === "join" ? join(cluster, fresh) : leave(cluster, node ?? "", spare);
        expectFaithful(before, result);
        cluster = result.cluster;
        expect(cluster.nodes.length - nodes.length).toBe({ join: 1, leave: -1, replace: 0 }[type]);
        expect(new Set(cluster.nodes).size).toBe(cluster.nodes.length);
        expect(cluster.owners).toEqual(ownersOf(routes, cluster.nodes.length));
        if (type === "join") expect(result.moves.every(({ to }) => to === fresh)).toBe(true);
        if (type === "replace") {
          expect(result.moves.every(({ from, to }) => from === node && to === fresh)).toBe(true);
          expect(result.moves).toHaveLength(routesOf(before, node ?? ""));
        }
      });
    };
    const changes = fc.array(change, { maxLength: 60 });
    fc.assert(fc.property(fc.constantFrom(1, 2, 7, 24), changes, run));
    fc.assert(fc.property(fc.constant(1_024), changes, run), { numRuns: 20 });
  });

  it("leaves the state that it was made from as it is", () => {
    const { owners, nodes, epoch } = slotsOf(24, 3);
    const before = Object.freeze({ epoch, owners: Object.freeze(owners), nodes: Object.freeze(nodes) });
    join(before, "4");
    leave(before, "2");
    leave(before, "2", "4");
    expect(before).toEqual(slotsOf(24, 3));
  });

  it.each<[string, () => unknown, string]>([
    ["a node that is active joins", () => join(slotsOf(24, 3), "2"), "2 cannot join: it is active already"],
    ["a spare that is active joins", () => leave(slotsOf(24, 3), "2", "3"), "3 cannot join: it is active already"],
    ["a node replaces itself", () => leave(slotsOf(24, 3), "2", "2"), "2 cannot join: it is active already"],
    ["an unknown node leaves", () => leave(slotsOf(24, 3), "4"), "4 cannot leave: it is not active"],
    ["a node joins that would own nothing", () => join(slotsOf(2, 2), "3"), "3 cannot join: there are 2 routes"],
    ["a route is not there", () => nodeOf(slotsOf(24, 3), 25), "route 25 is not one of 1…24"],
    ["a list has a node twice", () => clusterOfList(24, ["a", "b", "a"]), "a is in the list twice"],
    ["there are no routes", () => emptySlots(0), "routes must be a whole number from 1, not 0"],
  ])("throws where %s", (_, act, message) => {
    expect(act).toThrow(RangeError);
    expect(act).toThrow(message);
  });
});
