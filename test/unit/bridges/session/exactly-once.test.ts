import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SlowReaderPolicy } from "../../../../bridges/session/slow-readers.ts";
import type { Message } from "../fakes.ts";
import { Stage } from "../stage.ts";
import { MODEL_CHANNELS, play, step } from "./model.ts";

const RUNS = 300;

/** What one channel brought, against how much was said in it. */
type Verify = (got: readonly Message[], said: number) => void;

const steps = fc.array(step, { minLength: 10, maxLength: 80, size: "max" });
const counting = (to: number) => Array.from({ length: to }, (_, index) => index + 1);
const numbersOf = (got: readonly Message[]) => got.map(({ data }) => data);

async function check(isAck: boolean, verify: Verify): Promise<void> {
  const property = fc.asyncProperty(steps, async (some) => {
    await using stage = await Stage.start();
    const { client, said } = await play(stage, some, isAck);
    for (const channel of MODEL_CHANNELS) verify(client.got[channel], said[channel]);
  });
  await fc.assert(property, { numRuns: RUNS });
}

describe("delivery, whatever happens to polls, answers, sockets and links", () => {
  it("brings an ack session every message exactly once, in order", async () => {
    await check(true, (got, said) => {
      expect(numbersOf(got)).toEqual(counting(said));
    });
  });

  it("brings a session without acks no message twice, and none out of order", async () => {
    await check(false, (got) => {
      expect(numbersOf(got)).toEqual([...new Set(numbersOf(got))].toSorted((a, b) => Number(a) - Number(b)));
    });
  });
});

/** The number at a place of a message; 0 where there is none. */
function numberAt(message: unknown, ...path: readonly string[]): number {
  let value = message;
  for (const key of path) value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  return typeof value === "number" ? value : 0;
}

/** How many messages a notice, or a note on a message, says are missing before what follows. */
function missingBefore(message: Message): number {
  return numberAt(message, "data", "gap", "count") + numberAt(message, "ext", "tailspin", "conflated");
}

describe("delivery to readers that are too slow, whatever happens beside that", () => {
  const policy = fc.constantFrom<SlowReaderPolicy>("drop-oldest", "conflate");

  async function checkSlow(isAck: boolean, verify: Verify): Promise<void> {
    const property = fc.asyncProperty(steps, policy, policy, async (some, lobby, stocks) => {
      await using stage = await Stage.start({
        maxQueuedMessages: 8,
        slowReaders: [
          { channels: "/stocks/*", policy: stocks },
          { channels: "/**", policy: lobby },
        ],
      });
      const { client, said } = await play(stage, some, isAck);
      for (const channel of MODEL_CHANNELS) verify(client.got[channel], said[channel]);
    });
    await fc.assert(property, { numRuns: RUNS });
  }

  it("brings an ack session every message once, or tells how many are missing and where", async () => {
    await checkSlow(true, (got, said) => {
      let next = 0;
      for (const message of got) {
        next += missingBefore(message);
        if (typeof message["data"] === "number") expect(message["data"]).toBe(++next);
      }
      expect(next).toBe(said);
    });
  });

  it("brings a session without acks none twice or out of order, and tells of no more than are missing", async () => {
    await checkSlow(false, (got, said) => {
      let known = 0;
      for (const message of got) {
        known += missingBefore(message);
        if (typeof message["data"] !== "number") continue;
        expect(message["data"]).toBeGreaterThan(known);
        known = message["data"];
      }
      expect(known).toBeLessThanOrEqual(said);
    });
  });
});
