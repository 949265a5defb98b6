import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { describe, expect, it, vi } from "vitest";
import type { Dispatcher } from "../../dispatcher/index.ts";
import { ALICE, connectMessage as connect, startDispatcher } from "../support/dispatchers.ts";
import { answerAll, FakeBridge, messagesOf, payload, replyTo, type Script } from "../support/fake-bridge.ts";

/** A stream that is read as it comes. */
class Reader implements AsyncDisposable {
  readonly response: IncomingMessage;
  text = "";
  isEnded = false;

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (this.text += chunk));
    response.once("close", () => (this.isEnded = true));
    response.on("error", () => {});
  }

  static async eventSource({ port }: Dispatcher, clientId = ALICE): Promise<Reader> {
    const headers = { accept: "text/event-stream" };
    const request = httpRequest({ host: "127.0.0.1", port, path: `/bayeux/${clientId}`, headers, agent: false });
    request.end();
    return new Reader((await once(request, "response"))[0]);
  }

  static async streaming({ port }: Dispatcher): Promise<Reader> {
    const headers = { "content-type": "application/json" };
    const request = httpRequest({ host: "127.0.0.1", port, path: "/bayeux", method: "POST", headers, agent: false });
    request.end(JSON.stringify([connect(ALICE, "7", "streaming")]));
    return new Reader((await once(request, "response"))[0]);
  }

  get lines(): string[] {
    return this.text.split("\n").filter((line) => line.trim() !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.response.destroy();
  }
}

const deliver = (connection: number, ...data: unknown[]) => ({
  type: "deliver" as const,
  seq: 1,
  recipients: Uint32Array.of(connection),
  payload: payload(...data.map((one) => ({ channel: "/lobby", data: one }))),
});
const releaseAll = (connection: number, isFinal: boolean) => ({
  type: "release" as const,
  isFinal,
  recipients: Uint32Array.of(connection),
  payload: Buffer.alloc(0),
});
const unknown: Script = ({ connection }, messages) => [
  {
    type: "answer",
    connection,
    isFinal: true,
    payload: payload(...messages.map((one) => replyTo(one, { successful: false, error: "402::session_unknown" }))),
  },
];
const settled = (bridge: FakeBridge, count = 1) =>
  vi.waitFor(async () => {
    expect(bridge.requests).toHaveLength(count);
    await new Promise(setImmediate);
  });

