import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import type { Dispatcher } from "../../dispatcher/index.ts";
import {
  ALICE,
  BOB,
  connectMessage,
  publishMessage as publish,
  startDispatcher as start,
} from "../support/dispatchers.ts";
import { FakeBridge, answerAll, messagesOf, payload } from "../support/fake-bridge.ts";
import { SocketClient } from "../support/socket-client.ts";

const connect = (clientId: string, id = "1") => connectMessage(clientId, id, "websocket");
const said = (text: string) => payload({ channel: "/lobby", data: text });

/** A client whose connect is held. */
async function attach(dispatcher: Dispatcher, bridge: FakeBridge, clientId = ALICE) {
  const client = await SocketClient.open(dispatcher.port);
  const before = bridge.requests.length;
  client.send(connect(clientId));
  await vi.waitFor(() => expect(bridge.requests).toHaveLength(before + 1));
  // The hold follows in the turn after the request.
  await new Promise(setImmediate);
  return { client, connection: bridge.requests[before]?.connection ?? -1 };
}

describe("Dispatcher over WebSocket", () => {
  it("answers what is no connect on numbers of their own, and keeps one for the session", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge);
    await using client = await SocketClient.open(dispatcher.port);
    expect(client.ws.extensions).toBe("");
    client.send(connect(ALICE, "c1"), publish(ALICE, "p1"), publish("nobody", "x"));
    await vi.waitFor(() => expect(client.messages).toHaveLength(3));
    client.send(connect(ALICE, "c2"));
    await vi.waitFor(() => expect(bridge.requests).toHaveLength(3));
    expect(client.messages.find(({ id }) => id === "x")).toMatchObject({ error: "402::session_unknown" });
    const [first, second, third] = bridge.requests;
    expect(first).toMatchObject({ isSocket: false, mayHold: false });
    expect(second).toMatchObject({ isSocket: true, mayHold: false });
    expect(third).toMatchObject({ isSocket: true, mayHold: true, connection: second?.connection });
    expect(bridge.requests.map(messagesOf)).toEqual([
      [publish(ALICE, "p1")],
      [connect(ALICE, "c1")],
      [connect(ALICE, "c2")],
    ]);
  });

  it("writes deliveries at once, and then releases the held connect in one array with messages", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge);
    const { client, connection } = await attach(dispatcher, bridge);
    await using _ = client;
    const recipients = Uint32Array.of(connection);
    bridge.say({ type: "deliver", seq: 1, recipients, payload: said("one") });
    await vi.waitFor(() => expect(client.batches).toHaveLength(1));
    bridge.say({ type: "release", isFinal: false, recipients, payload: said("two") });
    await vi.waitFor(() => expect(client.batches).toHaveLength(2));
    expect(client.batches).toMatchObject([[{ data: "one" }], [{ data: "two" }, { channel: "/meta/connect", id: "1" }]]);
  });

  it("gathers what follows closely, and keeps the order across deliveries, answers and releases", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge, { coalesceMs: 40 });
    const one = await attach(dispatcher, bridge, ALICE);
    const two = await attach(dispatcher, bridge, BOB);
    await using _ = one.client;
    await using __ = two.client;
    const recipients = Uint32Array.of(one.connection, two.connection);
    for (let seq = 0; seq < 50; seq++) bridge.say({ type: "deliver", seq, recipients, payload: said(`${seq}`) });
    bridge.say({ type: "release", isFinal: false, recipients: Uint32Array.of(one.connection), payload: said("50") });
    bridge.say({ type: "deliver", seq: 51, recipients, payload: said("51") });
    await vi.waitFor(() => expect([one, two].map(({ client }) => client.messages.length)).toEqual([53, 51]));
    const texts = one.client.messages.map(({ data, channel }) => data ?? channel);
    expect(texts).toEqual([...Array.from({ length: 51 }, (_, n) => `${n}`), "/meta/connect", "51"]);
    expect(one.client.batches.map((batch) => batch.length)).toEqual([1, 51, 1]);
    expect(two.client.batches.map((batch) => batch.length)).toEqual([1, 50]);
  });

  it.each([100, 200, 70_000])("frames messages of %i bytes as a client reads them", async (length) => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge);
    const { client, connection } = await attach(dispatcher, bridge);
    await using _ = client;
    const text = "é".repeat(length / 2);
    bridge.say({ type: "deliver", seq: 1, recipients: Uint32Array.of(connection), payload: said(text) });
    await vi.waitFor(() => expect(client.messages).toMatchObject([{ data: text }]));
  });

  it("drops the number at a final answer, and opens another for the next connect", async () => {
    const bridge = new FakeBridge();
    bridge.script = (frame, messages) => {
      const [answer] = answerAll({ ...frame, mayHold: false }, messages);
      return answer?.type === "answer" ? [{ ...answer, isFinal: true }] : null;
    };
    bridge.frees = false;
    await using dispatcher = await start(bridge);
    await using client = await SocketClient.open(dispatcher.port);
    client.send(connect(ALICE, "1"));
    await vi.waitFor(() => expect(client.messages).toHaveLength(1));
    client.send(connect(ALICE, "2"));
    await vi.waitFor(() => expect(client.messages).toHaveLength(2));
    const [first, second] = bridge.requests;
    expect(second?.connection).not.toBe(first?.connection);
  });

  it("still brings the answer to a connect that crossed with the bridge letting go of the number", async () => {
    const bridge = new FakeBridge();
    bridge.script = () => null;
    await using dispatcher = await start(bridge);
    await using client = await SocketClient.open(dispatcher.port);
    client.send(connect(ALICE, "late"));
    await vi.waitFor(() => expect(bridge.requests).toHaveLength(1));
    const connection = bridge.requests[0]?.connection ?? -1;
    bridge.say({ type: "answer", connection, isFinal: true, payload: Buffer.alloc(0) });
    bridge.say({ type: "answer", connection, isFinal: true, payload: payload({ id: "late", successful: false }) });
    await vi.waitFor(() => expect(client.messages).toEqual([{ id: "late", successful: false }]));
  });

  it("tells the bridge when the socket closes", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge);
    const { client, connection } = await attach(dispatcher, bridge);
    client.ws.close();
    await vi.waitFor(() => expect(bridge.of("closed")).toEqual([{ type: "closed", connection }]));
  });

  it("answers held connects and lost publishes when the link goes down, and serves the socket anew after it", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge);
    const { client } = await attach(dispatcher, bridge);
    await using _ = client;
    bridge.script = () => null;
    client.send(publish(ALICE));
    await vi.waitFor(() => expect(bridge.requests).toHaveLength(2));
    bridge.down();
    await vi.waitFor(() => expect(client.messages).toHaveLength(2));
    expect(client.messages.find(({ id }) => id === "1")).toMatchObject({
      channel: "/meta/connect",
      successful: false,
      error: expect.stringMatching(/^503:/),
      advice: { reconnect: "retry" },
    });
    expect(client.messages.find(({ id }) => id === "2")).toMatchObject({ error: expect.stringMatching(/^504:/) });
    client.send(connect(ALICE, "3"));
    await vi.waitFor(() => expect(client.messages.at(-1)).toMatchObject({ id: "3", successful: false }));
    bridge.script = (frame, messages) => answerAll({ ...frame, mayHold: false }, messages);
    bridge.up();
    client.send(connect(ALICE, "4"));
    await vi.waitFor(() => expect(client.messages.at(-1)).toMatchObject({ id: "4", successful: true }));
  });

  it("answers unreadable batches and closes after the tenth", async () => {
    await using dispatcher = await start(new FakeBridge());
    await using client = await SocketClient.open(dispatcher.port);
    for (let turn = 0; turn < 12; turn++) client.ws.send(turn % 2 ? "{" : "[1]");
    await vi.waitFor(() => expect(client.closed).toMatchObject({ code: 1008 }));
    expect(client.messages).toHaveLength(10);
    expect(client.messages[0]).toEqual({ successful: false, error: "400::A message must be a JSON object" });
    expect(dispatcher.faults.counts().get("websocket.badBatch")).toBe(10);
  });

  it("answers an empty array with one, as Faye's heartbeat wants it", async () => {
    await using dispatcher = await start(new FakeBridge());
    await using client = await SocketClient.open(dispatcher.port);
    client.ws.send("[]");
    await vi.waitFor(() => expect(client.batches).toEqual([[]]));
  });

  it("closes on binary frames, on long ones, and on bad UTF-8", async () => {
    await using dispatcher = await start(new FakeBridge(), { maxBodyBytes: 1_000 });
    const cases = [
      { data: Buffer.from("[]"), binary: true, code: 1003 },
      { data: Buffer.alloc(2_000, " "), binary: false, code: 1009 },
      { data: Buffer.of(0xff), binary: false, code: 1007 },
    ];
    for (const { data, binary, code } of cases) {
      await using client = await SocketClient.open(dispatcher.port);
      client.ws.send(data, { binary });
      await vi.waitFor(() => expect(client.closed).toMatchObject({ code }));
    }
  });

  it("refuses foreign origins and other paths at the upgrade", async () => {
    await using dispatcher = await start(new FakeBridge());
    const foreign = SocketClient.open(dispatcher.port, { origin: "https://evil.example" });
    await expect(foreign).rejects.toThrow("403");
    await expect(SocketClient.open(dispatcher.port, {}, "/elsewhere")).rejects.toThrow("404");
    await using own = await SocketClient.open(dispatcher.port, { origin: `http://127.0.0.1:${dispatcher.port}` });
    expect(own.closed).toBeNull();
  });

  it("takes a limited number of sessions on one socket", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge, { maxSessionsPerSocket: 1 });
    const { client } = await attach(dispatcher, bridge);
    await using _ = client;
    client.send(connect(BOB, "9"));
    await vi.waitFor(() =>
      expect(client.messages).toMatchObject([{ id: "9", error: expect.stringMatching(/^429:session,1:/) }]),
    );
  });

  it("stops reading while too many requests are under way, and loses none of them", async () => {
    const bridge = new FakeBridge();
    bridge.script = () => null;
    await using dispatcher = await start(bridge, { maxRequestsPerSocket: 4 });
    await using client = await SocketClient.open(dispatcher.port);
    for (let id = 0; id < 20; id++) client.send(publish(ALICE, `${id}`));
    await vi.waitFor(() => expect(bridge.requests).toHaveLength(4));
    await new Promise(setImmediate);
    expect(bridge.requests).toHaveLength(4);
    bridge.script = answerAll;
    bridge.say(...bridge.requests.flatMap((frame) => answerAll(frame, messagesOf(frame))));
    await vi.waitFor(() => expect(client.messages).toHaveLength(20));
    expect(client.messages.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, id) => `${id}`));
  });

  it("pauses a slow reader, resumes it, and cuts off one that never reads", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge, { pauseBytes: 65_536, maxUnsentBytes: 1_048_576, coalesceMs: 0 });
    const { client, connection } = await attach(dispatcher, bridge);
    await using _ = client;
    const recipients = Uint32Array.of(connection);
    const big = said("x".repeat(60_000));
    client.ws.pause();
    let seq = 0;
    while (bridge.of("pause").length === 0) {
      bridge.say({ type: "deliver", seq: seq++, recipients, payload: big });
      if (seq % 10 === 0) await new Promise(setImmediate);
    }
    expect(bridge.of("pause")).toEqual([{ type: "pause", connection }]);
    client.ws.resume();
    await vi.waitFor(() => expect(bridge.of("resume")).toEqual([{ type: "resume", connection }]), 5_000);
    await vi.waitFor(() => expect(client.messages).toHaveLength(seq), 5_000);
    client.ws.pause();
    while (bridge.of("closed").length === 0) {
      bridge.say({ type: "deliver", seq: seq++, recipients, payload: big });
      await new Promise(setImmediate);
    }
    expect(dispatcher.faults.counts().get("websocket.overflow")).toBe(1);
    client.ws.resume();
    await vi.waitFor(() => expect(client.closed).not.toBeNull(), 5_000);
  });

  it("pings, cuts off who does not answer, and closes sockets without a session", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge, { pingIntervalMs: 80, idleSocketMs: 60 });
    const { client } = await attach(dispatcher, bridge);
    await using _ = client;
    await using idle = await SocketClient.open(dispatcher.port);
    await once(client.ws, "ping");
    await vi.waitFor(() => expect(idle.closed).toMatchObject({ code: 1000, reason: "no session" }));
    await once(client.ws, "ping");
    expect(client.closed).toBeNull();
    client.ws.pause();
    await vi.waitFor(() => expect(bridge.of("closed")).toHaveLength(1));
    expect(dispatcher.faults.counts().get("websocket.silent")).toBe(1);
  });

  it("drains: what is held is answered, what crosses is written, and sockets close with 1001", async () => {
    const bridge = new FakeBridge();
    bridge.frees = false;
    const dispatcher = await start(bridge);
    const { client, connection } = await attach(dispatcher, bridge);
    await using _ = client;
    await using idle = await SocketClient.open(dispatcher.port);
    const drained = dispatcher.drain();
    await vi.waitFor(() => expect(bridge.of("closed")).toHaveLength(1));
    expect(client.closed).toBeNull();
    bridge.say({ type: "deliver", seq: 1, recipients: Uint32Array.of(connection), payload: said("crossing") });
    bridge.say({ type: "freed", connection });
    await drained;
    await vi.waitFor(() => expect([client.closed?.code, idle.closed?.code]).toEqual([1001, 1001]));
    expect(client.messages).toMatchObject([{ data: "crossing" }, { channel: "/meta/connect", successful: true }]);
  });

  it("drains within its time even if the bridge says nothing", async () => {
    const bridge = new FakeBridge();
    bridge.frees = false;
    const dispatcher = await start(bridge, { drainTimeoutMs: 100 });
    const { client } = await attach(dispatcher, bridge);
    await dispatcher[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(client.closed).not.toBeNull());
  });
});
