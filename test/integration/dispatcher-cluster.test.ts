import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Dispatcher, type DispatcherConfig, dispatcherSchema } from "../../dispatcher/index.ts";
import { ALICE, BOB, connectMessage, post, publishMessage, repliesOf } from "../support/dispatchers.ts";
import { FakeBridge, type Script } from "../support/fake-bridge.ts";
import { FakeCluster, nodeAt } from "../support/fake-cluster.ts";
import { SocketClient } from "../support/socket-client.ts";

const ROUTES = 1_024;
const ONE = nodeAt(1, "one:1");
const TWO = nodeAt(2, "two:2");

const refuseAll: Script = ({ connection }) => [{ type: "refused", connection }];

describe("Dispatcher with a cluster that changes", () => {
  let cluster: FakeCluster;
  let bridges: Record<string, FakeBridge>;
  let one: FakeBridge;
  let two: FakeBridge;
  let dispatcher: Dispatcher;

  async function start(config: Partial<DispatcherConfig> = {}): Promise<void> {
    dispatcher = await Dispatcher.start({
      config: { ...dispatcherSchema.parse({ port: 0, drainTimeoutMs: 2_000 }), ...config },
      routes: ROUTES,
      secret: "secret",
      log: pino({ level: "silent" }),
      cluster,
      connect: (bridge, owner) => {
        const fake = bridges[bridge.address];
        if (!fake) throw new Error(`nothing is at ${bridge.address}`);
        return fake.connector()(bridge, owner);
      },
    });
  }

  beforeEach(() => {
    cluster = new FakeCluster();
    one = new FakeBridge();
    two = new FakeBridge();
    bridges = { "one:1": one, "two:2": two };
  });
  afterEach(async () => {
    await dispatcher[Symbol.asyncDispose]();
  });

  it("is ready, and healthy, when it knows a table and every route has its bridge", async () => {
    await start();
    expect(dispatcher.health()).toEqual({ status: "starting", bridges: { up: 0, of: 0 } });
    let isReady = false;
    const ready = dispatcher.ready().then(() => (isReady = true));
    cluster.tell(ROUTES, [1, 0], [ONE]);
    await new Promise(setImmediate);
    expect(isReady).toBe(false);
    cluster.tell(ROUTES, [1, 2], [ONE, TWO, nodeAt(3, "one:1", { state: "spare" })]);
    await ready;
    expect(dispatcher.health()).toEqual({ status: "ok", bridges: { up: 2, of: 2 } });
  });

  it("keeps a request that comes before the first table, and sends it then", async () => {
    await start();
    const replies = repliesOf(post(dispatcher, publishMessage(ALICE)));
    await vi.waitFor(() => expect(dispatcher.bridges.takeovers.size).toBe(1));
    cluster.tell(ROUTES, [1], [ONE]);
    expect(await replies).toMatchObject([{ id: "2", successful: true }]);
  });

  it("sends what a bridge refused to the next owner, once, and answers it once", async () => {
    cluster.tell(ROUTES, [1], [ONE, TWO]);
    await start();
    one.script = refuseAll;
    const replies = repliesOf(post(dispatcher, [publishMessage(ALICE), connectMessage(ALICE)]));
    await vi.waitFor(() => expect(one.requests.length).toBeGreaterThan(1));
    cluster.tell(ROUTES, [2], [ONE, TWO]);
    expect(await replies).toMatchObject([
      { id: "2", successful: true },
      { id: "1", successful: true },
    ]);
    expect(two.requests).toHaveLength(1);
    expect(two.requests[0]?.payload).toEqual(one.requests[0]?.payload);
    expect(dispatcher.bridges.numbersOf(1)?.size).toBe(0);
  });

  it("asks a bridge again that had not learned of its routes yet", async () => {
    cluster.tell(ROUTES, [1], [ONE]);
    await start();
    one.script = (frame, messages, bridge) => {
      bridge.script = new FakeBridge().script;
      return refuseAll(frame, messages, bridge);
    };
    expect(await repliesOf(post(dispatcher, publishMessage(ALICE)))).toMatchObject([{ successful: true }]);
    expect([one.requests.length, dispatcher.bridges.numbersOf(1)?.size]).toEqual([2, 0]);
  });

  it("answers as when a bridge is away where nobody takes over in time", async () => {
    cluster.tell(ROUTES, [1], [ONE]);
    await start({ takeoverWaitMs: 200 });
    one.script = refuseAll;
    const refused = await repliesOf(post(dispatcher, publishMessage(ALICE)));
    expect(refused).toMatchObject([{ successful: false, error: expect.stringMatching(/^503:.*moving/) as string }]);
    one.down();
    const away = await repliesOf(post(dispatcher, connectMessage(ALICE)));
    expect(away).toMatchObject([
      { successful: false, error: expect.stringMatching(/^503:.*away/) as string, advice: { reconnect: "retry" } },
    ]);
    expect(dispatcher.bridges.takeovers.size).toBe(0);
  });

  it("keeps requests in their order over a takeover", async () => {
    cluster.tell(ROUTES, [1], [ONE, TWO]);
    await start();
    one.down();
    await using client = await SocketClient.open(dispatcher.port);
    for (let id = 1; id <= 20; id++) client.send(publishMessage(ALICE, `${id}`));
    await vi.waitFor(() => expect(dispatcher.bridges.takeovers.size).toBe(20));
    cluster.tell(ROUTES, [2], [TWO]);
    await vi.waitFor(() => expect(client.messages).toHaveLength(20));
    const ids = Array.from({ length: 20 }, (_, index) => `${index + 1}`);
    expect(two.requests.map(({ payload }) => String(payload).match(/"id":"(\d+)"/)?.[1])).toEqual(ids);
    expect(client.messages.map(({ id }) => id)).toEqual(ids);
  });

  it("answers the held poll of a bridge that died so that it comes again, and tells the others nothing", async () => {
    cluster.tell(ROUTES, [1, 2], [ONE, TWO]);
    await start();
    const ofOne = repliesOf(post(dispatcher, connectMessage(ALICE)));
    const ofTwo = repliesOf(post(dispatcher, connectMessage(BOB)));
    await vi.waitFor(() => expect([one.requests.length, two.requests.length]).toEqual([1, 1]));
    one.down();
    // Nobody knows which messages the bridge meant to be acknowledged by this.
    expect(await ofOne).toEqual([{ id: "1", channel: "/meta/connect", successful: true, clientId: ALICE }]);
    cluster.tell(ROUTES, [2], [TWO]);
    expect(await repliesOf(post(dispatcher, { ...publishMessage(ALICE) }))).toMatchObject([{ successful: true }]);
    expect(dispatcher.bridges.numbersOf(1)?.size).toBe(1);
    two.say({
      type: "answer",
      connection: two.requests[0]?.connection ?? 0,
      isFinal: true,
      payload: Buffer.from(`{"channel":"/meta/connect","successful":true,"id":"held"}`),
    });
    expect(await ofTwo).toMatchObject([{ id: "held", successful: true }]);
    expect(dispatcher.bridges.numbersOf(1)?.size).toBe(0);
  });

  it("sends a socket's connect that was refused to the next owner", async () => {
    cluster.tell(ROUTES, [1], [ONE, TWO]);
    await start();
    one.script = refuseAll;
    await using client = await SocketClient.open(dispatcher.port);
    client.send(connectMessage(ALICE, "1", "websocket"));
    await vi.waitFor(() => expect(one.requests.length).toBeGreaterThan(0));
    cluster.tell(ROUTES, [2], [ONE, TWO]);
    await vi.waitFor(() => expect(two.requests).toHaveLength(1));
    expect(two.requests[0]).toMatchObject({ isSocket: true, mayHold: true });
    expect(client.messages).toEqual([]);
    await vi.waitFor(() => expect(one.of("closed")).toHaveLength(one.requests.length));
  });

  it("forgets what waits for a socket that has gone", async () => {
    await start();
    const client = await SocketClient.open(dispatcher.port);
    client.send(connectMessage(ALICE, "1", "websocket"));
    client.send(publishMessage(ALICE));
    await vi.waitFor(() => expect(dispatcher.bridges.takeovers.size).toBe(2));
    await client[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(dispatcher.bridges.takeovers.size).toBe(0));
    cluster.tell(ROUTES, [1], [ONE]);
    expect(one.requests).toEqual([]);
  });

  it("opens a stream at the bridge that takes over", async () => {
    cluster.tell(ROUTES, [1], [ONE, TWO]);
    await start();
    one.script = refuseAll;
    const ended = new AbortController();
    const opening = fetch(`http://127.0.0.1:${dispatcher.port}/bayeux/${ALICE}`, {
      headers: { accept: "text/event-stream" },
      signal: ended.signal,
    });
    await vi.waitFor(() => expect(one.requests.length).toBeGreaterThan(0));
    cluster.tell(ROUTES, [2], [ONE, TWO]);
    expect((await opening).status).toBe(200);
    expect(two.requests).toHaveLength(1);
    ended.abort();
    await vi.waitFor(() => expect(dispatcher.bridges.numbersOf(1)?.size).toBe(0));
  });

  it("ends the link of a bridge that has left, when its connections are released or after a while", async () => {
    cluster.tell(ROUTES, [1], [ONE, TWO]);
    await start();
    const held = repliesOf(post(dispatcher, connectMessage(ALICE)));
    await vi.waitFor(() => expect(one.requests).toHaveLength(1));
    cluster.tell(ROUTES, [2], [TWO]);
    expect(dispatcher.health().bridges).toEqual({ up: 1, of: 1 });
    expect(one.isConnected).toBe(true);
    const { connection } = one.requests[0] ?? { connection: 0 };
    one.say({ type: "answer", connection, isFinal: true, payload: Buffer.from(`{"id":"last"}`) });
    expect(await held).toEqual([{ id: "last" }]);
    await vi.waitFor(() => expect(one.isConnected).toBe(false));

    cluster.tell(ROUTES, [1], [ONE, TWO]);
    const hung = repliesOf(post(dispatcher, connectMessage(ALICE)));
    await vi.waitFor(() => expect(one.requests).toHaveLength(2));
    cluster.tell(ROUTES, [2], [TWO]);
    expect(await hung).toEqual([{ id: "1", channel: "/meta/connect", successful: true, clientId: ALICE }]);
    await vi.waitFor(() => expect(one.isConnected).toBe(false));
  });

  it("stops while requests wait", async () => {
    await start({ takeoverWaitMs: 300 });
    await using client = await SocketClient.open(dispatcher.port);
    client.send(connectMessage(ALICE, "1", "websocket"));
    const replies = repliesOf(post(dispatcher, publishMessage(ALICE)));
    await vi.waitFor(() => expect(dispatcher.bridges.takeovers.size).toBe(2));
    await dispatcher.drain();
    expect(cluster.isDisposed).toBe(true);
    expect(await replies).toMatchObject([{ successful: false }]);
    expect(client.messages).toMatchObject([{ id: "1", successful: false }]);
  });
});
