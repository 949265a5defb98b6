import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LocalStack } from "../support/local-stack.ts";
import { MoodyNetwork } from "../support/moody-network.ts";
import { conversation } from "./conversation.ts";
import { Talk } from "./talk.ts";

const CONVERSATIONS = 1_200;
const NOTHING = { sessions: 0, channels: 0, patterns: 0, puppets: 0, connections: 0, exchanges: 0 };

describe("any conversation with a dispatcher and its bridge", () => {
  const network = new MoodyNetwork();
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await LocalStack.start({
      network,
      dispatchers: 2,
      bridge: { connectTimeoutMs: 30, sessionTimeoutMs: 1_500, joinTimeoutMs: 60, publishHoldMs: 60, leaveAfterMs: 50 },
    });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("is answered in every part, and leaves nothing behind, whether its sessions say goodbye or not", async () => {
    const errors = new Map<string, number>();
    let successes = 0;
    const property = fc.asyncProperty(conversation, fc.boolean(), fc.nat({ max: 1 }), async (steps, says, index) => {
      const talk = new Talk(stack.port(index));
      await talk.hold(steps);
      if (says) await talk.leave();
      for (const { successful, error } of talk.replies) {
        if (successful === true) successes += 1;
        else errors.set(String(error).slice(0, 3), (errors.get(String(error).slice(0, 3)) ?? 0) + 1);
      }
    });
    await fc.assert(property, { numRuns: CONVERSATIONS, endOnFailure: true });

    // All kinds of answers were reached, or the property has said little.
    expect(successes).toBeGreaterThan(CONVERSATIONS);
    const reached = ["400", "402", "403", "404", "405", "413", "503", "504"];
    expect([...errors.keys()]).toEqual(expect.arrayContaining(reached));
    await vi.waitFor(() => expect(stack.bridge.census).toEqual(NOTHING), 20_000);
    await vi.waitFor(() => expect(stack.openConnections).toBe(0), 5_000);
    expect(network.joined).toBe(0);
  });
});
