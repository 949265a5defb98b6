import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Tickets } from "../../../dispatcher/tickets.ts";
import { FaultCounter, type TicketNote } from "../../../link/index.ts";
import { ALICE, BOB } from "../../support/dispatchers.ts";

const ALL = new Set([1, 2]);
const anybody = () => true;
const note = (clientId: string, fields: Partial<TicketNote> = {}): TicketNote => {
  return { clientId, version: 1, keepMs: 1_000, ticket: "text", batch: 0, before: 0, after: 0, ...fields };
};

describe("Tickets", () => {
  let faults: FaultCounter;
  let tickets: Tickets;

  const start = (maxBytes: number) => {
    faults = new FaultCounter(pino({ level: "silent" }), Date.now);
    tickets = new Tickets({ maxBytes, now: () => Date.now(), faults });
  };
  const give = (instance: string, ...kept: TicketNote[]) => tickets.take(instance, { kept, ended: [] }, anybody);
  const held = () => tickets.of(ALL).tickets;

  beforeEach(() => {
    vi.useFakeTimers();
    start(1_000_000);
  });
  afterEach(() => {
    tickets[Symbol.dispose]();
    vi.useRealTimers();
  });

  it("keeps the newest ticket of a session, with how far it is by whatever was told", () => {
    give("one", note(ALICE, { version: 2, ticket: "new", batch: 3, before: 10, after: 20 }));
    give("one", note(ALICE, { version: 1, ticket: "old" }));
    tickets.reached("one", ALICE, { batch: 4, before: 20, after: 25 });
    tickets.reached("one", ALICE, { batch: 3, before: 10, after: 20 });
    give("one", note(ALICE, { version: 3, ticket: "newer", batch: 3, before: 10, after: 20 }));
    expect(held()).toEqual([
      { clientId: ALICE, version: 3, instance: "one", ticket: "newer", batch: 4, before: 20, after: 25 },
    ]);
  });

  it("takes numbers only from the bridge whose they are", () => {
    give("one", note(ALICE, { after: 5 }));
    tickets.wrote("one", ALICE, 9);
    tickets.wrote("one", ALICE, 7);
    tickets.wrote("two", ALICE, 50);
    tickets.reached("two", ALICE, { batch: 0, before: 50, after: 50 });
    expect(held()).toMatchObject([{ instance: "one", after: 9 }]);
    give("two", note(ALICE, { version: 2, after: 1 }));
    expect(held()).toMatchObject([{ instance: "two", after: 1 }]);
  });

  it("forgets a session that has ended, if its bridge says so", () => {
    give("one", note(ALICE), note(BOB));
    tickets.take("two", { kept: [], ended: [ALICE] }, anybody);
    expect(tickets.size).toBe(2);
    tickets.take("one", { kept: [], ended: [ALICE] }, anybody);
    expect([tickets.has(ALICE), tickets.has(BOB)]).toEqual([false, true]);
    expect(tickets.bytes).toBeGreaterThan(0);
    tickets.take("one", { kept: [], ended: [BOB] }, anybody);
    expect(tickets.bytes).toBe(0);
  });

  it("takes nothing from who may not speak for the route", () => {
    tickets.take("old", { kept: [note(ALICE), note(BOB)], ended: [] }, (_, route) => route === 2);
    expect(held().map(({ clientId }) => clientId)).toEqual([BOB]);
    tickets.take("old", { kept: [], ended: [BOB] }, () => false);
    expect(tickets.has(BOB)).toBe(true);
  });

  it("keeps them for as long as their bridges said since they were heard of", () => {
    give("one", note(ALICE), note(BOB));
    vi.advanceTimersByTime(600);
    tickets.touch(ALICE);
    vi.advanceTimersByTime(600);
    tickets.sweep();
    expect([tickets.has(ALICE), tickets.has(BOB)]).toEqual([true, false]);
    vi.advanceTimersByTime(2_000);
    expect(tickets.size).toBe(0);
  });

  it("stays within its bound: what was heard of longest ago goes first, and is counted", () => {
    start(3 * (256 + 2 * 1_000));
    const ids = ["a", "b", "c", "d"].map((letter) => `001${letter.repeat(26)}`);
    const [first = "", second = "", , last = ""] = ids;
    for (const clientId of ids.slice(0, 3)) give("one", note(clientId, { ticket: "x".repeat(1_000) }));
    expect(Object.fromEntries(faults.counts())).toEqual({});
    tickets.touch(first);
    give("one", note(last, { ticket: "x".repeat(1_000) }));
    expect(ids.map((clientId) => tickets.has(clientId))).toEqual([true, false, true, true]);
    expect(tickets.has(second)).toBe(false);
    expect(Object.fromEntries(faults.counts())).toEqual({ "tickets.full": 1 });
  });

  it("hands over what is asked for, and what its numbers mean, and keeps it", () => {
    give("one", note(ALICE));
    give("two", note(BOB));
    tickets.said("one", [{ seq: 1, channel: "/a", id: "m1" }]);
    tickets.said("two", [{ seq: 1, channel: "/a", id: "m2" }]);
    tickets.down("one");
    const { tickets: found, channels } = tickets.of(new Set([1]));
    expect(found.map(({ clientId }) => clientId)).toEqual([ALICE]);
    expect(channels).toEqual([{ instance: "one", channel: "/a", seqs: [1], ids: ["m1"], isCut: false }]);
    expect(tickets.size).toBe(2);
  });

  it("forgets what a bridge said some time after it is gone, not while it is there", () => {
    give("one", note(ALICE, { keepMs: 1_000_000 }));
    tickets.up("one");
    tickets.said("one", [{ seq: 1, channel: "/a", id: "m1" }]);
    vi.advanceTimersByTime(200_000);
    expect(tickets.of(ALL).channels).toHaveLength(1);
    tickets.down("one");
    vi.advanceTimersByTime(100_000);
    expect(tickets.of(ALL).channels).toHaveLength(1);
    vi.advanceTimersByTime(30_000);
    expect(tickets.of(ALL).channels).toEqual([]);
  });
});
