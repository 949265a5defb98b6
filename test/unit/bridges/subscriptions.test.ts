import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, dataOf, publish, Stage, subscribe, unsubscribe } from "./stage.ts";
import { NetworkError } from "../../../bridges/index.ts";
import type { Message } from "./fakes.ts";

describe("Subscriptions", () => {
  let stage: Stage;
  let clientId: string;
  beforeEach(async () => {
    stage = await Stage.start({
      maxSubscriptions: 4,
      logMessages: 20,
      maxQueuedMessages: 12,
      leaveAfterMs: 1_000,
      sessionTimeoutMs: 5_000,
    });
    clientId = await stage.session();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const replay = (channel: string, from: unknown): Message => ({ ext: { replay: { [channel]: from } } });
  /** What waits for the session. */
  const waiting = async () => dataOf(await stage.ask(connect(clientId, { advice: { timeout: 0 } })));

  /** Lets a channel have messages that nobody of ours but a reader of the log has seen. */
  async function fill(channel: string, ...data: number[]): Promise<void> {
    const reader = await stage.session([channel]);
    for (const each of data) stage.network.say(channel, each, `id-${each}`);
    expect(reader).not.toBe(clientId);
  }

  it("answers a subscribe when the channel is joined, and echoes it as it came", async () => {
    stage.network.isObliging = false;
    const poll = stage.dispatcher.post(subscribe(clientId, ["/a", "/b", "/a"], { id: "9" }));
    await stage.advance();
    expect(poll.arrays).toEqual([]);
    for (const { resolve } of stage.network.joins) resolve();
    await stage.advance();
    const expected = {
      id: "9",
      channel: "/meta/subscribe",
      successful: true,
      subscription: ["/a", "/b", "/a"],
      clientId,
    };
    expect(poll.messages).toEqual([expected]);
  });

  it("delivers once, with provenance, and nothing after the unsubscribe", async () => {
    await stage.ask(subscribe(clientId, "/lobby"), subscribe(clientId, "/lobby"));
    stage.network.say("/lobby", { text: "hello" }, "id-1", "bob");
    const [message] = await stage.ask(connect(clientId));
    expect(message).toEqual({
      channel: "/lobby",
      data: { text: "hello" },
      ext: { tailspin: { from: "bob", network: "fake", time: "1970-01-01T00:00:00.000Z", id: "id-1" } },
    });
    expect(await stage.ask(unsubscribe(clientId, "/lobby"))).toMatchObject([{ successful: true }]);
    stage.network.say("/lobby", 2);
    expect(await waiting()).toEqual([]);
    expect(await stage.ask(unsubscribe(clientId, "/lobby"))).toMatchObject([{ successful: true }]);
  });

  it("subscribes to all names of an array or to none", async () => {
    await fill("/a", 1);
    stage.network.isObliging = false;
    const poll = stage.dispatcher.post(subscribe(clientId, ["/a", "/b"], replay("/a", -2)));
    await stage.advance();
    stage.network.say("/a", 2);
    stage.network.joins.at(-1)?.reject(new NetworkError("refused", "invite only"));
    await stage.advance();
    const error = "403:/b:The network refused: invite only";
    expect(poll.messages).toMatchObject([{ successful: false, error, subscription: ["/a", "/b"] }]);
    stage.network.say("/a", 3);
    expect(await waiting()).toEqual([]);
  });

  it("subscribes to none when a replay of one cannot be had", async () => {
    await fill("/a", 1);
    const ext = { replay: { "/a": -2, "/b": "lost" } };
    const [reply] = await stage.ask(subscribe(clientId, ["/a", "/b"], { ext }));
    expect(reply?.["error"]).toMatch(/^400:replay,\/b:/);
    stage.network.say("/a", 2);
    expect(await waiting()).toEqual([]);
  });

  it.each([
    ["/meta/connect", /^403:/],
    ["/presence", /^404:/],
    ["/presence/presence/lobby", /^404:/],
    ["/presence/service/x", /^404:/],
    ["/presence/*", /^403:.*No wildcards below \/presence/],
    ["/presence/lobby/**", /^403:/],
  ])("refuses %s, and joins nothing", async (name, error) => {
    const [reply] = await stage.ask(subscribe(clientId, ["/lobby", name]));
    expect(reply).toMatchObject({ successful: false, error: expect.stringMatching(error) });
    expect(stage.network.joins).toEqual([]);
  });

  it("lets a service channel be subscribed to, without recording it", async () => {
    const names = ["/service/a", "/service/b", "/service/c", "/service/d", "/service/e"];
    expect(await stage.ask(subscribe(clientId, names))).toMatchObject([{ successful: true, subscription: names }]);
    expect(stage.network.joins).toEqual([]);
  });

  it("has no more subscriptions than it may", async () => {
    await stage.ask(subscribe(clientId, ["/a", "/b", "/c"]));
    const [reply] = await stage.ask(subscribe(clientId, ["/d", "/e"]));
    expect(reply?.["error"]).toMatch(/^429:subscriptions,4:/);
    expect(await stage.ask(subscribe(clientId, ["/a", "/b", "/c", "/d"]))).toMatchObject([{ successful: true }]);
  });

  it("does not subscribe a session that ended meanwhile", async () => {
    stage.network.isObliging = false;
    const poll = stage.dispatcher.post(subscribe(clientId, "/lobby"));
    await stage.advance(5_300);
    stage.network.joins[0]?.resolve();
    await stage.advance();
    expect(poll.messages).toMatchObject([{ successful: false, error: "402::session_unknown" }]);
    await stage.advance(1_300);
    expect(stage.network.left).toEqual(["/lobby"]);
  });

  describe("with replay", () => {
    it("gives everything that is kept for -2, what comes after an id, and nothing for -1", async () => {
      await fill("/lobby", 1, 2, 3);
      for (const [from, expected] of [
        [-2, [1, 2, 3]],
        ["id-1", [2, 3]],
        ["id-3", []],
        [-1, []],
      ] as const) {
        expect(await stage.ask(subscribe(clientId, "/lobby", replay("/lobby", from)))).toMatchObject([
          { successful: true },
        ]);
        expect(await waiting()).toEqual(expected);
        await stage.ask(unsubscribe(clientId, "/lobby"));
      }
    });

    it("gives what was missed before what is said now, to a socket as well", async () => {
      await fill("/lobby", 1, 2);
      const socket = stage.dispatcher.over(null, connect(clientId));
      stage.dispatcher.post(subscribe(clientId, "/lobby", replay("/lobby", "id-1")));
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      stage.network.say("/lobby", 3);
      await stage.advance(10);
      stage.network.say("/lobby", 4);
      expect(dataOf(socket.messages)).toEqual([2, 3, 4]);
    });

    it.each(["lost", "id-0"])("refuses a position that is not kept: %s", async (from) => {
      await fill("/lobby", 1);
      const [reply] = await stage.ask(subscribe(clientId, "/lobby", replay("/lobby", from)));
      expect(reply?.["error"]).toMatch(/^400:replay,\/lobby:/);
    });

    it("refuses a position from before the channel was left", async () => {
      await stage.ask(subscribe(clientId, "/lobby"));
      stage.network.say("/lobby", 1, "id-1");
      await stage.ask(unsubscribe(clientId, "/lobby"));
      await stage.advance(1_200);
      expect(stage.network.left).toEqual(["/lobby"]);
      const [reply] = await stage.ask(subscribe(clientId, "/lobby", replay("/lobby", "id-1")));
      expect(reply?.["error"]).toMatch(/^400:replay,\/lobby:/);
    });

    it.each([0, -3, 1.5, "", null, {}])("refuses the position %j", async (from) => {
      const [reply] = await stage.ask(subscribe(clientId, "/lobby", replay("/lobby", from)));
      expect(reply?.["error"]).toMatch(/^400:replay,\/lobby:/);
    });

    it("gives the newest for -2 where more is kept than may wait, and refuses an id that is further back", async () => {
      await fill("/lobby", ...Array.from({ length: 15 }, (_, index) => index));
      const [reply] = await stage.ask(subscribe(clientId, "/lobby", replay("/lobby", "id-1")));
      expect(reply?.["error"]).toMatch(/^400:replay,\/lobby:/);
      const accepted = await stage.ask(subscribe(clientId, "/lobby", replay("/lobby", -2)));
      expect(accepted).toMatchObject([{ successful: true }]);
      expect(await waiting()).toEqual([9, 10, 11, 12, 13, 14]);
      expect(await stage.ask(publish(clientId, "/lobby", 1))).toMatchObject([{ successful: true }]);
    });
  });
});
