import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { claimPayload, readSurrender, saidPayload, ticketsPayload } from "../../link/index.ts";
import { ALICE, BOB, connectMessage, post, repliesOf } from "../support/dispatchers.ts";
import { FakeBridge } from "../support/fake-bridge.ts";
import { FakeCluster, nodeAt } from "../support/fake-cluster.ts";
import { SocketClient } from "../support/socket-client.ts";

const ROUTES = 1_024;
const ONE = nodeAt(1, "one:1");
const TWO = nodeAt(2, "two:2");

describe("Dispatcher whose bridge has died", () => {
  let cluster: FakeCluster;
  let one: FakeBridge;
  let two: FakeBridge;
  let dispatcher: Dispatcher;

  const note = { version: 1, keepMs: 60_000, ticket: "opaque", batch: 2, before: 5, after: 8 };
  const tell = (bridge: FakeBridge, clientId: string) => {
    bridge.say(
      { type: "tickets", payload: ticketsPayload({ kept: [{ clientId, ...note }], ended: [] }) },
      { type: "said", payload: saidPayload([{ seq: 9, channel: "/lobby", id: "m9" }]) },
    );
  };
  const claim = (bridge: FakeBridge, epoch: number, ...routes: number[]) => {
    bridge.say({ type: "claim", payload: claimPayload({ epoch, routes }) });
  };
  /** What a bridge was handed over, in all. */
  const surrendered = (bridge: FakeBridge) => {
    const parts = bridge.of("surrender").map(({ payload }) => readSurrender(payload));
    return { tickets: parts.flatMap((part) => part?.tickets), isWhole: parts.at(-1)?.isLast === true };
  };

  beforeEach(async () => {
    cluster = new FakeCluster();
    one = new FakeBridge();
    two = new FakeBridge();
    one.instance = "instance 1";
    two.instance = "instance 2";
    cluster.tell(ROUTES, [1, 1], [ONE, TWO]);
    dispatcher = await Dispatcher.start({
      config: dispatcherSchema.parse({ port: 0, drainTimeoutMs: 2_000 }),
      routes: ROUTES,
      secret: "secret",
      log: pino({ level: "silent" }),
      cluster,
      connect: (to, owner) => (to.address === "one:1" ? one : two).connector()(to, owner),
    });
    await vi.waitFor(() => {
      if (!one.isConnected || !two.isConnected) throw new Error("a bridge is not connected");
    });
  });

  afterEach(async () => {
    await dispatcher[Symbol.asyncDispose]();
  });

  it("hands its sessions over to who claims them, with how far they are", async () => {
    tell(one, ALICE);
    tell(one, BOB);
    await using client = await SocketClient.open(dispatcher.port);
    client.send(connectMessage(ALICE, "1", "websocket"));
    await vi.waitFor(() => expect(one.requests).toHaveLength(1));
    const { connection = 0 } = one.requests[0] ?? {};
    const delivered = { type: "deliver", recipients: Uint32Array.of(connection) } as const;
    one.say({ ...delivered, seq: 9, payload: Buffer.from(`{"channel":"/lobby","data":9}`) });
    one.down();
    await vi.waitFor(() => expect(client.messages.map(({ channel }) => channel)).toContain("/meta/connect"));
    claim(two, 2, 1);
    expect(surrendered(two)).toEqual({
      tickets: [
        { clientId: ALICE, instance: "instance 1", version: 1, ticket: "opaque", batch: 2, before: 5, after: 9 },
      ],
      isWhole: true,
    });
    const [first] = two.of("surrender");
    expect(first && readSurrender(first.payload)?.channels).toEqual([
      { instance: "instance 1", channel: "/lobby", seqs: [9], ids: ["m9"], isCut: false },
    ]);
  });

  it("lets its browsers come again at once, on the connection that they have", async () => {
    await using client = await SocketClient.open(dispatcher.port);
    client.send(connectMessage(ALICE, "1", "websocket"));
    await vi.waitFor(() => expect(one.requests).toHaveLength(1));
    one.down();
    await vi.waitFor(() => expect(client.messages).toHaveLength(1));
    expect(client.messages).toMatchObject([{ id: "1", successful: true, clientId: ALICE }]);
    client.send(connectMessage(ALICE, "2", "websocket"));
    await vi.waitFor(() => expect(dispatcher.bridges.takeovers.size).toBe(1));
    cluster.tell(ROUTES, [2, 2], [TWO]);
    await vi.waitFor(() => expect(two.requests).toHaveLength(1));
  });

  it("sends a connect that was under way to the next owner", async () => {
    one.script = () => null;
    const replies = repliesOf(post(dispatcher, connectMessage(ALICE)));
    await vi.waitFor(() => expect(one.requests).toHaveLength(1));
    two.script = ({ connection }) => [
      { type: "answer", connection, isFinal: true, payload: Buffer.from(`{"id":"two"}`) },
    ];
    one.down();
    cluster.tell(ROUTES, [2, 2], [TWO]);
    expect(await replies).toEqual([{ id: "two" }]);
  });

  it("keeps a stream open, and attaches it to the next owner", async () => {
    const ended = new AbortController();
    const headers = { accept: "text/event-stream" };
    const stream = await fetch(`http://127.0.0.1:${dispatcher.port}/bayeux/${ALICE}`, {
      headers,
      signal: ended.signal,
    });
    one.down();
    cluster.tell(ROUTES, [2, 2], [TWO]);
    await vi.waitFor(() => expect(two.requests).toHaveLength(1));
    const { connection = 0 } = two.requests[0] ?? {};
    const payload = Buffer.from(`{"channel":"/lobby","data":"by two"}`);
    two.say({ type: "deliver", seq: 1, recipients: Uint32Array.of(connection), payload });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("by two")) text += (await reader?.read())?.value ?? "";
    ended.abort();
  });

  it("lets nothing through that the old owner says once the routes are claimed", async () => {
    tell(one, ALICE);
    await using client = await SocketClient.open(dispatcher.port);
    client.send(connectMessage(ALICE, "1", "websocket"));
    await vi.waitFor(() => expect(one.requests).toHaveLength(1));
    const { connection = 0 } = one.requests[0] ?? {};
    one.frees = false;
    claim(two, 2, 1);
    await vi.waitFor(() => expect(client.messages).toMatchObject([{ id: "1", successful: true }]));
    const payload = Buffer.from(`{"channel":"/lobby","data":"late"}`);
    one.say(
      { type: "deliver", seq: 10, recipients: Uint32Array.of(connection), payload },
      { type: "release", isFinal: false, recipients: Uint32Array.of(connection), payload },
      { type: "tickets", payload: ticketsPayload({ kept: [], ended: [ALICE] }) },
    );
    tell(one, ALICE);
    // The table of that epoch is not known here, but who has claimed the route by it is.
    client.send(connectMessage(ALICE, "2", "websocket"));
    await vi.waitFor(() => expect(two.requests).toHaveLength(1));
    expect(client.messages).toHaveLength(1);
    expect(one.requests).toHaveLength(1);
    expect(dispatcher.bridges.tickets.has(ALICE)).toBe(true);
  });

  it("gives nothing to who claims by an older table than others", async () => {
    tell(one, ALICE);
    cluster.tell(ROUTES, [1, 1], [ONE, TWO]);
    claim(two, 1, 1, 2);
    expect(surrendered(two)).toEqual({ tickets: [], isWhole: true });
    claim(two, 3, 1);
    expect(surrendered(two).tickets).toHaveLength(1);
    claim(one, 3, 1);
    expect(surrendered(one)).toEqual({ tickets: [], isWhole: true });
    expect(dispatcher.faults.counts().get("claims.late")).toBe(2);
  });

  it("ends the link of a bridge that says what makes no sense", async () => {
    two.say({ type: "claim", payload: Buffer.from("{}") });
    await vi.waitFor(() => expect(two.isConnected).toBe(false));
    expect(dispatcher.faults.counts().get("link.malformed")).toBe(1);
  });
});
