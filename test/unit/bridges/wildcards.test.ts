import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NetworkError } from "../../../bridges/index.ts";
import type { Message } from "./fakes.ts";
import { connect, dataOf, disconnect, publish, Stage, subscribe, unsubscribe } from "./stage.ts";
import { onStage, WILDCARD_LIMITS } from "./wildcard-stage.ts";

describe("Wildcards", () => {
  let stage: Stage;
  let clientId: string;
  beforeEach(async () => {
    stage = await Stage.start(WILDCARD_LIMITS);
    clientId = await stage.session();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const { joined, hear, listener, waiting: waitingOf } = onStage(() => stage);
  const waiting = (id = clientId) => waitingOf(id);
  const replay = (from: Message): Message => ({ ext: { replay: from } });

  it("joins what is there before it answers, and delivers it", async () => {
    stage.network.existing = ["/chat/a", "/chat/b/c", "/other", "/service/x", "/chat"];
    stage.network.isObliging = false;
    const poll = stage.dispatcher.post(subscribe(clientId, "/chat/*"));
    await stage.advance();
    expect(joined()).toEqual(["/chat/a"]);
    expect(poll.messages).toEqual([]);
    stage.network.joins[0]?.resolve();
    await stage.advance();
    expect(poll.messages).toMatchObject([{ successful: true, subscription: "/chat/*" }]);
    stage.network.say("/chat/a", 1);
    stage.network.say("/chat/b/c", 2);
    expect(await waiting()).toEqual([1]);
  });

  it("finds a channel that comes later within the interval, with one timer for all patterns", async () => {
    await hear(clientId, ["/chat/*", "/news/**"]);
    expect(stage.network.discoveries).toBe(1);
    stage.network.existing = ["/chat/a", "/news/b/c"];
    await stage.advance(2_000);
    expect(joined()).toEqual(["/chat/a", "/news/b/c"]);
    expect(stage.network.discoveries).toBe(2);
    stage.network.say("/news/b/c", 1);
    expect(await waiting()).toEqual([1]);
    await stage.advance(6_000);
    expect(stage.network.discoveries).toBe(5);
    expect(stage.network.joins).toHaveLength(2);
  });

  it("brings channels that are here already, or come to be by others' use", async () => {
    const other = await stage.session(["/chat/a"]);
    await hear(clientId, "/chat/**");
    stage.network.say("/chat/a", 1);
    await stage.ask(publish(other, "/chat/b", 0));
    stage.network.say("/chat/b", 2);
    expect(await waiting()).toEqual([1, 2]);
  });

  it("stays in what matches while somebody is subscribed, and leaves it some time after", async () => {
    stage.network.existing = ["/chat/a"];
    const other = await listener("/chat/**");
    await hear(clientId, ["/chat/*", "/chat/**"]);
    await stage.advance(5_000);
    // It became secret: nothing but the pattern keeps it.
    stage.network.existing = [];
    await stage.ask(unsubscribe(clientId, ["/chat/*", "/chat/**"]));
    await stage.advance(5_000);
    expect(stage.network.left).toEqual([]);
    await stage.ask(disconnect(other));
    const { discoveries } = stage.network;
    await stage.advance(900);
    expect(stage.network.left).toEqual([]);
    await stage.advance(300);
    expect(stage.network.left).toEqual(["/chat/a"]);
    await stage.advance(5_000);
    expect(stage.network.discoveries).toBe(discoveries);
    expect(stage.bridge.census).toMatchObject({ channels: 0, patterns: 0 });
  });

  it("lets go of everything when its session expires", async () => {
    stage.network.existing = ["/chat/a"];
    await hear(clientId, "/chat/*");
    await stage.advance(903_000);
    expect(stage.bridge.census).toMatchObject({ sessions: 0, channels: 0, patterns: 0 });
  });

  it("delivers once to a session that several subscriptions bring the message to", async () => {
    await hear(clientId, ["/chat/a", "/chat/*", "/chat/**", "/**"]);
    const socket = stage.dispatcher.over(null, connect(clientId));
    await stage.advance();
    const others = [await listener("/chat/**"), await listener("/*"), await stage.session(["/chat/a"])];
    stage.network.say("/chat/a", 1);
    await stage.ask(unsubscribe(clientId, ["/chat/a", "/chat/*"]));
    stage.network.say("/chat/a", 2);
    await stage.ask(unsubscribe(clientId, ["/**"]));
    stage.network.say("/chat/a", 3);
    await stage.ask(unsubscribe(clientId, ["/chat/**"]));
    stage.network.say("/chat/a", 4);
    await stage.advance(10);
    expect(dataOf(socket.messages)).toEqual([1, 2, 3]);
    const seen = await Promise.all(others.map((other) => waiting(other)));
    expect(seen).toEqual([[1, 2, 3, 4], [], [1, 2, 3, 4]]);
  });

  it("reaches a session by the way that it has now", async () => {
    stage.network.existing = ["/chat/a", "/chat/b"];
    await hear(clientId, "/chat/*");
    const other = await stage.session(["/chat/b"]);
    const socket = stage.dispatcher.over(null, connect(clientId));
    await stage.advance();
    stage.network.say("/chat/a", 1);
    stage.network.say("/chat/b", 2);
    stage.dispatcher.pause(socket);
    stage.network.say("/chat/a", 3);
    stage.network.say("/chat/b", 4);
    expect(dataOf(socket.messages)).toEqual([1, 2]);
    stage.dispatcher.resume(socket);
    await stage.advance(10);
    expect(dataOf(socket.messages)).toEqual([1, 2, 3, 4]);
    stage.dispatcher.close(socket);
    stage.network.say("/chat/a", 5);
    stage.network.say("/chat/b", 6);
    expect(await waiting()).toEqual([5, 6]);
    expect(await waiting(other)).toEqual([2, 4, 6]);
  });

  it("brings nothing of meta, service and presence channels, and makes nobody present", async () => {
    stage.network.existing = ["/service/x", "/presence/a", "/meta/connect"];
    const named = await stage.session([], { tailspin: { name: "alice" } });
    await hear(named, "/**");
    await hear(clientId, "/presence/a");
    expect(joined()).toEqual(["/a"]);
    stage.network.inbox?.gap("/service/x", "away");
    expect(await waiting()).toEqual([{ members: [], network: "fake", name: "/a" }]);
    expect(await waiting(named)).toEqual([]);
  });

  it("counts a pattern as one subscription, and subscribes to all names or to none", async () => {
    stage.network.refusing.set("/b", new NetworkError("refused", "invite only"));
    const reply = await hear(clientId, ["/chat/*", "/b"]);
    expect(reply?.["error"]).toBe("403:/b:The network refused: invite only");
    expect(stage.bridge.census).toMatchObject({ patterns: 0 });
  });

  describe("with replay", () => {
    it("gives everything kept of what matches for -2, in order and once, and nothing for -1", async () => {
      await stage.session(["/chat/a", "/chat/b", "/news"]);
      for (const [channel, data] of [
        ["/chat/b", 1],
        ["/news", 2],
        ["/chat/a", 3],
        ["/chat/b", 4],
      ] as const) {
        stage.network.say(channel, data);
      }
      await hear(clientId, "/chat/*", replay({ "/chat/*": -1 }));
      expect(await waiting()).toEqual([]);
      await stage.ask(unsubscribe(clientId, "/chat/*"));
      const both = replay({ "/chat/*": -2, "/chat/a": -2, "/chat/**": -2 });
      await hear(clientId, ["/chat/**", "/chat/*", "/chat/a"], both);
      // Channels that are named come first; the order within a channel is the network's.
      expect(await waiting()).toEqual([3, 1, 4]);
      await hear(clientId, "/**", replay({ "/**": -2 }));
      expect(await waiting()).toEqual([2]);
    });

    it("refuses to go on from a message", async () => {
      const reply = await hear(clientId, "/chat/*", replay({ "/chat/*": "id-1" }));
      expect(reply?.["error"]).toMatch(/^400:replay,.*wildcard must be -1/);
    });
  });
});
