import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Frame, Link, Peer } from "../../../link/index.ts";
import { parseAnswer } from "../../../halod/control.ts";
import type { LivePicture } from "../../../halod/index.ts";
import { Viewers } from "../../../halod/viewers.ts";
import { Play } from "./play.ts";

/** A member's link that keeps the pictures it was told. */
class Viewer implements Link {
  readonly peer: Peer;
  readonly pictures: LivePicture[] = [];
  isFull = false;

  constructor(role: Peer["role"], instance: string) {
    this.peer = { role, instance, name: instance, routes: 24, node: 0, nodes: 24 };
  }

  send(frame: Frame): boolean {
    const answer = frame.type === "control" ? parseAnswer(frame.payload) : null;
    if (answer?.type !== "picture") throw new TypeError("no picture");
    this.pictures.push(answer.picture);
    return true;
  }

  close(): void {}
}

describe("viewers", () => {
  let play: Play;
  let viewers: Viewers;
  const bridge = new Viewer("bridge", "1a");
  const report = (atMs: number, heard: number) =>
    ({ type: "report", atMs, connections: 1, sessions: 2, heard, delivered: 0 }) as const;
  /** Shows what came of something. */
  const show = () => {
    viewers.died(play.dead);
    viewers.show(play.membership);
  };
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    bridge.pictures.length = 0;
    bridge.isFull = false;
    play = new Play({ nodes: 2 }).register("1a").register("2a");
    viewers = new Viewers({ membership: play.membership, now: () => Date.now() });
  });
  afterEach(() => {
    viewers.stop();
    vi.useRealTimers();
  });

  it("are told at once, and then only what has changed, once a second", () => {
    viewers.watch(bridge, true);
    vi.advanceTimersByTime(0);
    expect(bridge.pictures).toMatchObject([{ owners: [1, 12, 2, 12], events: [], bridges: [{ sessions: null }, {}] }]);
    vi.advanceTimersByTime(10_000);
    expect(bridge.pictures).toHaveLength(1);
    for (let second = 1; second <= 5; second++) {
      viewers.report(bridge, report(second * 1_000, second * 7 + (second % 2)));
      vi.advanceTimersByTime(500);
      viewers.report(bridge, report(second * 1_000 + 500, second * 7 + 4));
      vi.advanceTimersByTime(500);
    }
    expect(bridge.pictures).toHaveLength(6);
    expect(bridge.pictures.at(-1)?.bridges[0]).toMatchObject({ node: 1, sessions: 2, heard: expect.any(Number) });
  });

  it("are told sooner of a change of the table, with what happened; many at once leave together", () => {
    viewers.watch(bridge, true);
    vi.advanceTimersByTime(0);
    for (const instance of ["3a", "4a", "5a"]) {
      play.register(instance);
      show();
    }
    vi.advanceTimersByTime(200);
    expect(bridge.pictures).toHaveLength(2);
    play.lose("5a").wait(500);
    show();
    vi.advanceTimersByTime(200);
    const [, , last] = bridge.pictures;
    expect(last?.events.map(({ text, moved }) => `${moved} ${text}`)).toEqual([
      "8 bridge 3 joined: 8 routes moved",
      "6 bridge 4 joined: 6 routes moved",
      expect.stringMatching(/^4 bridge 5 joined/),
      expect.stringMatching(/^4 bridge 5 died/),
    ]);
    expect(last?.epoch).toBe(play.membership.epoch);
  });

  it("that cannot take it now get the newest later, and none of those between", () => {
    viewers.watch(bridge, true);
    vi.advanceTimersByTime(0);
    bridge.isFull = true;
    for (const instance of ["3a", "4a", "5a"]) {
      play.register(instance);
      show();
      vi.advanceTimersByTime(2_000);
    }
    expect(bridge.pictures).toHaveLength(1);
    bridge.isFull = false;
    vi.advanceTimersByTime(1_000);
    expect(bridge.pictures).toHaveLength(2);
    expect(bridge.pictures[1]?.bridges).toHaveLength(5);
  });

  it("cost nothing while there are none", () => {
    viewers.report(bridge, report(0, 0));
    play.register("3a");
    show();
    expect(vi.getTimerCount()).toBe(0);
    viewers.watch(bridge, true);
    vi.advanceTimersByTime(0);
    expect(bridge.pictures[0]?.events).toHaveLength(1);
    viewers.watch(bridge, false);
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
    viewers.watch(bridge, true);
    viewers.stop();
    expect(vi.getTimerCount()).toBe(0);
    viewers.watch(bridge, true);
    viewers.went(bridge);
    vi.advanceTimersByTime(1_000);
    expect(bridge.pictures).toHaveLength(1);
  });

  it("know dispatchers by the lowest number that is free", () => {
    const [one, two, three] = ["d1", "d2", "d3"].map((instance) => new Viewer("dispatcher", instance));
    if (!one || !two || !three) throw new Error("three were made");
    for (const link of [one, two]) viewers.came(link);
    viewers.came(one);
    viewers.report(two, { type: "report", atMs: 0, connections: 9, sessions: 0, heard: 0, delivered: 0 });
    viewers.went(one);
    viewers.came(three);
    viewers.watch(bridge, true);
    vi.advanceTimersByTime(0);
    expect(bridge.pictures[0]?.dispatchers).toEqual([
      { number: 1, connections: null },
      { number: 2, connections: 9 },
    ]);
    expect(bridge.pictures[0]?.events.map(({ text }) => text)).toEqual([
      "dispatcher 1 came",
      "dispatcher 2 came",
      "dispatcher 1 went",
      "dispatcher 1 came",
    ]);
  });
});
