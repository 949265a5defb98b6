import { randomUUID } from "node:crypto";
import type { Message } from "cometd";
import { describe, expect, it, vi } from "vitest";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { InjectingProxy } from "../support/injecting-proxy.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, startNgircd } from "../support/servers.ts";
import { startBridge, startDispatcher } from "../support/stack.ts";
import { WholeStack } from "../support/whole-stack.ts";

const HOLD_MS = 4_000;
/** Reconnects fast, so that the tests need not wait for a random quarter of a minute. */
const BRIDGE_FLAGS = ["--bridge-publish-hold-ms", String(HOLD_MS), "--irc-reconnect-max-ms", "300"];
/** Publishes of each browser that are on their way together. */
const BATCH = 10;

describe.for([
  ["ngIRCd", startNgircd],
  ["the embedded server", startEmbedded],
] as const)("publishing while the IRC server is away, on %s", ([, startServer]) => {
  it("is held, accepted when the server is back in time, and else a clear error", async () => {
    await using stack = await WholeStack.start({ startServer, bridgeFlags: BRIDGE_FLAGS });
    const room = `r${randomUUID().slice(0, 8)}`;
    await using alice = await CometdClient.open(stack.url, { transport: "long-polling", name: "alice" });
    await using bob = await CometdClient.open(stack.url, { transport: "websocket", name: "bob" });
    const heard = await bob.subscribe(`/${room}`);
    expect(await alice.publish(`/${room}`, { text: "before" })).toMatchObject({ successful: true });

    await stack.ircd.stop();
    let held: Message | undefined;
    const answered = alice.publish(`/${room}`, { text: "held" }).then((reply) => (held = reply));
    await vi.waitFor(() => expect(stack.bridge.log.join("\n")).toMatch(/network down/), 5_000);
    expect(held).toBeUndefined();
    await stack.ircd.start();
    expect(await answered).toMatchObject({ successful: true });
    await vi.waitFor(() => expect(textsOf(heard)).toEqual(["before", "gap", "gap", "held"]), 5_000);
    const [before, gap, wholeGap, first] = heard;
    expect(before?.ext).toMatchObject({ tailspin: { id: expect.stringMatching(/./) } });
    const told = { reason: expect.stringMatching(/\w/) as string, after: idOf(before) };
    expect(gap).toMatchObject({ data: { gap: { ...told, before: null } } });
    expect(wholeGap).toMatchObject({ data: { gap: { ...told, before: idOf(first) } } });
    expect(gap?.ext).toMatchObject({ tailspin: { gap: true, network: "irc", time: expect.any(String) } });

    await stack.ircd.stop();
    const startedAt = performance.now();
    const refused = await alice.publish(`/${room}`, { text: "refused" });
    expect(refused).toMatchObject({ successful: false, error: expect.stringMatching(/^503:.*:.*\w/) });
    expect(performance.now() - startedAt).toBeLessThan(HOLD_MS + 2_000);
    await stack.ircd.start();
    // The refused one has not been sent after all.
    await vi.waitFor(async () => {
      expect(await alice.publish(`/${room}`, { text: "after" })).toMatchObject({ successful: true });
    }, 10_000);
    await vi.waitFor(() => expect(textsOf(heard)).toContain("after"), 5_000);
    expect(textsOf(heard)).not.toContain("refused");
    expect([alice, bob].map(({ handshakes }) => handshakes.length)).toEqual([1, 1]);
  });

  it("is never answered with success for a message that is lost", async () => {
    await using ircd = await startServer();
    await using proxy = await InjectingProxy.start(ircd);
    await using bridge = await startBridge(proxy, ...BRIDGE_FLAGS);
    await using dispatcher = await startDispatcher([bridge]);
    const room = `r${randomUUID().slice(0, 8)}`;
    await using first = await RawIrc.login(ircd, "first", `#${room}`);
    await using alice = await CometdClient.open(dispatcher.url, {
      transport: "long-polling",
      name: "alice",
      isAck: true,
    });
    await using bob = await CometdClient.open(dispatcher.url, { transport: "websocket", name: "bob", isAck: true });
    const heards = [await alice.subscribe(`/${room}`), await bob.subscribe(`/${room}`)];

    const accepted: string[] = [];
    const refused: [text: string, error: string | undefined][] = [];
    let isOver = false;
    const publish = async (client: CometdClient, name: string) => {
      // Before, during, and a while after.
      for (let index = 0, rest = 5; rest > 0; index += BATCH, rest -= isOver ? 1 : 0) {
        const texts = Array.from({ length: BATCH }, (_, offset) => `${name} ${index + offset}`);
        const replies = await Promise.all(texts.map((text) => client.publish(`/${room}`, { text })));
        for (const [place, reply] of replies.entries()) {
          const text = texts[place] ?? "";
          if (reply.successful === true) accepted.push(text);
          else refused.push([text, reply.error]);
        }
      }
    };
    const restart = async () => {
      await first.waitFor(/ PRIVMSG \S+ :<alice> alice 50$/, 15_000);
      // The server dies with messages that have left us and never reached it.
      proxy.swallowFromClients();
      await vi.waitFor(() => expect(proxy.swallowed).toContain("PRIVMSG"), 5_000);
      await ircd.kill();
      await ircd.start();
      isOver = true;
    };
    await Promise.all([publish(alice, "alice"), publish(bob, "bob"), restart()]);

    // Nothing is silent: each publish is answered, and what was not accepted has a reason.
    expect(refused.length).toBeGreaterThan(0);
    for (const [, error] of refused) expect(error).toMatch(/^50[34]:.*:.*\w/);
    expect(accepted.length).toBeGreaterThan(10 * BATCH);

    // The network's witnesses: who was on IRC before, and everybody in a browser.
    await vi.waitFor(() => {
      for (const heard of heards) expect(textsOf(heard)).toContain(accepted.at(-1));
    }, 5_000);
    const onIrc = first.lines.flatMap((line) => / PRIVMSG \S+ :<\w+> (.*)$/.exec(line)?.[1] ?? []);
    for (const heard of heards) {
      const texts = textsOf(heard);
      const seen = new Set([...onIrc, ...texts]);
      expect(accepted.filter((text) => !seen.has(text))).toEqual([]);
      // One gap, told at once, and again with its end where that was not known.
      const gaps = heard.map(({ data }) => Reflect.get(Object(data), "gap")).filter((gap) => gap !== undefined);
      expect(new Set(gaps.map((gap) => Reflect.get(Object(gap), "after"))).size).toBe(1);
      expect(gaps.filter((gap) => Reflect.get(Object(gap), "before") !== null)).toHaveLength(1);
      const said = texts.filter((text) => text !== "gap");
      expect(new Set(said).size).toBe(said.length);
    }
    expect(textsOf(heards[0] ?? [])).toEqual(textsOf(heards[1] ?? []));
  });
});

/** The delivery id of a message. */
function idOf(message: Message | undefined): unknown {
  const ext: { tailspin?: { id?: unknown } } = message?.ext ?? {};
  return ext.tailspin?.id;
}
