import { describe, expect, it } from "vitest";
import { clusterOf, emptyMembership, nextTickMs, type MembershipPolicy } from "../../../halod/membership.ts";
import { Play } from "./play.ts";

const THREE = "111111113333222222223333";
const play = (policy: Partial<MembershipPolicy> = {}) => new Play(policy).register("1a").register("2a").register("3a");

describe("a membership", () => {
  it("makes the first table at once, and each bridge that joins takes its share", () => {
    const it = new Play().register("1a");
    expect(it.owners).toBe("1".repeat(24));
    expect(it.register("2a").owners).toBe("111111111111222222222222");
    expect(it.register("3a").owners).toBe(THREE);
    expect(it.states).toBe("1 active, 2 active, 3 active");
  });

  it("waits with the first table until enough have registered, and gives slots by number", () => {
    const it = new Play({ nodes: 3 }).register("3a").register("1a");
    expect(it.owners).toBe("none");
    expect(it.register("2a").owners).toBe(THREE);
  });

  it("makes the first table of those that there are when the others take too long", () => {
    const it = new Play({ nodes: 3, formAfterMs: 5_000 }).register("2a").wait(3_000).register("1a").wait(1_999);
    expect(it.owners).toBe("none");
    expect(it.wait(1).owners).toBe("111111111111222222222222");
  });

  it("counts the time until the first table from those that are still there", () => {
    const it = new Play({ nodes: 2, formAfterMs: 5_000 }).register("1a").lose("1a").wait(60_000).register("2a");
    expect(it.owners).toBe("none");
    expect(it.wait(4_999).owners).toBe("none");
    expect(it.wait(1).owners).toBe("2".repeat(24));
  });

  it("keeps spares in reserve, those that come last", () => {
    const it = play({ spares: 1 });
    expect(it.states).toBe("1 active, 2 active, 3 spare");
    expect(new Play({ nodes: 4, spares: 2 }).register("4a").register("3a").register("2a").register("1a").states).toBe(
      "4 spare, 3 spare, 2 active, 1 active",
    );
  });

  it("never holds the only bridge in reserve", () => {
    expect(new Play({ spares: 3 }).register("1a").owners).toBe("1".repeat(24));
  });

  it("gives all routes of a dead bridge to a spare, and moves no other", () => {
    const it = new Play({ nodes: 4, spares: 1 }).register("1a").register("2a").register("3a").register("4a");
    expect(it.owners).toBe(THREE);
    expect(it.lose("2a").wait(499).owners).toBe(THREE);
    expect(it.wait(1).dead).toEqual(["2a"]);
    expect(it.owners).toBe(THREE.replaceAll("2", "4"));
    expect(it.states).toBe("1 active, 3 active, 4 active");
  });

  it("without a spare shares the routes of a dead bridge as the algorithm says", () => {
    expect(play().lose("1a").wait(500).owners).toBe("333333333333222222222222");
    expect(play().lose("3a").wait(500).owners).toBe("111111111111222222222222");
  });

  it("does not give routes to a spare that is lost itself", () => {
    const it = new Play({ nodes: 3, spares: 1 }).register("1a").register("2a").register("3a");
    it.lose("3a").wait(100).lose("2a").wait(500);
    expect(it.owners).toBe("1".repeat(24));
    expect(it.states).toBe("1 active");
  });

  it("changes nothing for a bridge that is back in time, and nothing is told", () => {
    const it = play();
    const before = clusterOf(it.membership);
    it.lose("2a").wait(499).register("2a").wait(60_000);
    expect(clusterOf(it.membership)).toEqual(before);
  });

  it("lets a bridge that left go at once", () => {
    expect(play().leave("3a").owners).toBe("111111111111222222222222");
    expect(new Play().register("1a").leave("1a").owners).toBe("0".repeat(24));
    expect(new Play().register("1a").leave("1a").register("2a").owners).toBe("2".repeat(24));
  });

  it("keeps its spares when one goes that is not needed any more, whichever it is", () => {
    const four = () => new Play({ nodes: 4, spares: 1 }).register("1a").register("2a").register("3a").register("4a");
    expect(four().owners).toBe(THREE);
    const active = four().surplus("3a");
    expect([active.owners, active.states]).toEqual(["111111111111222222222222", "1 active, 2 active, 4 spare"]);
    const spare = four().surplus("4a");
    expect([spare.owners, spare.states]).toEqual(["111111111111222222222222", "1 active, 2 active, 3 spare"]);
    const last = new Play({ nodes: 2, spares: 1 }).register("1a").register("2a").surplus("2a");
    expect([last.owners, last.states]).toEqual(["1".repeat(24), "1 active"]);
  });

  it("gives a process that was started again what was its own", () => {
    const it = play();
    it.lose("2a").wait(200).register("2b");
    expect([it.owners, it.dead]).toEqual([THREE, ["2a"]]);
    expect(clusterOf(it.membership)?.nodes.map(({ instance }) => instance)).toEqual(["1a", "3a", "2b"]);
  });

  it("takes a bridge that comes back too late for a new one", () => {
    const it = play().lose("2a").wait(500);
    expect(it.owners).toBe("111111111111333333333333");
    expect(it.register("2a").owners).toBe("111111112222333333332222");
  });

  it("refuses a second live bridge of a number, and one too many", () => {
    const it = play({ maxBridges: 3 });
    const before = it.membership;
    expect(it.register("2b").refusal).toBe(
      "node 2 is the bridge at b2:7070, which is alive; give each bridge a bridge.node of its own (this one is instance 2b)",
    );
    expect(it.register("4a").refusal).toContain("3 bridges already, which is halod.maxBridges");
    expect(it.membership).toBe(before);
  });

  it("holds a newcomer back while a bridge is lost, and lets it take that one's place", () => {
    const it = play().lose("2a").wait(100).register("4a");
    expect(it.owners).toBe(THREE);
    expect(it.wait(400).owners).toBe(THREE.replaceAll("2", "4"));
    expect(play().lose("2a").wait(100).register("4a").register("2a").owners).toBe("111111443333222222443344");
  });

  it("declares nobody dead when everybody is gone, and gives all of them time once one is back", () => {
    const it = play().lose("1a").lose("2a").lose("3a");
    expect(nextTickMs(it.membership, it.policy)).toBeNull();
    expect(it.wait(3_600_000).owners).toBe(THREE);
    expect(it.register("2a").wait(9_000).register("1a").owners).toBe(THREE);
    expect(it.wait(999).owners).toBe(THREE);
    expect(it.wait(1).dead).toEqual(["3a"]);
    expect(it.owners).toBe("111111111111222222222222");
  });

  it("gives no such time to one that was back, and is lost again", () => {
    const it = play().lose("1a").lose("2a").lose("3a").wait(60_000);
    it.register("2a").wait(100).register("1a").lose("1a");
    expect(it.wait(499).owners).toBe(THREE);
    expect(it.wait(1).dead).toEqual(["1a"]);
    expect(it.wait(9_399).states).toBe("2 active, 3 active");
    expect(it.wait(1).states).toBe("2 active");
  });

  it("tells a table that is newer than all that its members have seen", () => {
    const it = new Play().register("1a", 70);
    expect(clusterOf(it.membership)?.epoch).toBeGreaterThan(70);
    it.do({ type: "seen", epoch: 900 });
    expect(clusterOf(it.membership)?.epoch).toBeGreaterThan(900);
    const before = it.membership;
    expect(it.do({ type: "seen", epoch: before.epoch }).membership).toEqual(before);
  });

  it("has never more active bridges than routes; the rest are spares", () => {
    const it = new Play({}, emptyMembership(2)).register("1a").register("2a").register("3a");
    expect([it.owners, it.states]).toEqual(["12", "1 active, 2 active, 3 spare"]);
    expect(it.leave("1a").owners).toBe("32");
  });
});
