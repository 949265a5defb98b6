import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ReleaseFrame } from "../../../../link/index.ts";
import { Delivery } from "../../../../bridges/session/delivery.ts";
import { Downlink } from "../../../../bridges/session/downlink.ts";
import type { Session } from "../../../../bridges/session/session.ts";
import { FakeLink } from "../fake-link.ts";
import { entry, ROOMY, session } from "./entries.ts";

const BATCH_BYTES = 1_000;

describe("Delivery", () => {
  let link: FakeLink;
  let downlink: Downlink<Session>;
  let delivery: Delivery;
  let released: Session[];

  beforeEach(() => {
    vi.useFakeTimers();
    link = new FakeLink();
    downlink = new Downlink<Session>(link, 1, () => {});
    released = [];
    delivery = new Delivery({
      now: () => Date.now(),
      coalesceMs: 5,
      maxBatchBytes: BATCH_BYTES,
      maxBatchMessages: 100,
      onDirectChange: () => {},
      onReleased: (one) => released.push(one),
    });
  });
  afterEach(() => {
    delivery.stop();
    vi.useRealTimers();
  });

  function held(connection: number, isAck = false, at = downlink): Session {
    const one = session(isAck);
    one.held = { downlink: at, connection, isSocket: false, id: "1" };
    at.bind(connection, one);
    return one;
  }

  function onSocket(connection: number): Session {
    const one = session();
    one.socket = { downlink, connection, isEventSource: false };
    downlink.bind(connection, one);
    return one;
  }

  function queue(one: Session, ...entries: ReturnType<typeof entry>[]): void {
    for (const each of entries) one.push(each, ROOMY);
    delivery.schedule(one);
  }

  const seen = (frame: ReleaseFrame | undefined) => ({
    recipients: [...(frame?.recipients ?? [])],
    payload: frame?.payload.toString(),
  });

  it("answers a held connect at the end of the turn, with all that was said in it", async () => {
    const one = held(7);
    queue(one, entry(1));
    queue(one, entry(2));
    expect(link.frames).toEqual([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(link.of("release").map(seen)).toEqual([{ recipients: [7], payload: '"1","2"' }]);
    expect(one.held).toBeNull();
    expect(downlink.sessionAt(7)).toBeUndefined();
    expect(released).toEqual([one]);
  });

  it("sends what is the same for many once", async () => {
    const message = entry(1);
    for (const number of [1, 2, 3]) queue(held(number), message);
    queue(held(4), entry(2));
    await vi.advanceTimersByTimeAsync(0);
    expect(link.of("release").map(seen)).toEqual([
      { recipients: [1, 2, 3], payload: '"1"' },
      { recipients: [4], payload: '"2"' },
    ]);
  });

  it("does not take batches for the same that only begin and end alike", async () => {
    const [first, last] = [entry(1), entry(9)];
    queue(held(1), first, entry(2), last);
    queue(held(2), first, entry(3), last);
    await vi.advanceTimersByTimeAsync(0);
    expect(link.of("release").map(seen)).toEqual(
      expect.arrayContaining([
        { recipients: [1], payload: '"1","2","9"' },
        { recipients: [2], payload: '"1","3","9"' },
      ]),
    );
  });

  it("gathers for a few milliseconds while flushes follow each other closely", async () => {
    queue(held(1), entry(1));
    await vi.advanceTimersByTimeAsync(0);
    const one = held(2);
    queue(one, entry(2));
    await vi.advanceTimersByTimeAsync(4);
    queue(one, entry(3));
    expect(link.of("release")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(link.of("release").map(seen).at(-1)).toEqual({ recipients: [2], payload: '"2","3"' });
  });

  it("leaves what does not fit into one answer for the next connect", async () => {
    const one = held(1);
    queue(one, entry(1, 600), entry(2, 600));
    await vi.advanceTimersByTimeAsync(0);
    expect(one.queue.map(({ seq }) => seq)).toEqual([2]);
  });

  it("writes to a socket batch by batch", async () => {
    const one = onSocket(1);
    queue(one, entry(1, 600), entry(2, 600));
    await vi.advanceTimersByTimeAsync(0);
    expect(link.of("deliver").map(({ seq }) => seq)).toEqual([1, 2]);
    expect(one.queue).toEqual([]);
  });

  it("stops writing when the link is full, and goes on in order", async () => {
    const one = onSocket(1);
    link.isFull = true;
    queue(one, entry(1, 600), entry(2, 600), entry(3, 600));
    await vi.advanceTimersByTimeAsync(0);
    expect(link.of("deliver").map(({ seq }) => seq)).toEqual([1]);
    queue(one, entry(4, 600));
    await vi.advanceTimersByTimeAsync(10);
    expect(link.frames).toHaveLength(1);
    link.isFull = downlink.isBlocked = false;
    delivery.schedule(one);
    await vi.advanceTimersByTimeAsync(10);
    expect(link.of("deliver").map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it("does not pour all that waits into a link that is full", async () => {
    link.isFull = true;
    const sessions = Array.from({ length: 200 }, (_, index) => held(index + 1));
    for (const [index, one] of sessions.entries()) queue(one, entry(index + 1, 900));
    await vi.advanceTimersByTimeAsync(0);
    expect(link.frames.length).toBeLessThan(20);
    expect(sessions.filter(({ held: connect }) => connect === null)).toHaveLength(link.frames.length);
  });

  it("writes nothing to a paused socket, nor for a session that ended meanwhile", async () => {
    const [paused, ended] = [onSocket(1), held(2)];
    queue(paused, entry(1));
    queue(ended, entry(1));
    paused.isPaused = true;
    ended.hasEnded = true;
    await vi.advanceTimersByTimeAsync(0);
    expect(link.frames).toEqual([]);
  });

  it("answers the held connect of an ack session on a socket, and pushes nothing", async () => {
    const one = session(true);
    one.socket = { downlink, connection: 5, isEventSource: false };
    queue(one, entry(1));
    await vi.advanceTimersByTimeAsync(10);
    expect(link.frames).toEqual([]);
    one.held = { downlink, connection: 5, isSocket: true, id: "1" };
    delivery.schedule(one);
    await vi.advanceTimersByTimeAsync(10);
    expect(link.of("release")).toMatchObject([{ isFinal: false, payload: entry(1).bytes }]);
  });

  it("ends held connects without messages in one frame per link", () => {
    const other = new FakeLink("other");
    const otherDownlink = new Downlink<Session>(other, 2, () => {});
    const sessions = [held(1), held(2), held(1, false, otherDownlink)];
    delivery.releaseEmpty([...sessions, session()]);
    expect(link.of("release").map(seen)).toEqual([{ recipients: [1, 2], payload: "" }]);
    expect(other.of("release").map(seen)).toEqual([{ recipients: [1], payload: "" }]);
    expect(released).toEqual(sessions);
  });
});
