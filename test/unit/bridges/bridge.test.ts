import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, dataOf, publish, Stage, subscribe } from "./stage.ts";
import { FakeDispatcher, NO_CONTEXT } from "./fakes.ts";

describe("Bridge", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  it("is ready when its network was up for the first time", async () => {
    await expect(stage.bridge.ready()).resolves.toBeUndefined();
  });

  it("refuses a route that it does not own, and does nothing of the request", async () => {
    const { bridge, dispatcher } = stage;
    dispatcher.link.onSend = () => {};
    const payload = Buffer.from(JSON.stringify([publish(await stage.handshake(), "/lobby", 1)]));
    for (const route of [0, 2]) {
      bridge.onFrame(dispatcher.link, {
        type: "request",
        connection: 9,
        route,
        isSocket: false,
        mayHold: false,
        context: NO_CONTEXT,
        payload,
      });
    }
    await stage.advance();
    expect(dispatcher.link.of("refused")).toEqual([
      { type: "refused", connection: 9 },
      { type: "refused", connection: 9 },
    ]);
    expect(stage.network.published).toEqual([]);
  });

  it("sends a message once over each link, however many sockets want it, and serializes it once", async () => {
    const other = new FakeDispatcher(stage.bridge, "other");
    for (const dispatcher of [stage.dispatcher, stage.dispatcher, other]) {
      dispatcher.over(null, connect(await stage.session(["/lobby"])));
    }
    stage.network.say("/lobby", "hello");
    const [first, second] = [stage.dispatcher, other].map(({ link }) => link.of("deliver"));
    expect(first).toHaveLength(1);
    expect([...(first?.[0]?.recipients ?? [])]).toHaveLength(2);
    expect(second).toHaveLength(1);
    expect(second?.[0]?.payload).toBe(first?.[0]?.payload);
  });

  it("tells of a gap in the channel's own stream at once, and again, with its end, before the next message", async () => {
    const socket = stage.dispatcher.over(null, connect(await stage.session(["/lobby"])));
    stage.network.inbox?.gap("/lobby", "away");
    stage.network.inbox?.gap("/elsewhere", "away");
    await stage.advance();
    stage.network.say("/lobby", 1, "id-1");
    stage.network.inbox?.gap("/lobby", "away again");
    await stage.advance();
    const gap = (reason: string, after: string | null, before: string | null) => ({
      channel: "/lobby",
      data: { gap: { reason, after, before } },
      ext: { tailspin: { gap: true, network: "fake", time: expect.any(String) as string } },
    });
    expect(socket.take()).toMatchObject([
      gap("away", null, null),
      gap("away", null, "id-1"),
      { data: 1 },
      gap("away again", "id-1", null),
    ]);
    stage.network.say("/lobby", 2, "id-2");
    expect(socket.take()).toMatchObject([gap("away again", "id-1", "id-2"), { data: 2 }]);
    const late = await stage.session();
    await stage.ask(subscribe(late, "/lobby", { ext: { replay: { "/lobby": "id-1" } } }));
    const missed = await stage.ask(connect(late));
    expect(missed).toMatchObject([gap("away again", "id-1", null), gap("away again", "id-1", "id-2"), { data: 2 }, {}]);
  });

  it("carries a conversation over the network's absence", async () => {
    const clientId = await stage.session(["/lobby"]);
    stage.network.inbox?.down("cut");
    const said = stage.dispatcher.post(publish(clientId, "/lobby", 1));
    await stage.advance(3_000);
    expect(said.arrays).toEqual([]);
    stage.network.inbox?.up();
    await stage.advance();
    expect(said.messages).toMatchObject([{ successful: true }]);
    stage.network.say("/lobby", 1);
    expect(dataOf(await stage.ask(connect(clientId)))).toEqual([1]);
  });

  it("drops what is said in a channel that nobody wants", async () => {
    stage.network.say("/nowhere", 1);
    const clientId = await stage.session();
    await stage.ask(subscribe(clientId, "/nowhere", { ext: { replay: { "/nowhere": -2 } } }));
    expect(dataOf(await stage.ask(connect(clientId, { advice: { timeout: 0 } })))).toEqual([]);
  });

  it("lets what it serves finish when it drains, for as long as it may", async () => {
    const clientId = await stage.session();
    stage.network.isObliging = false;
    stage.dispatcher.post(subscribe(clientId, "/lobby"));
    let isDrained = false;
    const drained = stage.bridge.drain(5_000).then(() => (isDrained = true));
    await stage.advance(1_000);
    expect(isDrained).toBe(false);
    stage.network.joins[0]?.resolve();
    await stage.advance(100);
    expect(isDrained).toBe(true);
    await drained;
  });

  it("can be disposed of twice, and answers what still waited", async () => {
    const clientId = await stage.session();
    stage.network.inbox?.down("cut");
    const said = stage.dispatcher.post(publish(clientId, "/lobby", 1));
    await stage.bridge[Symbol.asyncDispose]();
    await stage.bridge[Symbol.asyncDispose]();
    expect(said.messages).toMatchObject([{ successful: false, error: "503:/lobby:The bridge is stopping" }]);
  });
});
