import { describe, expect, it } from "vitest";
import { entry, ROOMY, session } from "./entries.ts";

/** An ack session that was sent message 1 with batch 1. */
function withBatch() {
  const one = session(true);
  one.push(entry(1), ROOMY);
  one.batch = 1;
  one.take(1_000);
  return one;
}

const numbers = (queue: readonly { seq: number }[]) => queue.map(({ seq }) => seq);

describe("Session", () => {
  it("queues a batch again, before what came since, when the client does not have it", () => {
    const one = withBatch();
    one.push(entry(2), ROOMY);
    one.acknowledge(0);
    expect(numbers(one.queue)).toEqual([1, 2]);
  });

  it("forgets a batch that the client has", () => {
    const one = withBatch();
    one.acknowledge(1);
    one.acknowledge(0);
    expect(one.queue).toEqual([]);
  });

  it("resends a batch as often as it is lost", () => {
    const one = withBatch();
    one.acknowledge(0);
    one.batch = 2;
    expect(numbers(one.take(1_000))).toEqual([1]);
    one.acknowledge(0);
    expect(numbers(one.queue)).toEqual([1]);
  });

  it("keeps a batch only for ack sessions", () => {
    const one = session();
    one.push(entry(1), ROOMY);
    one.take(1_000);
    one.acknowledge(0);
    expect(one.queue).toEqual([]);
  });

  it("takes a made-up acknowledgement for one of the newest batch", () => {
    const one = withBatch();
    one.acknowledge(99);
    expect(one.lastAck).toBe(1);
  });

  it("takes as many messages as fit, in order, and counts their bytes off", () => {
    const one = session();
    for (const seq of [1, 2, 3]) one.push(entry(seq, 10), ROOMY);
    expect(numbers(one.take(24))).toEqual([1, 2]);
    expect(one.room(ROOMY)).toEqual({ maxQueuedMessages: 99, maxQueuedBytes: 999_988 });
    expect(numbers(one.take(24))).toEqual([3]);
    expect(one.take(24)).toEqual([]);
  });

  it("takes one message that is larger than a batch may be", () => {
    const one = session();
    one.push(entry(1, 100), ROOMY);
    expect(numbers(one.take(10))).toEqual([1]);
  });

  it("says when more messages wait than may, what is not acknowledged included", () => {
    const limits = { maxQueuedMessages: 2, maxQueuedBytes: 1_000 };
    const one = withBatch();
    expect(one.push(entry(2), limits)).toBe(true);
    expect(one.push(entry(3), limits)).toBe(false);
  });

  it("says when more bytes wait than may", () => {
    const limits = { maxQueuedMessages: 10, maxQueuedBytes: 24 };
    const one = session();
    expect(one.push(entry(1, 10), limits)).toBe(true);
    expect(one.push(entry(2, 10), limits)).toBe(true);
    expect(one.push(entry(3, 10), limits)).toBe(false);
  });
});
