import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WaitingRoom } from "../../../../bridges/moves/waiting-room.ts";
import { Downlink } from "../../../../bridges/session/downlink.ts";
import type { Session } from "../../../../bridges/session/session.ts";
import type { RequestFrame } from "../../../../link/index.ts";
import { FakeLink, NO_CONTEXT } from "../fakes.ts";

const WAIT_MS = 2_000;

function request(route: number, connection: number, text = "[]"): RequestFrame {
  const payload = Buffer.from(text);
  return { type: "request", route, connection, isSocket: true, mayHold: false, context: NO_CONTEXT, payload };
}

describe("WaitingRoom", () => {
  const [one, other] = [1, 2].map((index) => new Downlink<Session>(new FakeLink(), index, () => {})) as [
    Downlink<Session>,
    Downlink<Session>,
  ];
  let over: number[];
  let room: WaitingRoom;
  beforeEach(() => {
    vi.useFakeTimers();
    over = [];
    room = new WaitingRoom({ maxBytes: 2_000, waitMs: WAIT_MS, onOver: (route) => over.push(route) });
  });
  afterEach(() => {
    room[Symbol.dispose]();
    vi.useRealTimers();
  });

  /** What comes out for a route. */
  function opened(route: number): string[] {
    return room.open(route).map(({ frame: { type, connection } }) => `${type} ${connection}`);
  }

  it("keeps the order of a route, with what is said of its connections in between", () => {
    room.keep(one, request(1, 7));
    expect(room.keepFlow(one, { type: "pause", connection: 7 })).toBe(true);
    expect(room.keepFlow(one, { type: "pause", connection: 8 })).toBe(false);
    expect(room.keepFlow(other, { type: "pause", connection: 7 })).toBe(false);
    room.keep(other, request(2, 7));
    room.keep(one, request(1, 9));
    expect(opened(1)).toEqual(["request 7", "pause 7", "request 9"]);
    expect(opened(1)).toEqual([]);
    expect(room.keepFlow(one, { type: "resume", connection: 7 })).toBe(false);
    expect(room.routes).toEqual([2]);
  });

  it("keeps what it was given, though the chunk that it came in is used again", () => {
    const frame = request(1, 7, "[1]");
    room.keep(one, frame);
    frame.payload.fill("x");
    const [kept] = room.open(1);
    expect(kept?.frame.type === "request" && kept.frame.payload.toString()).toBe("[1]");
  });

  it("forgets the requests of browsers and dispatchers that have gone", () => {
    for (const connection of [7, 8]) room.keep(one, request(1, connection));
    room.keep(other, request(1, 7));
    room.closed(one, { type: "closed", connection: 7 });
    room.closed(one, { type: "closed", connection: 9 });
    expect(opened(1)).toEqual(["request 8", "request 7"]);
    room.keep(one, request(1, 7));
    room.keep(other, request(1, 8));
    room.down(one);
    expect(opened(1)).toEqual(["request 8"]);
  });

  it("takes no more than it may, and has room again for what has gone", () => {
    const large = "x".repeat(1_000);
    expect([room.keep(one, request(1, 7, large)), room.keep(one, request(1, 8, large))]).toEqual([true, false]);
    room.closed(one, { type: "closed", connection: 7 });
    expect(room.keep(one, request(1, 8, large))).toBe(true);
    room.open(1);
    expect(room.keep(one, request(1, 8, large))).toBe(true);
    room.down(one);
    expect(room.keep(one, request(1, 8, large))).toBe(true);
  });

  it("says when a route's requests have waited long enough, and not of those that have gone", () => {
    room.keep(one, request(1, 7));
    room.keep(one, request(2, 8));
    vi.advanceTimersByTime(WAIT_MS - 1);
    room.keep(one, request(1, 9));
    room.open(2);
    vi.advanceTimersByTime(1);
    expect(over).toEqual([1]);
  });
});