describe("eventsource", () => {
  it("opens in a way that no proxy holds back, and writes each array as a data line", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, { coalesceMs: 0 });
    await using reader = await Reader.eventSource(dispatcher);
    expect(reader.response.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      vary: "Origin",
    });
    expect(bridge.requests).toMatchObject([{ route: 1, isSocket: true, mayHold: true }]);
    expect(bridge.requests.map(messagesOf)).toEqual([
      [{ channel: "/meta/connect", clientId: ALICE, connectionType: "eventsource" }],
    ]);
    bridge.say(deliver(1, "a\nb", 2), deliver(1, 3));
    const lines = [
      'data: [{"channel":"/lobby","data":"a\\nb"},{"channel":"/lobby","data":2}]',
      'data: [{"channel":"/lobby","data":3}]',
    ];
    await vi.waitFor(() => expect(reader.lines.slice(2)).toEqual(lines));
    expect(reader.lines[0]).toMatch(/^: {2048}$/);
    expect(reader.lines[1]).toMatch(/^retry: 1\d{3}$/);
  });

  it("opens in the same way where messages waited for it, which come before its connect is answered", async () => {
    const bridge = new FakeBridge();
    bridge.script = (request, messages) => [deliver(request.connection, 1), ...answerAll(request, messages)];
    await using dispatcher = await startDispatcher(bridge);
    await using reader = await Reader.eventSource(dispatcher);
    await vi.waitFor(() => expect(reader.lines[2]).toBe('data: [{"channel":"/lobby","data":1}]'));
    expect(reader.lines[0]).toMatch(/^: {2048}$/);
    expect(reader.lines[1]).toMatch(/^retry: 1\d{3}$/);
  });

  it("connects again for its browser whenever the time of a connect is over", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    await using reader = await Reader.eventSource(dispatcher);
    await settled(bridge);
    bridge.say(releaseAll(1, false));
    await settled(bridge, 2);
    bridge.say(deliver(1, 1));
    await vi.waitFor(() => expect(reader.lines.at(-1)).toBe('data: [{"channel":"/lobby","data":1}]'));
    expect(bridge.of("closed")).toHaveLength(0);
  });

  it("ends where the session goes elsewhere", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    await using reader = await Reader.eventSource(dispatcher);
    await settled(bridge);
    bridge.say(deliver(1, 1), releaseAll(1, true));
    await vi.waitFor(() => expect(reader.isEnded).toBe(true));
    expect(reader.lines.slice(2)).toEqual(['data: [{"channel":"/lobby","data":1}]', "retry: 500"]);
    await vi.waitFor(() => expect(dispatcher.bridges.numbersOf(1)?.size).toBe(0));
  });

  it("says in words that there is no such session, and a browser asks no more", async () => {
    const bridge = new FakeBridge();
    bridge.script = unknown;
    await using dispatcher = await startDispatcher(bridge);
    for (const clientId of [ALICE, `zzz${"a".repeat(26)}`, "nonsense"]) {
      await using reader = await Reader.eventSource(dispatcher, clientId);
      await vi.waitFor(() => expect(reader.isEnded).toBe(true));
      expect([reader.response.statusCode, reader.text]).toEqual([404, "402::session_unknown\n"]);
    }
    expect(dispatcher.bridges.numbersOf(1)?.size).toBe(0);
  });

  it("tells the browser to come back where there is no bridge, or it goes away", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, {}, false);
    await using early = await Reader.eventSource(dispatcher);
    await vi.waitFor(() => expect(early.isEnded).toBe(true));
    expect([early.response.statusCode, early.text]).toEqual([200, expect.stringMatching(/^retry: 1\d{3}\n\n$/)]);
    bridge.up();
    await using reader = await Reader.eventSource(dispatcher);
    bridge.down();
    await vi.waitFor(() => expect(reader.isEnded).toBe(true));
    expect(reader.lines.at(-1)).toMatch(/^retry: 1\d{3}$/);
  });

  it("ends with the session's last word", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    await using reader = await Reader.eventSource(dispatcher);
    await settled(bridge);
    const last = { channel: "/meta/connect", successful: false, error: "402::session_unknown" };
    bridge.say({ type: "answer", connection: 1, isFinal: true, payload: payload(last) });
    await vi.waitFor(() => expect(reader.isEnded).toBe(true));
    expect(reader.lines.at(-2)).toBe(`data: [${JSON.stringify(last)}]`);
  });
});

