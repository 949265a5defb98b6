import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, dataOf, disconnect, handshake, publish, Stage, subscribe } from "../stage.ts";
import { FakeDispatcher, type Message } from "../fakes.ts";

const UNKNOWN = { successful: false, error: "402::session_unknown", advice: { reconnect: "handshake" } };

describe("Sessions", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start({
      connectTimeoutMs: 30_000,
      sessionTimeoutMs: 60_000,
      maxSessions: 100,
      maxQueuedMessages: 3,
    });
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  it("makes a new clientId each time, that begins with its route", async () => {
    const [one, other] = [await stage.handshake(), await stage.handshake()];
    expect(one).toMatch(/^001[a-z2-7]{26}$/);
    expect(other).not.toBe(one);
  });

  it("refuses more sessions than it may have, with advice to try later", async () => {
    for (let count = 0; count < 100; count++) await stage.handshake();
    const [reply] = await stage.ask(handshake());
    expect(reply).toMatchObject({ successful: false, advice: { reconnect: "handshake", interval: 5_000 } });
    expect(reply?.["error"]).toMatch(/^503:sessions,100:/);
  });

  it("drops a session that is silent for its time", async () => {
    const clientId = await stage.session(["/lobby"]);
    await stage.advance(59_900);
    await stage.ask(publish(clientId, "/lobby", 1));
    await stage.advance(59_900);
    expect(await stage.ask(publish(clientId, "/lobby", 2))).toMatchObject([{ successful: true }]);
    await stage.advance(60_300);
    expect(await stage.ask(connect(clientId))).toMatchObject([UNKNOWN]);
  });

  it("lets a session live as long as its connect is held, and its time after that", async () => {
    const clientId = await stage.session();
    await stage.advance(50_000);
    stage.dispatcher.post(connect(clientId, { id: "2" }));
    await stage.advance(30_200 + 59_000);
    expect(await stage.ask(connect(clientId, { advice: { timeout: 0 } }))).toMatchObject([{ successful: true }]);
  });

  it("drops a session that is left on a socket without a connect, and lets go of the socket", async () => {
    const clientId = await stage.session(["/lobby"]);
    const socket = stage.dispatcher.over(null, connect(clientId, { advice: { timeout: 0 } }));
    await stage.advance(60_300);
    expect(socket.state).toBe("free");
    stage.network.say("/lobby", 1);
    expect(dataOf(socket.messages)).toEqual([]);
  });

  it("tells a held poll that its session ended, and how to go on", async () => {
    const clientId = await stage.session(["/lobby"]);
    const poll = stage.dispatcher.post(connect(clientId, { id: "2" }));
    const [reply] = await stage.ask(disconnect(clientId));
    expect(reply).toMatchObject({ channel: "/meta/disconnect", successful: true, clientId });
    expect(poll.messages).toMatchObject([{ id: "2", successful: true, advice: { reconnect: "none" } }]);
    expect(await stage.ask(connect(clientId))).toMatchObject([UNKNOWN]);
  });

  it("tells a connect that is held on a socket, before the disconnect is answered", async () => {
    const clientId = await stage.session();
    const order: string[] = [];
    const socket = stage.dispatcher.over(null, connect(clientId, { id: "2" }));
    const { onSend } = stage.dispatcher.link;
    stage.dispatcher.link.onSend = (frame) => {
      if (frame.type === "answer") order.push(frame.payload.toString());
      onSend(frame);
    };
    await stage.ask(disconnect(clientId));
    expect(order).toEqual([expect.stringContaining("/meta/connect"), expect.stringContaining("/meta/disconnect")]);
    expect(socket.messages).toMatchObject([{ id: "2", advice: { reconnect: "none" } }]);
    expect(socket.state).toBe("free");
  });

  it("ends a session that falls too far behind, and others get all", async () => {
    const [slow, quick] = [await stage.session(["/lobby"]), await stage.session(["/lobby"])];
    const socket = stage.dispatcher.over(null, connect(quick));
    for (const number of [1, 2, 3]) stage.network.say("/lobby", number);
    const waiting = await stage.ask(publish(slow, "/lobby", 0));
    expect(waiting).toMatchObject([{ successful: true }]);
    for (const number of [4, 5]) stage.network.say("/lobby", number);
    expect(dataOf(socket.messages)).toEqual([1, 2, 3, 4, 5]);
    expect(await stage.ask(connect(slow))).toMatchObject([UNKNOWN]);
  });

  it("tells a paused socket that its session fell behind, and counts it", async () => {
    const clientId = await stage.session(["/lobby"]);
    const socket = stage.dispatcher.over(null, connect(clientId, { id: "2" }));
    stage.dispatcher.pause(socket);
    for (const number of [1, 2, 3, 4]) stage.network.say("/lobby", number);
    expect(socket.messages).toMatchObject([{ id: "2", ...UNKNOWN }]);
    expect(stage.faults.counts().get("bridge.slowReader")).toBe(1);
  });

  describe("when a dispatcher's link is gone", () => {
    it("keeps what comes for the next connect, over another dispatcher", async () => {
      const clientId = await stage.session(["/lobby"]);
      const other = new FakeDispatcher(stage.bridge, "other");
      stage.dispatcher.post(connect(clientId, { id: "2" }));
      stage.dispatcher.down();
      stage.network.say("/lobby", 1);
      await stage.advance(100);
      const poll = other.post(connect(clientId, { id: "3" }));
      expect(poll.messages).toMatchObject([{ data: 1 }, { id: "3" }]);
      other.assertObeyed();
    });

    it("gives sessions that were held there their time, and then drops them", async () => {
      const clientId = await stage.session(["/lobby"]);
      const other = new FakeDispatcher(stage.bridge, "other");
      stage.dispatcher.post(connect(clientId, { id: "2" }));
      await stage.advance(20_000);
      stage.dispatcher.down();
      const count = stage.dispatcher.link.frames.length;
      await stage.advance(59_900);
      const socket = other.over(null, connect(clientId, { id: "3" }));
      other.down();
      await stage.advance(60_300);
      const third = new FakeDispatcher(stage.bridge, "third");
      expect(third.post(connect(clientId)).messages).toMatchObject([UNKNOWN]);
      expect(stage.dispatcher.link.frames).toHaveLength(count);
      expect(socket.messages).toEqual([]);
    });

    it("drops the answers of what it still asked for", async () => {
      const clientId = await stage.session();
      stage.network.isObliging = false;
      stage.dispatcher.post(subscribe(clientId, "/lobby"));
      await stage.advance();
      const count = stage.dispatcher.link.frames.length;
      stage.dispatcher.down();
      stage.network.joins[0]?.resolve();
      await stage.advance(100);
      expect(stage.dispatcher.link.frames).toHaveLength(count);
    });
  });

  it("ends many sessions that fall behind at the same message, and tells presence of each", async () => {
    await stage[Symbol.asyncDispose]();
    const count = 1_500;
    stage = await Stage.start({ maxQueuedMessages: count + 10, maxPresenceMembers: count, sessionTimeoutMs: 600_000 });
    const clientIds: string[] = [];
    for (let index = 0; index < count; index++) {
      clientIds.push(await stage.handshake({ tailspin: { name: `n${index}` } }));
    }
    const replies: Message[] = [];
    for (const clientId of clientIds) replies.push(...(await stage.ask(subscribe(clientId, "/presence/lobby"))));
    for (const clientId of clientIds) replies.push(...(await stage.ask(subscribe(clientId, "/lobby"))));
    expect(replies.every((reply) => reply["successful"] === true)).toBe(true);
    const watcher = await stage.session(["/presence/lobby"]);
    const socket = stage.dispatcher.over(null, connect(watcher));
    socket.take();
    for (let number = 0; number < 20; number++) stage.network.say("/lobby", number);
    const left = dataOf(socket.messages).filter((data) => JSON.stringify(data).startsWith('{"left"'));
    expect(left).toHaveLength(count);
    expect(await stage.ask(connect(clientIds[0] ?? ""))).toMatchObject([UNKNOWN]);
  });
});
