import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeMapping, mappingSchema } from "../../bridges/index.ts";
import { ircNames } from "../../bridges/irc/index.ts";
import { startIrcNetwork, type StartedIrc } from "../support/irc-networks.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { IRC_SERVERS } from "../support/servers.ts";
import { FakeIrcd, type FakeClient } from "../unit/bridges/irc/fake-ircd.ts";

const WAIT = { timeout: 10_000, interval: 5 };

describe.each(Object.entries(IRC_SERVERS))("discovery on %s", (_name, startServer) => {
  it("finds what exists, without what is secret or has no name here", async () => {
    await using server = await startServer();
    await using ann = await RawIrc.login(server, "ann", "#a", "#chat.+room1", "#secret", "#=zz", "#help", "#support");
    ann.send("MODE #secret +s");
    ann.send("TOPIC #a :about this and that");
    await ann.taken();
    const rules = mappingSchema.parse([
      { channels: "/irc/support", name: "#Help" },
      { channels: "/irc/**", stripPrefix: true },
      { channels: "/**", access: "none" },
    ]);
    const naming = makeMapping(rules, [{ name: "irc", names: ircNames }]).naming("irc");
    await using bridge = await startIrcNetwork(server, { naming });
    const long = `/irc/${"Long/".repeat(40)}name`;
    await bridge.network.join(long);
    // The topic is written after the join.
    await vi.waitFor(async () => expect(await bridge.network.discover(100)).toContain(long), WAIT);
    const found = await bridge.network.discover(100);
    expect(found.toSorted()).toEqual(["/irc/a", "/irc/chat/Room1", long, "/irc/support"].toSorted());
    expect(await bridge.network.discover(2)).toHaveLength(2);
    await bridge.network.join("/irc/support");
    ann.say("#help", "hello");
    ann.say("#support", "not here");
    await vi.waitFor(() => expect(bridge.inbox.messages).toHaveLength(1), WAIT);
    expect(bridge.inbox.messages[0]).toMatchObject({ channel: "/irc/support", data: { text: "hello" } });
    await expect(bridge.network.join("/irc/help")).rejects.toMatchObject({ kind: "refused" });
  });
});

describe("discovery", () => {
  let ircd: FakeIrcd;
  let bridge: StartedIrc;
  let asked: FakeClient[];
  const end = (): void => asked.at(-1)?.send(":srv 323 x :End of list");
  const channels = (from: number, to: number): void => {
    for (let number = from; number < to; number += 1) asked.at(-1)?.send(`:srv 322 x #c${number} 1 :topic`);
  };
  const hasAsked = (times: number) => vi.waitFor(() => expect(asked).toHaveLength(times), WAIT);
  const begin = async (settings: Record<string, unknown> = {}): Promise<void> => {
    bridge = await startIrcNetwork({ host: "127.0.0.1", port: ircd.port }, settings);
  };
  beforeEach(async () => {
    ircd = await FakeIrcd.start();
    asked = [];
    ircd.script = (client, command) => {
      if (command === "LIST") asked.push(client);
      return command === "LIST";
    };
  });
  afterEach(async () => {
    await bridge[Symbol.asyncDispose]();
    await ircd[Symbol.asyncDispose]();
  });

  it("asks once for all who ask meanwhile, and takes no more than is wanted", async () => {
    await begin();
    const answers = [bridge.network.discover(11_000), bridge.network.discover(10)];
    await hasAsked(1);
    channels(0, 12_000);
    end();
    expect((await Promise.all(answers)).map((found) => found.length)).toEqual([11_000, 10]);
    expect(asked).toHaveLength(1);
  });

  it("asks again for who wants more than the list under way may hold", async () => {
    await begin();
    const few = bridge.network.discover(2);
    const many = bridge.network.discover(10);
    await hasAsked(1);
    channels(0, 5);
    end();
    expect(await few).toHaveLength(2);
    await hasAsked(2);
    channels(0, 5);
    end();
    expect(await many).toHaveLength(5);
  });

  it("says why there is no list", async () => {
    await begin();
    const refusals = [
      ["263", { kind: "unavailable" }],
      ["421", { kind: "refused", message: "no list of channels: because (421)" }],
    ] as const;
    for (const [index, [code, error]] of refusals.entries()) {
      const answer = bridge.network.discover(10).catch((reason: unknown) => reason);
      await hasAsked(index + 1);
      asked.at(-1)?.send(`:srv ${code} x LIST :because`);
      expect(await answer).toMatchObject(error);
    }
  });

  it("does not take the empty list of a server that refuses newcomers for the truth", async () => {
    await begin();
    const answer = bridge.network.discover(10).catch((reason: unknown) => reason);
    await hasAsked(1);
    asked[0]?.send(":srv NOTICE x :*** You cannot list within the first 60 seconds");
    asked[0]?.send(":srv 321 x Channel :Users Name");
    end();
    expect(await answer).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("first 60 seconds") as string,
    });
  });

  it("gives up in time, and takes no late list for the next one", async () => {
    await begin({ discoverTimeoutMs: 300 });
    await expect(bridge.network.discover(10)).rejects.toMatchObject({ kind: "unavailable" });
    await expect(bridge.network.discover(10)).rejects.toMatchObject({ kind: "unavailable" });
    expect(asked).toHaveLength(1);
    channels(0, 3);
    end();
    const answer = vi.waitFor(() => bridge.network.discover(10), WAIT);
    await hasAsked(2);
    channels(5, 6);
    end();
    expect(await answer).toEqual(["/c5"]);
  });

  it("is unavailable when the connection is lost over it", async () => {
    await begin();
    const answer = bridge.network.discover(10).catch((reason: unknown) => reason);
    await hasAsked(1);
    asked[0]?.socket.destroy();
    expect(await answer).toMatchObject({ kind: "unavailable" });
  });
});