describe("streaming", () => {
  it("is the answer to a connect: messages as they come, the reply at the end", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, { streamPaddingBytes: 0, coalesceMs: 50 });
    await using reader = await Reader.streaming(dispatcher);
    expect(reader.response.headers).toMatchObject({
      "content-type": "application/x-ndjson;charset=UTF-8",
      "x-accel-buffering": "no",
    });
    await settled(bridge);
    bridge.say(deliver(1, 1), deliver(1, 2), releaseAll(1, false));
    await vi.waitFor(() => expect(bridge.of("closed")).toHaveLength(1));
    await vi.waitFor(() => expect(reader.isEnded).toBe(true));
    expect(reader.lines).toHaveLength(2);
    expect(JSON.parse(reader.lines[0] ?? "")).toMatchObject([{ data: 1 }]);
    // What was gathered leaves with the reply.
    expect(JSON.parse(reader.lines[1] ?? "")).toMatchObject([{ data: 2 }, { id: "7", successful: true }]);
  });

  it("writes what a bridge is still sending before the reply", async () => {
    const bridge = new FakeBridge();
    bridge.frees = false;
    await using dispatcher = await startDispatcher(bridge, { coalesceMs: 0, streamPaddingBytes: 0 });
    await using reader = await Reader.streaming(dispatcher);
    await settled(bridge);
    bridge.say(releaseAll(1, false), deliver(1, "crossed"));
    await vi.waitFor(() => expect(reader.text).toContain("crossed"));
    expect(reader.isEnded).toBe(false);
    bridge.say({ type: "freed", connection: 1 });
    await vi.waitFor(() => expect(reader.isEnded).toBe(true));
    expect(reader.lines.at(-1)).toContain('"id":"7"');
  });

  it("tells what became of the connect", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, {}, false);
    await using away = await Reader.streaming(dispatcher);
    await vi.waitFor(() => expect(away.isEnded).toBe(true));
    expect(JSON.parse(away.text)).toMatchObject([{ id: "7", error: expect.stringMatching(/^503:/) }]);
    bridge.up();
    bridge.script = ({ connection }) => [{ type: "refused", connection }];
    await using refused = await Reader.streaming(dispatcher);
    await vi.waitFor(() => expect(refused.isEnded).toBe(true));
    expect(JSON.parse(refused.text)).toMatchObject([{ id: "7", advice: { reconnect: "retry" } }]);
    bridge.script = answerAll;
    await using lost = await Reader.streaming(dispatcher);
    bridge.down();
    await vi.waitFor(() => expect(lost.isEnded).toBe(true));
    expect(JSON.parse(lost.lines.at(-1) ?? "")).toMatchObject([{ id: "7", error: expect.stringMatching(/^503:/) }]);
  });
});

describe.each(["eventSource", "streaming"] as const)("a stream (%s)", (kind) => {
  it("shows that it is alive while nothing is said", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, { heartbeatIntervalMs: 40, streamPaddingBytes: 0 });
    await using reader = await Reader[kind](dispatcher);
    const before = reader.text.length;
    await vi.waitFor(() => expect(reader.text.length).toBeGreaterThan(before + 2));
    expect(reader.text.slice(before).replace(/^retry: \d+$/m, "")).toMatch(/^[:\n]+$/);
  });

  it("ends after so many bytes, when all is written that the bridge has sent", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, { maxStreamBytes: 3_000, coalesceMs: 0 });
    await using reader = await Reader[kind](dispatcher);
    await settled(bridge);
    bridge.say(deliver(1, "x".repeat(1_000)));
    expect(bridge.of("closed")).toHaveLength(1);
    bridge.say(deliver(1, "last"));
    await vi.waitFor(() => expect(reader.isEnded).toBe(true));
    expect(reader.lines.at(-2)).toContain('"last"');
    await vi.waitFor(() => expect(dispatcher.bridges.numbersOf(1)?.size).toBe(0));
  });

  it("ends in good order when the dispatcher stops", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    await using reader = await Reader[kind](dispatcher);
    await settled(bridge);
    bridge.say(deliver(1, "last"));
    await dispatcher.drain();
    await vi.waitFor(() => expect(reader.isEnded).toBe(true));
    expect(reader.text).toContain('"last"');
    expect(reader.text).toMatch(kind === "streaming" ? /"successful":true\}\]\n$/ : /retry: 200\n\n$/);
  });

  it("is cut off when nobody reads it, and its number given back", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, {
      heartbeatIntervalMs: 80,
      pauseBytes: 65_536,
      maxUnsentBytes: 67_108_864,
      maxStreamBytes: 1_073_741_824,
    });
    await using reader = await Reader[kind](dispatcher);
    reader.response.pause();
    await settled(bridge);
    for (let turn = 0; turn < 40; turn++) bridge.say(deliver(1, "x".repeat(500_000)));
    await vi.waitFor(() => expect(bridge.of("pause")).toHaveLength(1));
    await vi.waitFor(() => expect(dispatcher.faults.counts().get("stream.stalled")).toBe(1));
    await vi.waitFor(() => expect(dispatcher.bridges.numbersOf(1)?.size).toBe(0));
  });
});
