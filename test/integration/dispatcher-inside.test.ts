import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { readDispatch } from "../../link/index.ts";
import { FakeBridge } from "../support/fake-bridge.ts";
import { FakeCluster } from "../support/fake-cluster.ts";
import { SocketClient } from "../support/socket-client.ts";

const TOKEN = "0123456789abcdef";
const body = { recipients: ["alice", "bob"], data: { text: "hello" } };
const handshake = {
  channel: "/meta/handshake",
  version: "1.0",
  supportedConnectionTypes: ["long-polling"],
  ext: { tailspin: { name: "alice" } },
};

describe("the inside of a dispatcher", () => {
  let bridges: FakeBridge[];
  let dispatcher: Dispatcher;

  async function start(inside: object = {}, cluster: FakeCluster | null = null, nodes = 1): Promise<void> {
    bridges = Array.from({ length: nodes }, () => new FakeBridge());
    dispatcher = await Dispatcher.start({
      config: dispatcherSchema.parse({
        port: 0,
        drainTimeoutMs: 5_000,
        bridges: bridges.map((_, index) => `127.0.0.1:${index + 1}`),
        inside: { port: 0, token: TOKEN, ...inside },
      }),
      routes: 1_024,
      secret: "secret",
      log: pino({ level: "silent" }),
      ...(cluster ? { cluster } : {}),
      connect: (to, owner) => (bridges[to.node - 1] ?? new FakeBridge()).connector()(to, owner),
    });
  }
  const bridge = (place = 0) => bridges[place] ?? new FakeBridge();
  const post = (
    text: string | object,
    headers: Record<string, string> = {},
    path = "/halo/dispatch",
    method = "POST",
  ) =>
    fetch(`http://127.0.0.1:${dispatcher.insidePort}${path}`, {
      method,
      headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}`, ...headers },
      ...(method === "POST" ? { body: typeof text === "string" ? text : JSON.stringify(text) } : {}),
      signal: AbortSignal.timeout(10_000),
    });
  async function answerOf(response: Promise<Response>): Promise<[number, unknown]> {
    const { status, ...rest } = { status: (await response).status, json: await (await response).json() };
    return [status, rest.json];
  }

  beforeEach(() => {
    bridges = [];
  });
  afterEach(async () => {
    await dispatcher[Symbol.asyncDispose]();
  });

  it("is not there unless it is configured, and never on the side of the browsers", async () => {
    await start({ port: undefined, token: undefined });
    expect(dispatcher.insidePort).toBeNull();
    const outside = await fetch(`http://127.0.0.1:${dispatcher.port}/halo/dispatch`, { method: "POST" });
    expect(outside.status).toBe(404);
    await dispatcher[Symbol.asyncDispose]();
    await start();
    const also = await fetch(`http://127.0.0.1:${dispatcher.port}/halo/dispatch`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(also.status).toBe(404);
  });

  it("tells what became of each recipient", async () => {
    await start();
    bridge().outcomeOf = (user) => (user === "alice" ? "delivered" : "unknown");
    expect(await answerOf(post(body))).toEqual([200, { delivered: ["alice"], unreachable: [], unknown: ["bob"] }]);
    const [frame] = bridge().of("dispatch");
    expect(readDispatch(frame?.payload ?? Buffer.alloc(0))).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      recipients: [
        ["alice", expect.any(Number)],
        ["bob", expect.any(Number)],
      ],
      data: { text: "hello" },
    });
  });

  it("asks the bridge to which it leads the user's handshakes, by HTTP and by WebSocket", async () => {
    await start({}, null, 3);
    await fetch(`http://127.0.0.1:${dispatcher.port}/bayeux`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([handshake]),
    });
    await using socket = await SocketClient.open(dispatcher.port);
    socket.send(handshake);
    const requests = () => bridges.flatMap((one) => one.requests);
    await vi.waitFor(() => expect(requests()).toHaveLength(2));
    await post({ recipients: ["alice"], data: 1 });
    const asked = bridges
      .flatMap((one) => one.of("dispatch"))
      .flatMap(({ payload }) => readDispatch(payload)?.recipients);
    const [first, second] = requests().map(({ route }) => route);
    expect(first).toBe(second);
    expect(asked).toContainEqual(["alice", first]);
    expect(bridges.filter((one) => one.requests.length > 0).map((one) => one.of("dispatch").length)).toEqual([1]);
  });

  it("answers 207 where a bridge is away, or has not answered in time", async () => {
    await start({ timeoutMs: 50 });
    bridge().answersDispatches = false;
    expect(await answerOf(post(body))).toEqual([
      207,
      {
        delivered: [],
        unreachable: [],
        unknown: [],
        unconfirmed: ["alice", "bob"],
        faults: [{ users: ["alice", "bob"], error: "the bridge of these users did not answer in time" }],
      },
    ]);
    bridge().down();
    expect(await answerOf(post(body))).toMatchObject([207, { unreachable: ["alice", "bob"], faults: [{}] }]);
  });

  it.each([
    {},
    { authorization: "" },
    { authorization: "Bearer 0123456789abcdeg" },
    { authorization: "Bearer 0123456789abcdef0" },
    { authorization: `Basic ${TOKEN}` },
    { authorization: TOKEN },
  ])("tells nothing to who does not have the token: %j", async (headers: Record<string, string>) => {
    await start();
    const { authorization = "" } = headers;
    for (const [path, method] of [
      ["/halo/dispatch", "POST"],
      ["/halo/dispatch", "GET"],
      ["/", "GET"],
    ] as const) {
      const response = await post(body, { authorization }, path, method);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect([response.status, await response.json()]).toEqual([
        401,
        { error: "say the token: Authorization: Bearer …" },
      ]);
    }
    expect(bridge().frames).toEqual([]);
  });

  it("says what is wrong with a request", async () => {
    await start({ maxBodyBytes: 200, maxRecipients: 2, maxDataBytes: 100 });
    const refused = async (status: number, text: RegExp, response: Promise<Response>) =>
      expect(await answerOf(response)).toEqual([status, { error: expect.stringMatching(text) }]);
    await refused(404, /^nothing is here; \/halo\/dispatch is$/, post(body, {}, "/halo"));
    await refused(405, /by POST/, post(body, {}, "/halo/dispatch", "GET"));
    await refused(415, /application\/json/, post(body, { "content-type": "text/plain" }));
    await refused(400, /not JSON/, post("{"));
    await refused(400, /^recipients is empty/, post({ recipients: [], data: 1 }));
    await refused(413, /200 bytes at most/, post({ recipients: ["alice"], data: "x".repeat(200) }));
    await refused(413, /^data of 102 bytes; 100 are allowed$/, post({ recipients: ["alice"], data: "x".repeat(100) }));
    await refused(413, /^3 recipients; 2 are allowed/, post({ recipients: ["a", "b", "c"], data: 1 }));
    expect(bridge().frames).toEqual([]);
    expect(await answerOf(post(body, { "content-type": "application/json; charset=utf-8" }))).toMatchObject([200, {}]);
  });

  it("says 503 before the first table, and where as many requests as may be are under way", async () => {
    await start({}, new FakeCluster());
    expect(await answerOf(post(body))).toEqual([503, { error: expect.stringMatching(/not know the bridges yet/) }]);
    await dispatcher[Symbol.asyncDispose]();
    await start({ maxRequests: 1 });
    bridge().answersDispatches = false;
    const first = answerOf(post(body));
    await vi.waitFor(() => expect(bridge().of("dispatch")).toHaveLength(1));
    expect(await answerOf(post(body))).toEqual([503, { error: expect.stringMatching(/^1 requests are under way/) }]);
    bridge().down();
    expect(await first).toMatchObject([207, { unconfirmed: ["alice", "bob"] }]);
  });

  it("answers what is under way when the dispatcher stops, and is gone then", async () => {
    await start();
    bridge().answersDispatches = false;
    const under = answerOf(post(body));
    await vi.waitFor(() => expect(bridge().of("dispatch")).toHaveLength(1));
    const stopped = dispatcher.drain();
    const [frame] = bridge().of("dispatch");
    const payload = Buffer.from('"delivered","delivered"');
    bridge().say({ type: "answer", connection: frame?.connection ?? 0, isFinal: true, payload });
    expect(await under).toEqual([200, { delivered: ["alice", "bob"], unreachable: [], unknown: [] }]);
    await stopped;
    await expect(post(body)).rejects.toThrow(/fetch failed/);
  });

  it("does not start where its port is taken", async () => {
    await start();
    const config = dispatcherSchema.parse({ port: 0, inside: { port: dispatcher.insidePort, token: TOKEN } });
    const options = { config, routes: 1_024, secret: "", log: pino({ level: "silent" }) };
    await expect(Dispatcher.start({ ...options, connect: bridge().connector() })).rejects.toThrow(/in use already/);
  });
});
