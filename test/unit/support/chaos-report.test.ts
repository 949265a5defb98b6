import { describe, expect, it } from "vitest";
import { join, leave, slotsOf as makeSlots, type Cluster, type Slots } from "../../../halod/index.ts";
import { EXPECTED } from "../../chaos/expectations.ts";
import { FAULTS, QUICK, type Fault } from "../../chaos/faults/index.ts";
import { drainDispatcher } from "../../chaos/faults/drain-dispatcher.ts";
import { findingsOf, percentile } from "../../chaos/criteria.ts";
import type { SessionEvent } from "../../chaos/history.ts";
import { judge } from "../../chaos/report.ts";
import { judgeTables, movedRoutes, slotsOf } from "../../chaos/tables.ts";
import type { FaultResult } from "../../chaos/window.ts";

const ROUTES = 1_024;

/** As HaloD tells it; who is in no slot is a spare. */
function clusterOf({ nodes, owners, epoch }: Slots, ...spares: number[]): Cluster {
  const node = (number: number, state: "active" | "spare") => {
    return { node: number, address: "b:1", instance: String(number), state, sinceMs: 0 };
  };
  return {
    epoch,
    owners: owners.map((slot) => Number(nodes[slot - 1])),
    nodes: [...nodes.map((name) => node(Number(name), "active")), ...spares.map((number) => node(number, "spare"))],
  };
}

const THREE = makeSlots(ROUTES, ["3", "1", "2"]);

describe("what chaos says of the table", () => {
  it("finds out who is in which slot", () => {
    expect(slotsOf(clusterOf(THREE, 7))).toEqual(THREE);
  });

  it("asks of a join exactly the whole number of routes in N/(n+1)", () => {
    const after = join(THREE, "4").cluster;
    const routes = judgeTables([clusterOf(THREE), clusterOf(after)], [{ type: "join", node: 4 }]);
    expect(routes).toEqual({ expected: 256, actual: 256, modHash: 767, isTable: true });
    expect(movedRoutes([clusterOf(THREE), clusterOf(after)]).size).toBe(256);
  });

  it("knows what a leave moves, with a spare and without", () => {
    const [without, withSpare] = [leave(THREE, "1").cluster, leave(THREE, "1", "9").cluster];
    expect(judgeTables([clusterOf(THREE), clusterOf(without)], [{ type: "leave", node: 1 }])).toMatchObject({
      isTable: true,
      modHash: 683,
    });
    const change = { type: "leave", node: 1, spare: 9 } as const;
    const routes = judgeTables([clusterOf(THREE, 9), clusterOf(withSpare)], [change]);
    expect(routes).toEqual({ expected: 341, actual: 341, modHash: 341, isTable: true });
  });

  it("finds a table that is another one, and routes that moved to and fro", () => {
    const after = clusterOf(join(THREE, "4").cluster);
    const other = { ...after, owners: after.owners.map((owner, index) => (index === 5 ? 4 : owner)) };
    const changes = [{ type: "join", node: 4 }] as const;
    expect(judgeTables([clusterOf(THREE), other], changes).isTable).toBe(false);
    const detour = judgeTables([clusterOf(THREE), other, after], changes);
    expect(detour.isTable).toBe(true);
    expect(detour.actual).toBe(detour.expected + 2);
  });
});

const CALM: Fault = { name: "calm", before: { active: 1, spares: 0 }, inflict: async () => ({ changes: [] }) };
const GOOD: FaultResult = {
  fault: CALM,
  verdict: {
    ...{ lost: 0, noticed: 0, silent: 0, twice: 0, disordered: 0, untrue: 0, unknown: 0 },
    ...{ handshakes: 0, reconnects: 0, gaps: 0, seen: 9, faults: [] },
  },
  routes: { expected: 0, actual: 0, modHash: 0, isTable: true },
  pausesMs: [5, 10],
  notes: [],
};
const outcome = (verdict: Partial<FaultResult["verdict"]>, rest: Partial<FaultResult> = {}): FaultResult => {
  return { ...GOOD, ...rest, verdict: { ...GOOD.verdict, ...verdict } };
};

