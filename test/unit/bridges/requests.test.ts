import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CONNECTION_TYPES } from "../../../bayeux/index.ts";
import { connect, disconnect, handshake, publish, Stage, subscribe, unsubscribe } from "./stage.ts";
import { NO_CONTEXT } from "./fakes.ts";
import { NetworkError } from "../../../bridges/index.ts";

const UNKNOWN = { successful: false, error: "402::session_unknown", advice: { reconnect: "handshake" } };

describe("Requests", () => {
  let stage: Stage;
  let clientId: string;
  beforeEach(async () => {
    stage = await Stage.start({ maxMessageBytes: 100 });
    clientId = await stage.session();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  it("answers a handshake with all that it must say", async () => {
    const [reply] = await stage.ask({ ...handshake(), id: "7" });
    expect(reply).toEqual({
      id: "7",
      channel: "/meta/handshake",
      successful: true,
      version: "1.0",
      supportedConnectionTypes: CONNECTION_TYPES,
      clientId: expect.any(String),
      advice: { reconnect: "retry", interval: 0, timeout: 30_000, maxInterval: 60_000 },
      ext: { replay: true },
    });
  });

  it("refuses a handshake without a connection type in common, and says what there is", async () => {
    const [reply] = await stage.ask({ ...handshake(), supportedConnectionTypes: ["flash"] });
    expect(reply).toMatchObject({
      successful: false,
      error: expect.stringMatching(
        /^400:websocket,eventsource,streaming,long-polling,cross-origin-long-polling,callback-polling:/,
      ),
      advice: { reconnect: "none" },
    });
  });

  it.each(["", "   ", "a".repeat(33), "a\nb", "<b>", 7, "a\u2028b"])("refuses the name %j", async (name) => {
    const [reply] = await stage.ask(handshake({ tailspin: { name } }));
    expect(reply).toMatchObject({ successful: false, error: expect.stringMatching(/^400:ext_?\.?tailspin\.name:/) });
  });

  it("publishes under the trimmed name", async () => {
    const named = await stage.session([], { tailspin: { name: `  ${"é".repeat(32)} ` } });
    await stage.ask(publish(named, "/lobby", 1));
    await stage.ask(publish(clientId, "/lobby", 2));
    expect(stage.network.publishes.map(({ publication }) => publication?.from)).toEqual(["é".repeat(32), null]);
  });

  it("acknowledges a publish when the network has it, and not before", async () => {
    await stage.ask(publish(clientId, "/lobby", 1));
    stage.network.isObliging = false;
    const poll = stage.dispatcher.post({ ...publish(clientId, "/lobby", 2), id: 5 });
    await stage.advance(1_000);
    expect(poll.arrays).toEqual([]);
    stage.network.publishes[1]?.resolve();
    await stage.advance();
    expect(poll.messages).toEqual([{ id: 5, channel: "/lobby", successful: true }]);
  });

  it("says what became of a publish that failed", async () => {
    await stage.ask(publish(clientId, "/lobby", 1));
    stage.network.isObliging = false;
    const polls = [2, 3].map((data) => stage.dispatcher.post(publish(clientId, "/lobby", data)));
    stage.network.publishes[1]?.reject(new NetworkError("refused", "Cannot send"));
    stage.network.publishes[2]?.reject(new NetworkError("unknown", "cut"));
    await stage.advance();
    const errors = polls.map(({ messages }) => messages[0]?.["error"]);
    expect(errors).toEqual(["403:/lobby:The network refused: Cannot send", "504:/lobby:Outcome unknown: cut"]);
  });

  it("publishes in order, within and across frames, without one waiting for another", async () => {
    await stage.ask(publish(clientId, "/lobby", 0));
    stage.network.isObliging = false;
    const first = stage.dispatcher.post(publish(clientId, "/lobby", 1), publish(clientId, "/lobby", 2));
    const second = stage.dispatcher.post(publish(clientId, "/lobby", 3));
    expect(stage.network.published).toEqual([0, 1, 2, 3]);
    stage.network.publishes[3]?.resolve();
    await stage.advance();
    expect(second.messages).toMatchObject([{ successful: true }]);
    expect(first.arrays).toEqual([]);
  });

  it("publishes after a subscribe of the same batch, or of a frame before it, in the order of the frames", async () => {
    stage.network.isObliging = false;
    const { dispatcher, network } = stage;
    await stage.ask(publish(await stage.session(), "/other", 0));
    dispatcher.post(publish(clientId, "/other", 1), subscribe(clientId, "/lobby"), publish(clientId, "/other", 2));
    dispatcher.post(publish(clientId, "/other", 3));
    dispatcher.post(publish(clientId, "/other", 4));
    network.joins[0]?.resolve();
    await stage.advance();
    expect(network.published).toEqual([0, 1]);
    network.publishes[1]?.resolve();
    await stage.advance();
    expect(network.published).toEqual([0, 1]);
    network.joins[1]?.resolve();
    await stage.advance();
    expect(network.published).toEqual([0, 1, 2, 3, 4]);
  });

  it("does what frames say one frame after the other", async () => {
    const { dispatcher, network } = stage;
    await stage.ask(subscribe(clientId, "/lobby"));
    network.isObliging = false;
    dispatcher.post(subscribe(clientId, "/slow"), unsubscribe(clientId, "/lobby"));
    const last = dispatcher.post(subscribe(clientId, "/lobby"));
    await stage.advance();
    for (const { resolve } of network.joins) resolve();
    await stage.advance();
    expect(last.messages).toMatchObject([{ successful: true }]);
    network.say("/lobby", "hello");
    expect(await stage.ask(connect(clientId))).toMatchObject([{ data: "hello" }, { successful: true }]);
  });

  it("answers a connect that is alone while a subscribe is under way", async () => {
    stage.network.isObliging = false;
    stage.dispatcher.post(subscribe(clientId, "/lobby"));
    expect(await stage.ask(connect(clientId, { advice: { timeout: 0 } }))).toMatchObject([{ successful: true }]);
  });

  it("ends a session only when what it published before is answered", async () => {
    await stage.ask(publish(clientId, "/lobby", 1));
    stage.network.isObliging = false;
    const earlier = stage.dispatcher.post(publish(clientId, "/lobby", 2));
    const batch = stage.dispatcher.post(publish(clientId, "/lobby", 3), disconnect(clientId));
    const after = stage.dispatcher.post(publish(clientId, "/lobby", 4));
    await stage.advance(100);
    stage.network.publishes[2]?.resolve();
    await stage.advance(100);
    expect(batch.arrays).toEqual([]);
    stage.network.publishes[1]?.resolve();
    await stage.advance(100);
    expect(earlier.messages).toMatchObject([{ successful: true }]);
    expect(batch.messages).toMatchObject([{ successful: true }, { channel: "/meta/disconnect", successful: true }]);
    expect(after.messages).toMatchObject([UNKNOWN]);
    expect(stage.network.published).toEqual([1, 2, 3]);
  });

  it("refuses data that is too large, in bytes of JSON", async () => {
    expect(await stage.ask(publish(clientId, "/lobby", "é".repeat(49)))).toMatchObject([{ successful: true }]);
    const [reply] = await stage.ask(publish(clientId, "/lobby", "é".repeat(50)));
    expect(reply?.["error"]).toMatch(/^413:data,100:/);
  });

  it.each([
    ["/presence/lobby", /^403:/],
    ["/presence", /^403:/],
    ["/service/echo", /^404:/],
  ])("refuses a publish to %s", async (channel, error) => {
    const [reply] = await stage.ask(publish(clientId, channel, 1));
    expect(reply).toMatchObject({ successful: false, error: expect.stringMatching(error) });
    expect(stage.network.published).toEqual([]);
  });

  it("answers everything of an unknown session with advice to handshake", async () => {
    const replies = await stage.ask(
      subscribe("nobody", "/lobby"),
      unsubscribe("nobody", "/lobby"),
      publish("nobody", "/lobby", 1),
      disconnect("nobody"),
      connect("nobody"),
    );
    expect(replies).toHaveLength(5);
    for (const reply of replies) expect(reply).toMatchObject(UNKNOWN);
    expect(stage.network.joins).toEqual([]);
  });

  it("answers what cannot be read, alone or beside what can", async () => {
    const replies = await stage.ask({ channel: "/meta/subscribe", clientId, id: 1 }, publish(clientId, "/lobby", 1));
    expect(replies).toMatchObject([{ id: 1, successful: false }, { successful: true }]);
    const { bridge, dispatcher } = stage;
    const request = { type: "request", connection: 99, route: 1, isSocket: false, mayHold: false } as const;
    const frame = { ...request, context: NO_CONTEXT };
    dispatcher.link.onSend = () => {};
    bridge.onFrame(dispatcher.link, { ...frame, payload: Buffer.from("[nonsense") });
    expect(dispatcher.link.of("answer").at(-1)?.payload.toString()).toMatch(/"error":"400::/);
    bridge.onFrame(dispatcher.link, { ...frame, payload: Buffer.from("[]") });
    await stage.advance();
    expect(dispatcher.link.of("answer").at(-1)).toMatchObject({ connection: 99, isFinal: true });
  });

  it("does not let one batch ask for more than a link carries", async () => {
    const name = "x".repeat(20);
    const reader = await stage.session(["/lobby"], { ack: true });
    for (let number = 0; number < 9; number++) stage.network.say("/lobby", name.repeat(6_000), String(number));
    const batch = Array.from({ length: 20 }, (_, index) => connect(reader, { id: String(index + 2), ext: { ack: 1 } }));
    const replies = await stage.ask(...batch);
    expect(Buffer.byteLength(JSON.stringify(replies))).toBeLessThan(2_000_000);
    expect(replies.filter((reply) => reply["channel"] === "/meta/connect")).toHaveLength(20);
  });

  it("binds nothing to a connection that was closed while its batch was served", async () => {
    const { dispatcher, network } = stage;
    network.isObliging = false;
    const socket = dispatcher.over(null, subscribe(clientId, "/lobby"), connect(clientId, { id: "2" }));
    await stage.advance();
    dispatcher.close(socket);
    expect(socket.state).toBe("closing");
    network.joins[0]?.resolve();
    await stage.advance();
    expect(socket.state).toBe("free");
    network.isObliging = true;
    network.say("/lobby", "hello");
    expect(await stage.ask(connect(clientId, { id: "3" }))).toMatchObject([{ data: "hello" }, { id: "3" }]);
  });

  it("frees a number once, and not before the exchange on it ended", async () => {
    const { dispatcher, network } = stage;
    network.isObliging = false;
    const pending = dispatcher.post(subscribe(clientId, "/lobby"));
    dispatcher.close(pending);
    await stage.advance(1_000);
    expect(dispatcher.link.of("freed")).toEqual([]);
    network.joins[0]?.resolve();
    await stage.advance();
    expect(dispatcher.link.of("freed")).toEqual([{ type: "freed", connection: pending.number }]);
    const held = dispatcher.post(connect(clientId));
    dispatcher.close(held);
    expect(dispatcher.link.of("freed")).toHaveLength(2);
    const answered = await stage.session();
    expect(answered).not.toBe("");
    expect(dispatcher.link.of("freed")).toHaveLength(2);
  });
});
