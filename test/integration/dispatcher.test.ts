import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as connectTcp } from "node:net";
import { describe, expect, it, vi } from "vitest";
import {
  ALICE,
  BOB,
  connectMessage as connect,
  post,
  publishMessage as publish,
  repliesOf,
  startDispatcher,
} from "../support/dispatchers.ts";
import { FakeBridge, answerAll, messagesOf, payload, replyTo } from "../support/fake-bridge.ts";

/** Bytes as they are, and all that comes back until the server closes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connectTcp(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString()));
  socket.on("error", () => {});
  socket.write(bytes);
  await once(socket, "close");
  return text;
}

const handshake = { channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"], id: "0" };

describe("Dispatcher over HTTP", () => {
  it("forwards a batch of one session as it came and answers with the array of the bridge", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    const text = ` [ ${JSON.stringify(publish(ALICE))} ]`;
    const response = await post(dispatcher, text);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json;charset=UTF-8");
    expect(response.headers.get("cache-control")).toBe("no-cache, no-store");
    expect(await response.json()).toEqual([{ id: "2", channel: "/lobby", clientId: ALICE, successful: true }]);
    const [frame] = bridge.requests;
    expect(frame).toMatchObject({ route: 1, isSocket: false, mayHold: false });
    expect(frame?.payload.toString()).toBe(text);
  });

  it("takes a single object, and any path below the endpoint", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    const response = await post(dispatcher, { ...publish(ALICE), odd: 1 }, {}, "/bayeux/publish?x=1");
    expect(await response.json()).toHaveLength(1);
    expect(bridge.requests.map(messagesOf)).toEqual([[{ ...publish(ALICE), odd: 1 }]]);
  });

  it("forwards only the handshake of a batch, to a route whose bridge is up", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    const response = await post(dispatcher, [publish(ALICE), handshake, connect(ALICE)]);
    const replies = await repliesOf(response);
    expect(replies).toMatchObject([
      { channel: "/lobby", successful: false, id: "2", error: expect.stringMatching(/^400::/) },
      { channel: "/meta/handshake", successful: true },
      { channel: "/meta/connect", successful: false },
    ]);
    expect(bridge.requests.map(messagesOf)).toEqual([[handshake]]);
  });

  it("groups a batch by session and answers each at the place of its first message", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    const faulty = { channel: "/bad channel", clientId: ALICE, id: "x", data: 1 };
    const unknown = publish("not-ours", "y");
    const batch = [publish(ALICE, "a1"), faulty, publish(BOB, "b1"), unknown, publish(ALICE, "a2")];
    const replies = await repliesOf(post(dispatcher, batch));
    expect(replies).toMatchObject([
      { id: "a1", successful: true },
      { id: "a2", successful: true },
      { id: "x", successful: false, error: expect.stringMatching(/^405:/) },
      { id: "b1", successful: true },
      { id: "y", error: "402::session_unknown", advice: { reconnect: "handshake", interval: 0 } },
    ]);
    expect(bridge.requests.map(({ route }) => route)).toEqual([1, 2]);
    expect(bridge.requests.map(messagesOf)).toEqual([
      [publish(ALICE, "a1"), publish(ALICE, "a2")],
      [publish(BOB, "b1")],
    ]);
  });

  it("says session unknown for a route that does not exist", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge());
    const replies = await repliesOf(post(dispatcher, [publish(`zzz${"a".repeat(26)}`)]));
    expect(replies).toMatchObject([{ error: "402::session_unknown" }]);
  });

  it("holds a poll and writes the messages and then the held reply", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    const polls = [ALICE, BOB].map((clientId) => post(dispatcher, [connect(clientId)]));
    await vi.waitFor(() => expect(dispatcher.health().status === "ok" && bridge.requests).toHaveLength(2));
    const recipients = Uint32Array.from(bridge.requests.map(({ connection }) => connection));
    await new Promise(setImmediate);
    bridge.say({ type: "release", isFinal: true, recipients, payload: payload({ channel: "/lobby", data: "hé" }) });
    const bodies = await Promise.all(polls.map(repliesOf));
    for (const body of bodies) {
      expect(body).toMatchObject([{ data: "hé" }, { channel: "/meta/connect", successful: true }]);
    }
    expect(new Set(bodies.map((body) => body.at(-1)?.clientId))).toEqual(new Set([ALICE, BOB]));
  });

  it("gives a number back only when the bridge has let go of it", async () => {
    const bridge = new FakeBridge();
    bridge.frees = false;
    await using dispatcher = await startDispatcher(bridge);
    const leaving = new AbortController();
    const poll = fetch(`http://127.0.0.1:${dispatcher.port}/bayeux`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(connect(ALICE)),
      signal: leaving.signal,
    });
    await vi.waitFor(() => expect(bridge.requests).toHaveLength(1));
    leaving.abort();
    await expect(poll).rejects.toThrow("abort");
    await vi.waitFor(() => expect(bridge.of("closed")).toHaveLength(1));
    const gone = bridge.requests[0]?.connection ?? 0;
    await post(dispatcher, [publish(BOB)]);
    expect(bridge.requests[1]?.connection).not.toBe(gone);
    // A release that crossed with `closed` goes nowhere, and is no fault.
    bridge.say({
      type: "release",
      isFinal: true,
      recipients: Uint32Array.of(gone),
      payload: payload({ channel: "/x" }),
    });
    await post(dispatcher, [publish(BOB)]);
    expect(bridge.requests[2]?.connection).not.toBe(gone);
    expect(dispatcher.faults.counts().size).toBe(0);
    bridge.say({ type: "freed", connection: gone });
    await post(dispatcher, [publish(BOB)]);
    expect(bridge.requests[3]?.connection).toBe(gone);
  });

  it("answers 503 with advice while the bridge is away, busy or not the owner", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, {}, false);
    const unavailable = { successful: false, error: expect.stringMatching(/^503:/), advice: { reconnect: "retry" } };
    expect(await repliesOf(post(dispatcher, [connect(ALICE), publish(BOB)]))).toMatchObject([unavailable, unavailable]);
    expect(await repliesOf(post(dispatcher, [handshake]))).toMatchObject([unavailable]);
    bridge.up();
    bridge.isFull = true;
    expect(await repliesOf(post(dispatcher, [publish(ALICE)]))).toMatchObject([unavailable]);
    expect(bridge.requests).toHaveLength(0);
    bridge.isFull = false;
    bridge.script = ({ connection }) => [{ type: "refused", connection }];
    expect(await repliesOf(post(dispatcher, [publish(ALICE)]))).toMatchObject([unavailable]);
  });

  it("tells what became of requests whose link goes down", async () => {
    const bridge = new FakeBridge();
    bridge.script = (frame, messages) => (frame.mayHold ? answerAll(frame, messages) : null);
    await using dispatcher = await startDispatcher(bridge);
    const poll = post(dispatcher, [connect(ALICE)]);
    const mixed = post(dispatcher, [
      publish(BOB),
      { channel: "/meta/subscribe", clientId: BOB, subscription: "/x", id: "3" },
    ]);
    await vi.waitFor(() => expect(bridge.requests).toHaveLength(2));
    await new Promise(setImmediate);
    bridge.down();
    expect(await repliesOf(poll)).toMatchObject([{ channel: "/meta/connect", id: "1", successful: false }]);
    expect(await repliesOf(mixed)).toMatchObject([
      { id: "2", error: expect.stringMatching(/^504:/) },
      { id: "3", error: expect.stringMatching(/^503:/), subscription: "/x", advice: { reconnect: "retry" } },
    ]);
  });

  it("does not wait for ever for a bridge that says nothing", async () => {
    const bridge = new FakeBridge();
    bridge.script = () => null;
    await using dispatcher = await startDispatcher(bridge, { exchangeTimeoutMs: 50 });
    expect(await repliesOf(post(dispatcher, [publish(ALICE)]))).toMatchObject([
      { error: expect.stringMatching(/^504:/) },
    ]);
    await vi.waitFor(() => expect(bridge.of("closed")).toHaveLength(1));
  });

  it.each([
    ["not JSON", "{", 400, /not JSON/],
    ["an element that is no object", "[1]", 400, /JSON object/],
    ["bad UTF-8", Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d), 400, /UTF-8/],
    ["a long body", " ".repeat(1_500), 413, /1000 bytes/],
    ["a very long body", " ".repeat(100_000), 413, /1000 bytes/],
  ])("refuses %s in words", async (_, body, status, text) => {
    await using dispatcher = await startDispatcher(new FakeBridge(), { maxBodyBytes: 1_000 });
    const response = await post(dispatcher, body);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await response.text()).toMatch(text);
    expect(dispatcher.faults.counts().size).toBe(1);
  });

  it("refuses other types and methods, and takes chunked JSON of any name", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    const xml = await post(dispatcher, "[]", { "content-type": "text/xml" });
    expect(xml.status).toBe(415);
    const put = await fetch(`http://127.0.0.1:${dispatcher.port}/bayeux`, { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, POST, OPTIONS"]);
    const chunked = httpRequest({
      port: dispatcher.port,
      host: "127.0.0.1",
      path: "/bayeux/",
      method: "POST",
      headers: { "content-type": "text/json; charset=utf-8", "transfer-encoding": "chunked" },
    });
    const body = JSON.stringify([publish(ALICE)]);
    chunked.write(body.slice(0, 10));
    chunked.end(body.slice(10));
    const [response] = await once(chunked, "response");
    expect([response.statusCode, JSON.parse(Buffer.concat(await response.toArray()).toString())]).toMatchObject([
      200,
      [{ successful: true }],
    ]);
    const empty = await post(dispatcher, [], { "content-type": "text/json; charset=utf-8" });
    expect(await repliesOf(empty)).toEqual([]);
  });

  it("allows its own origin and listed ones only", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge(), { allowedOrigins: ["https://friend.example"] });
    const own = `http://127.0.0.1:${dispatcher.port}`;
    expect((await post(dispatcher, [], { origin: own })).status).toBe(200);
    expect((await post(dispatcher, [], { origin: "https://friend.example" })).status).toBe(200);
    const foreign = await post(dispatcher, [], { origin: "https://evil.example" });
    expect([foreign.status, await foreign.text()]).toEqual([403, "This origin is not allowed\n"]);
  });

  it("answers bad HTTP shortly, counts it, and lives", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge());
    expect(await raw(dispatcher.port, "HELLO\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(dispatcher.port, `GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
    expect(dispatcher.faults.counts().get("http.clientError")).toBe(2);
    expect((await post(dispatcher, [])).status).toBe(200);
  });

  it("cuts off a connection that pipelines without end", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, { maxRequestsPerConnection: 4 });
    const body = JSON.stringify(connect(ALICE));
    const one = `POST /bayeux HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    await raw(dispatcher.port, one.repeat(10));
    expect(bridge.requests.length).toBeLessThanOrEqual(4);
    expect(dispatcher.faults.counts().get("http.pipelined")).toBeGreaterThan(0);
  });

  it("ends a batch of one session with its reply even where a bridge answers without finality", async () => {
    const bridge = new FakeBridge();
    bridge.script = ({ connection }, messages) => [
      { type: "answer", connection, isFinal: false, payload: payload(...messages.map((message) => replyTo(message))) },
    ];
    await using dispatcher = await startDispatcher(bridge);
    expect(await repliesOf(post(dispatcher, [publish(ALICE)]))).toHaveLength(1);
    await vi.waitFor(() => expect(bridge.of("closed")).toHaveLength(1));
  });
});
