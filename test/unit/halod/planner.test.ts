import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emptyMembership, type Membership } from "../../../halod/membership.ts";
import { Planner } from "../../../halod/planner.ts";
import type { Frame, Link } from "../../../link/index.ts";
import { Play } from "./play.ts";

const PREPARE_MS = 2_000;

/** A member's link that keeps the epochs of plans. */
class FakeLink implements Link {
  readonly peer: Link["peer"];
  readonly isFull = false;
  readonly plans: number[] = [];

  constructor(role: "bridge" | "dispatcher" = "bridge", instance = "bi") {
    this.peer = { role, name: "b", instance, routes: 24, node: 1, nodes: 24 };
  }

  send(frame: Frame): boolean {
    const message = frame.type === "control" ? JSON.parse(frame.payload.toString()) : null;
    if (message?.type === "plan") this.plans.push(message.cluster.epoch);
    return true;
  }

  close(): void {
    throw new Error("nobody closes it");
  }
}

describe("Planner", () => {
  let play: Play;
  let links: Map<string, FakeLink>;
  let published: number[];
  let planner: Planner;
  beforeEach(() => {
    vi.useFakeTimers();
    play = new Play();
    links = new Map();
    published = [];
    const publisher = {
      publish: ({ epoch }: Membership) => {
        if (published.at(-1) !== epoch) published.push(epoch);
      },
      whenTold: (callback: () => void) => callback(),
    };
    planner = new Planner({
      ...{ prepareMs: PREPARE_MS, now: Date.now, log: pino({ level: "silent" }), membership: emptyMembership(24) },
      ...{ publisher, links },
    });
  });
  afterEach(() => {
    planner.stop();
    vi.useRealTimers();
  });

  /** As the daemon does it: the link is known a moment later. */
  function register(instance: string): FakeLink {
    planner.next(play.register(instance).membership);
    const link = new FakeLink();
    links.set(instance, link);
    vi.advanceTimersByTime(0);
    return link;
  }

  const epoch = () => play.membership.epoch;

  it("publishes the first table at once, and one that moves nothing", () => {
    register("1a");
    expect(published).toEqual([epoch()]);
    planner.next(play.do({ type: "seen", epoch: epoch() + 5 }).membership);
    expect(published.at(-1)).toBe(epoch());
  });

  it("lets a bridge that joins prepare, and publishes when it has", () => {
    const first = register("1a");
    const told = published.length;
    const second = register("2a");
    expect([first.plans, second.plans, published.length]).toEqual([[], [epoch()], told]);
    planner.prepared("2a", epoch() - 1);
    planner.prepared("1a", epoch());
    expect(published).toHaveLength(told);
    planner.prepared("2a", epoch());
    expect(published.at(-1)).toBe(epoch());
  });

  it("waits for dispatchers as well, and not for one that has gone", () => {
    register("1a");
    const dispatchers = ["da", "db"].map((instance) => new FakeLink("dispatcher", instance));
    for (const link of dispatchers) links.set(link.peer.instance, link);
    register("2a");
    expect(dispatchers.map(({ plans }) => plans)).toEqual([[epoch()], [epoch()]]);
    planner.prepared("2a", epoch());
    planner.prepared("da", epoch());
    expect(published.at(-1)).toBeLessThan(epoch());
    links.delete("db");
    planner.went("db");
    expect(published.at(-1)).toBe(epoch());
    planner.went("da");
    expect(published.filter((one) => one === epoch())).toHaveLength(1);
  });

  it("does not wait for ever", () => {
    register("1a");
    register("2a");
    const told = published.length;
    vi.advanceTimersByTime(PREPARE_MS - 1);
    expect(published).toHaveLength(told);
    vi.advanceTimersByTime(1);
    expect(published.at(-1)).toBe(epoch());
  });

  it("makes a new plan of a newer change, which has no more time for it", () => {
    register("1a");
    const second = register("2a");
    vi.advanceTimersByTime(PREPARE_MS / 2);
    const third = register("3a");
    vi.advanceTimersByTime(300);
    expect([second.plans.at(-1), third.plans.at(-1)]).toEqual([epoch(), epoch()]);
    planner.prepared("2a", epoch());
    const told = published.length;
    vi.advanceTimersByTime(PREPARE_MS / 2);
    expect(published).toHaveLength(told + 1);
    expect(published.at(-1)).toBe(epoch());
  });

  it("lets others prepare for what a bridge gives that leaves, and tells it when everybody has been told", () => {
    const [first] = [register("1a"), register("2a")];
    planner.prepared("2a", epoch());
    planner.next(play.leave("2a").membership);
    let isTold = false;
    planner.whenTold(() => (isTold = true));
    vi.advanceTimersByTime(300);
    expect([first.plans, isTold]).toEqual([[epoch()], false]);
    planner.prepared("1a", epoch());
    expect([published.at(-1), isTold]).toEqual([epoch(), true]);
  });

  it("plans again after a restart, when the last of the others has come back", () => {
    for (const instance of ["1a", "2a"]) play.register(instance);
    const formed = play.membership;
    // As it is in a file: nobody has a link yet.
    play = new Play({}, { ...formed, members: formed.members.map((member) => ({ ...member, lostMs: 0 })) });
    planner.next(play.membership);
    const told = published.at(-1);
    const third = register("3a");
    register("1a");
    expect([third.plans, published.at(-1)]).toEqual([[], epoch()]);
    register("2a");
    expect(play.membership.active).toEqual(["1a", "2a", "3a"]);
    expect(epoch()).toBeGreaterThan(told ?? 0);
    expect([third.plans.at(-1), published.at(-1)]).toEqual([epoch(), epoch() - 1]);
    planner.prepared("3a", epoch());
    expect(published.at(-1)).toBe(epoch());
  });

  it("tells at once what happens because of a death, also in the middle of a plan", () => {
    register("1a");
    register("2a");
    planner.prepared("2a", epoch());
    register("3a");
    const told = published.length;
    links.delete("2a");
    planner.next(play.lose("2a").membership);
    expect(published).toHaveLength(told);
    play.atMs += 500;
    planner.next(play.do({ type: "tick" }).membership);
    expect(published.at(-1)).toBe(epoch());
    planner.prepared("3a", epoch());
    vi.advanceTimersByTime(PREPARE_MS);
    expect(published).toHaveLength(told + 1);
  });

  it("forgets a plan for a bridge that dies before it has prepared", () => {
    register("1a");
    register("2a");
    const told = published.length;
    links.delete("2a");
    planner.next(play.lose("2a").membership);
    play.atMs += 500;
    planner.next(play.do({ type: "tick" }).membership);
    expect(published).toHaveLength(told + 1);
    expect(play.membership.active).toEqual(["1a"]);
  });
});