describe("what chaos makes of a fault", () => {
  it("has something to expect of every fault, and has every fault that it expects something of", () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(FAULTS.map(({ name }) => name).sort());
    for (const name of QUICK) expect(Object.keys(EXPECTED)).toContain(name);
  });

  it.for([
    ["lost", outcome({ lost: 1 })],
    ["lost", outcome({ lost: 1, noticed: 1 })],
    ["silence", outcome({ silent: 1 })],
    ["twice", outcome({ twice: 1 })],
    ["order", outcome({ disordered: 1 })],
    ["truth", outcome({ untrue: 1 })],
    ["handshakes", outcome({ handshakes: 1 })],
    ["heard", outcome({ seen: 0 })],
    ["routes", outcome({}, { routes: { ...GOOD.routes, actual: 1 } })],
    ["routes", outcome({}, { routes: { ...GOOD.routes, isTable: false } })],
  ] as const)("is not as expected where a criterion is not met: %s", ([criterion, result]) => {
    const { isAsExpected, details } = judge(result);
    expect(isAsExpected).toBe(false);
    expect(details).toContain(`NOT MET: ${criterion}`);
    expect(judge(GOOD).isAsExpected).toBe(true);
  });

  it("is as expected where what is not met is not expected yet, and says so", () => {
    const fault = { ...CALM, name: "kill-with-spare", pauseMs: 10 };
    const { isAsExpected, details } = judge(outcome({}, { fault }));
    expect(isAsExpected).toBe(true);
    expect(details).toContain("not met, as expected: pause");
  });

  it("lets messages be missing with a notice where the network's server went", () => {
    const fault = { ...CALM, losesNetwork: true };
    expect(findingsOf(outcome({ lost: 2, noticed: 2 }, { fault })).get("lost")).toBe(true);
    expect(findingsOf(outcome({ lost: 2, noticed: 1 }, { fault })).get("lost")).toBe(false);
  });

  it("asks for kept connections, a pause and a pace only where a fault has them", () => {
    expect(findingsOf(outcome({ reconnects: 1 })).has("reconnects")).toBe(false);
    const fault = { ...CALM, keepsConnections: true, pauseMs: 10 };
    const findings = findingsOf(outcome({ reconnects: 1 }, { fault, isPaced: false }));
    expect(["reconnects", "pause", "pace"].map((name) => findings.get(name as "pause"))).toEqual([false, false, false]);
  });

  it("wants those undisturbed whom a fault does not concern", () => {
    const { verdict } = GOOD;
    for (const change of [{ lost: 1 }, { handshakes: 1 }, { reconnects: 1 }])
      expect(findingsOf({ ...GOOD, others: { ...verdict, ...change } }).get("others")).toBe(false);
    expect(findingsOf({ ...GOOD, others: verdict }).get("others")).toBe(true);
  });

  it("takes the nearest rank for a percentile", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([percentile(hundred, 50), percentile(hundred, 99), percentile([7], 50)]).toEqual([50, 99, 7]);
    expect(percentile([], 99)).toBeNaN();
  });
});

describe("a drain in chaos", () => {
  const judged = (everyMs: number, count: number, lateMs = 0) => {
    const events = Array.from({ length: count }, (_, index): SessionEvent[] => [
      { type: "closed", atMs: index * everyMs },
      { type: "reconnect", atMs: index * everyMs },
      { type: "opened", atMs: index * everyMs + 1 },
    ]);
    const session = { name: "ann", route: 1, channels: [], earlier: new Set<string>(), events: events.flat() };
    return drainDispatcher.judge?.({ prefix: "", channels: [], publications: [], lateMs, sessions: [session] });
  };

  it("is paced where no second has more than were set, and not where one has one more", () => {
    expect(judged(20, 200)).toMatchObject({ isPaced: true });
    expect(judged(19.6, 200)).toMatchObject({ isPaced: false });
    expect(judged(20, 0)).toMatchObject({ isPaced: false });
  });

  it("allows for what the clients may have noticed late, and says nothing where that is too much", () => {
    expect(judged(19.6, 200, 30)).toMatchObject({ isPaced: true });
    expect(judged(15, 200, 20)).toMatchObject({ isPaced: false });
    expect(judged(1, 200, 600)).not.toHaveProperty("isPaced");
  });
});
