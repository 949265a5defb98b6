import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { CometdClient } from "../support/cometd-client.ts";
import { startEmbedded, startNgircd } from "../support/servers.ts";
import { WholeStack } from "../support/whole-stack.ts";

const KIB = 1_024;

/** An object of many kinds of values whose JSON has exactly so many bytes. */
function objectOf(bytes: number): object {
  const fixed = {
    whole: 42,
    small: -1.5e-7,
    large: 1e21,
    yes: true,
    nothing: null,
    empty: {},
    list: [[], "", 0, [1, [2, [3]]]],
    words: 'Zürich 東京 🛰️ é <alice> ~abcd 1/2 \\ " \u0001 \r\n \u2028',
    "a key, with: signs": { __proto: "own", "0": "first", nested: { deep: [{ deeper: "end" }] } },
    filler: "",
  };
  const missing = bytes - Buffer.byteLength(JSON.stringify(fixed));
  const pattern = "the quick brown fox, 0123456789; ";
  return { ...fixed, filler: pattern.repeat(Math.ceil(missing / pattern.length)).slice(0, missing) };
}

describe.for([
  ["ngIRCd", startNgircd],
  ["the embedded server", startEmbedded],
] as const)("JSON that one browser publishes, through %s", ([, startServer]) => {
  it("arrives at another browser and at its publisher with the same JSON.stringify", async () => {
    await using stack = await WholeStack.start({ startServer });
    const room = `r${randomUUID().slice(0, 8)}`;
    await using alice = await CometdClient.open(stack.url, { transport: "long-polling", name: "alice" });
    await using bob = await CometdClient.open(stack.url, { transport: "websocket", name: "bob", isAck: true });
    const heards = [await alice.subscribe(`/${room}`), await bob.subscribe(`/${room}`)];

    const published = [5_000, 64 * KIB, 400, 5_000].map(objectOf);
    expect(published.map((data) => Buffer.byteLength(JSON.stringify(data)))).toEqual([5_000, 65_536, 400, 5_000]);
    for (const data of published) {
      expect(await alice.publish(`/${room}`, data)).toMatchObject({ successful: true });
    }
    await vi.waitFor(() => heards.forEach((heard) => expect(heard).toHaveLength(published.length)), 15_000);
    for (const heard of heards) {
      const got = heard.map(({ data }) => JSON.stringify(data));
      expect(got).toEqual(published.map((data) => JSON.stringify(data)));
      for (const { ext } of heard) expect(ext).toMatchObject({ tailspin: { from: "alice", network: "irc" } });
    }
  });
});
