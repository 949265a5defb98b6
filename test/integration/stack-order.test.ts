import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, startNgircd } from "../support/servers.ts";
import { WholeStack } from "../support/whole-stack.ts";

const EACH = 100;
const ROUND = 5;
const ALL = 3 * EACH;

/** What was said in a room, as an IRC client was shown it; browsers' names before their words are taken off. */
function saidTo(irc: RawIrc): string[] {
  return irc.lines.flatMap((line) => / PRIVMSG \S+ :(?:<\w+> )?(.*)$/.exec(line)?.[1] ?? []);
}

describe("two browsers and an IRC client that all speak in one room", () => {
  it.for([
    ["ngIRCd, which shows nobody their own words", startNgircd, []],
    ["the embedded server, which echoes", startEmbedded, ["echo-message"]],
  ] as const)("see the same order on %s", async ([, startServer, capabilities]) => {
    await using stack = await WholeStack.start({ startServer });
    const room = `r${randomUUID().slice(0, 8)}`;
    await using observer = await RawIrc.login(stack.ircd, "observer", `#${room}`);
    await using carol = await RawIrc.connect(stack.ircd.host, stack.ircd.port);
    await carol.register("carol", capabilities);
    await carol.join(`#${room}`);
    await using alice = await CometdClient.open(stack.url, { transport: "long-polling", name: "alice", isAck: true });
    await using bob = await CometdClient.open(stack.url, { transport: "websocket", name: "bob" });
    const heardByAlice = await alice.subscribe(`/${room}`);
    const heardByBob = await bob.subscribe(`/${room}`);

    // Round by round, so that nobody runs ahead; within a round they meet on their way.
    for (let index = 0; index < EACH; index += ROUND) {
      const numbers = Array.from({ length: ROUND }, (_, offset) => index + offset);
      const publish = (client: CometdClient, name: string) =>
        Promise.all(numbers.map((number) => client.publish(`/${room}`, { text: `${name} ${number}` })));
      const speak = async () => {
        for (const number of numbers) carol.say(`#${room}`, `carol ${number}`);
        await carol.taken();
        return [];
      };
      const replies = await Promise.all([publish(alice, "alice"), publish(bob, "bob"), speak()]);
      for (const reply of replies.flat()) expect(reply).toMatchObject({ successful: true });
    }
    await vi.waitFor(() => {
      for (const heard of [heardByAlice, heardByBob]) expect(heard.length).toBeGreaterThanOrEqual(ALL);
      expect(saidTo(observer).length).toBeGreaterThanOrEqual(ALL);
    }, 15_000);

    const order = saidTo(observer);
    expect(order).toHaveLength(ALL);
    expect(new Set(order).size).toBe(ALL);
    expect(textsOf(heardByAlice)).toEqual(order);
    expect(textsOf(heardByBob)).toEqual(order);
    const isEchoed = capabilities.length > 0;
    expect(saidTo(carol)).toEqual(isEchoed ? order : order.filter((text) => !text.startsWith("carol")));
    // Each one's own words stay in their order, and the three are mixed.
    for (const name of ["alice", "bob", "carol"]) {
      const own = Array.from({ length: EACH }, (_, index) => `${name} ${index}`);
      expect(order.filter((text) => text.startsWith(name))).toEqual(own);
      expect(order.slice(0, EACH)).not.toEqual(own);
    }
  });
});
