import { randomUUID } from "node:crypto";
import { expect, vi } from "vitest";
import { CometdClient, textsOf } from "./cometd-client.ts";
import { RawIrc } from "./raw-irc.ts";
import type { WholeStack } from "./whole-stack.ts";

/** Passes one message each way, through every process of a stack. */
export async function expectServing(stack: WholeStack): Promise<void> {
  for (const tier of [stack.bridge, ...stack.dispatchers]) expect(tier.isRunning).toBe(true);
  const room = `r${randomUUID().slice(0, 8)}`;
  await using irc = await RawIrc.login(stack.ircd, `w${randomUUID().slice(0, 6)}`, `#${room}`);
  for (const transport of ["long-polling", "websocket"] as const) {
    await using client = await CometdClient.open(stack.url, { transport, name: "witness" });
    const heard = await client.subscribe(`/${room}`);
    expect(await client.publish(`/${room}`, { text: `over ${transport}` })).toMatchObject({ successful: true });
    await irc.waitFor((line) => line.endsWith(` :<witness> over ${transport}`));
    irc.say(`#${room}`, "seen");
    await vi.waitFor(() => expect(textsOf(heard)).toEqual([`over ${transport}`, "seen"]), 5_000);
  }
}
