import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { WholeStack } from "../support/whole-stack.ts";

const FROM_IRC = Array.from({ length: 200 }, (_, index) => `irc ${index}`);
const OWN = Array.from({ length: 50 }, (_, index) => `own ${index}`);

describe("a stack with one bridge and two dispatchers behind a balancer without affinity", () => {
  let stack: WholeStack;
  beforeAll(async () => {
    stack = await WholeStack.start();
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it.for([
    { transport: "long-polling", isAck: false },
    { transport: "long-polling", isAck: true },
    { transport: "websocket", isAck: false },
    { transport: "websocket", isAck: true },
  ] as const)("brings every message once and in order over $transport, acknowledged: $isAck", async (options) => {
    const room = `r${randomUUID().slice(0, 8)}`;
    await using irc = await RawIrc.login(stack.ircd, `i${randomUUID().slice(0, 6)}`, `#${room}`);
    const before = [...stack.proxy.counts];
    await using client = await CometdClient.open(stack.url, { ...options, name: "alice" });
    const heard = await client.subscribe(`/${room}`);

    const speak = async () => {
      for (const [index, text] of FROM_IRC.entries()) {
        irc.say(`#${room}`, text);
        if (index % 10 === 9) await irc.taken();
      }
    };
    const publish = async () => {
      for (const text of OWN) {
        expect(await client.publish(`/${room}`, { text })).toMatchObject({ successful: true });
      }
    };
    await Promise.all([speak(), publish()]);
    await vi.waitFor(() => expect(heard.length).toBeGreaterThanOrEqual(FROM_IRC.length + OWN.length), 15_000);

    const texts = textsOf(heard);
    expect(texts.filter((text) => text.startsWith("irc"))).toEqual(FROM_IRC);
    expect(texts.filter((text) => text.startsWith("own"))).toEqual(OWN);
    expect(texts).toHaveLength(FROM_IRC.length + OWN.length);
    expect(client.handshakes).toHaveLength(1);
    expect(client.failures).toEqual([]);
    expect([...client.clientIds]).toEqual([client.clientId]);
    if (options.transport === "long-polling") {
      const shares = stack.proxy.counts.map((count, index) => count - (before[index] ?? 0));
      expect(Math.min(...shares)).toBeGreaterThan(OWN.length / 2);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }
  });
});
