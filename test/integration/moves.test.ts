import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BridgeConfig } from "../../bridges/index.ts";
import type { Frame } from "../../link/index.ts";
import { nodeAt } from "../support/fake-cluster.ts";
import { FakePuppets } from "../unit/bridges/fake-puppets.ts";
import type { Downstream } from "../unit/bridges/fakes.ts";
import { connect, dataOf, publish, subscribe } from "../unit/bridges/stage.ts";
import { client, RecordingOwner } from "./link-peers.ts";
import { EVENTUALLY, Place, ROUTES, SECRET } from "./moving-place.ts";

const MOVED = {
  successful: false,
  error: expect.stringMatching(/^402:/) as string,
  advice: { reconnect: "handshake" },
};

describe("two bridges", { timeout: 30_000 }, () => {
  let [old, next] = [] as unknown as [Place, Place];
  const nodes = () => [old, next].map(({ node, address }) => nodeAt(node, address, { instance: `instance ${node}` }));
  const start = async (config: Partial<BridgeConfig> = {}) => {
    old = await Place.start(1, config);
    next = await Place.start(2, config);
    for (const { cluster } of [old, next]) cluster.tell(ROUTES, [1], nodes());
  };
  beforeEach(() => start());
  afterEach(async () => {
    for (const place of [old, next]) await place[Symbol.asyncDispose]();
  });

  /** Both hear it. */
  function say(channel: string, ...data: unknown[]): void {
    for (const one of data) for (const { network } of [old, next]) network.say(channel, one, String(one).slice(0, 9));
  }

  const plan = () => next.cluster.plan(ROUTES, [1, 2], nodes());
  const publishTable = () => {
    for (const { cluster } of [old, next]) cluster.tell(ROUTES, [1, 2], nodes());
  };
  const isAt = (place: Place, sessions: number) =>
    vi.waitFor(() => expect(place.bridge.census.sessions).toBe(sessions), EVENTUALLY);

  it("hand a session over on every transport: what waits leaves, and it goes on at the new one", async () => {
    const ack = { ack: true };
    const ids = {
      poll: await old.session(2, ["/lobby"]),
      ackPoll: await old.session(2, ["/lobby"], ack),
      socket: await old.session(2, ["/lobby"]),
      ackSocket: await old.session(2, ["/lobby"], ack),
      stream: await old.session(2, ["/lobby"]),
    };
    const stays = await old.session(1, ["/lobby"]);
    const { dispatcher } = old;
    dispatcher.route = 2;
    const downstreams: Record<keyof typeof ids, Downstream> = {
      poll: dispatcher.post(connect(ids.poll, { id: "p" })),
      ackPoll: dispatcher.post(connect(ids.ackPoll, { id: "p", ext: { ack: 1 } })),
      socket: dispatcher.over(null, connect(ids.socket, { id: "p", connectionType: "websocket" })),
      ackSocket: dispatcher.over(
        null,
        connect(ids.ackSocket, { id: "p", connectionType: "websocket", ext: { ack: 1 } }),
      ),
      stream: dispatcher.over(null, connect(ids.stream, { id: "p", connectionType: "eventsource" })),
    };
    await plan();
    expect(next.network.joins.map(({ channel }) => channel)).toEqual(["/lobby"]);
    publishTable();
    say("/lobby", "one");
    await isAt(next, 5);
    await isAt(old, 1);
    say("/lobby", "two");
    expect(dispatcher.link.of("refused")).toEqual([{ type: "refused", connection: downstreams.stream.number }]);
    for (const downstream of Object.values(downstreams)) expect(downstream.state).toBe("free");
    const heard: Record<string, unknown[]> = {};
    for (const [kind, clientId] of Object.entries(ids)) {
      const before = downstreams[kind as keyof typeof ids].messages;
      if (kind !== "stream") expect(before.at(-1)).toMatchObject({ channel: "/meta/connect", successful: true });
      const ackOf = kind.startsWith("ack") ? { ext: before.at(-1)?.["ext"] } : {};
      const after = await next.ask(2, connect(clientId, { id: "q", ...ackOf }));
      expect(after.at(-1)).toMatchObject({ channel: "/meta/connect", successful: true });
      heard[kind] = [...dataOf(before), ...dataOf(after)];
    }
    const all = ["one", "two"];
    expect(heard).toEqual({ poll: all, ackPoll: all, socket: all, ackSocket: all, stream: all });
    expect(await old.ask(1, publish(stays, "/lobby", "up"))).toMatchObject([{ successful: true }]);
  });

  it("let a batch that was lost on its way come again from the new one", async () => {
    const clientId = await old.session(2, ["/lobby"], { ack: true });
    old.dispatcher.route = 2;
    const poll = old.dispatcher.post(connect(clientId, { id: "2", ext: { ack: 1 } }));
    await plan();
    say("/lobby", "lost");
    await vi.waitFor(() => expect(dataOf(poll.messages)).toEqual(["lost"]), EVENTUALLY);
    publishTable();
    await isAt(next, 1);
    expect(dataOf(await next.ask(2, connect(clientId, { id: "3", ext: { ack: 1 } })))).toEqual(["lost"]);
  });

  it("keep what dispatchers send to the new one before the sessions are there, in order", async () => {
    const clientId = await old.session(2, ["/lobby"]);
    await plan();
    next.dispatcher.route = 2;
    const early = [1, 2, 3].map((data) => next.dispatcher.post(publish(clientId, "/lobby", data)));
    const gone = next.dispatcher.post(publish(clientId, "/lobby", "gone"));
    next.dispatcher.close(gone);
    expect(gone.state).toBe("free");
    publishTable();
    await vi.waitFor(() => {
      for (const { messages } of early) expect(messages).toMatchObject([{ successful: true }]);
    }, EVENTUALLY);
    expect(next.network.published).toEqual([1, 2, 3]);
    expect(next.dispatcher.link.of("refused")).toEqual([]);
    expect(gone.messages).toEqual([]);
  });

  it("move what is far too long for one frame", async () => {
    const clientId = await old.session(2, ["/lobby"]);
    await plan();
    const long = Array.from({ length: 12 }, (_, index) => `${index} ${'"ü\n'.repeat(40_000)}`);
    say("/lobby", ...long);
    publishTable();
    await isAt(next, 1);
    const heard = [];
    while (heard.length < long.length) {
      const messages = await next.ask(2, connect(clientId, { id: String(heard.length), advice: { timeout: 0 } }));
      heard.push(...dataOf(messages));
    }
    expect(heard).toEqual(long);
  });

  it("move sessions also where the table came without a plan, and tell a gap where they had no channel in common", async () => {
    const clientId = await old.session(2, ["/lobby"]);
    next.network.isObliging = false;
    publishTable();
    await vi.waitFor(() => expect(next.network.joins).toHaveLength(1), EVENTUALLY);
    next.network.joins[0]?.resolve();
    await isAt(next, 1);
    say("/lobby", "later");
    const [gap, later] = dataOf(await next.ask(2, connect(clientId)));
    expect(gap).toMatchObject({ gap: { reason: expect.stringContaining("another bridge") as string } });
    expect(later).toBe("later");
  });

  it("prepare for the next table while sessions still come by the one before", async () => {
    for (const place of [old, next]) await place[Symbol.asyncDispose]();
    // Else the channels are joined for another reason.
    await start({ keeper: false });
    await old.session(2, ["/lobby"]);
    await old.session(1, ["/other"]);
    const joins = () => next.network.joins.map(({ channel }) => channel);
    next.network.isObliging = false;
    publishTable();
    await vi.waitFor(() => expect(joins()).toEqual(["/lobby"]), EVENTUALLY);
    const prepared = next.cluster.plan(ROUTES, [2], nodes());
    await vi.waitFor(() => expect(joins()).toEqual(["/lobby", "/other"]), EVENTUALLY);
    for (const { resolve } of next.network.joins) resolve();
    await prepared;
    await isAt(next, 1);
    for (const { cluster } of [old, next]) cluster.tell(ROUTES, [2], nodes());
    await isAt(next, 2);
  });

  it("hear first what the network has sent by then: the new one may have heard it before it was asked", async () => {
    for (const place of [old, next]) await place[Symbol.asyncDispose]();
    await start({ keeper: false });
    publishTable();
    const [clientId, theirs] = [await old.session(1, ["/lobby"]), await next.session(2, ["/lobby"])];
    const [asked, heard] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const caughtUp = () => {
      asked.resolve();
      return heard.promise;
    };
    old.network.agreement = { caughtUp, mark: () => "", agrees: () => true, isCounted: () => false };
    next.network.say("/lobby", "late", "late");
    await next.cluster.plan(ROUTES, [2], nodes());
    for (const { cluster } of [old, next]) cluster.tell(ROUTES, [2], nodes());
    await asked.promise;
    old.network.say("/lobby", "late", "late");
    heard.resolve();
    await isAt(next, 2);
    expect(dataOf(await next.ask(1, connect(clientId)))).toEqual(["late"]);
    expect(dataOf(await next.ask(2, connect(theirs)))).toEqual(["late"]);
  });

  it("wait for what a session has begun, and do not move one that does not come to an end with it", async () => {
    const [quick, slow] = [await old.session(2, ["/lobby"]), await old.session(3, ["/lobby"])];
    old.network.isObliging = false;
    old.dispatcher.route = 2;
    const publishing = old.dispatcher.post(publish(quick, "/lobby", "begun"));
    old.dispatcher.route = 3;
    const subscribing = old.dispatcher.post(subscribe(slow, "/other"));
    await plan();
    publishTable();
    await vi.waitFor(() => expect(old.network.publishes).toHaveLength(1), EVENTUALLY);
    old.network.publishes[0]?.resolve();
    await isAt(next, 1);
    expect(publishing.messages).toMatchObject([{ successful: true }]);
    await isAt(old, 0);
    expect(await next.ask(2, publish(quick, "/lobby", 1))).toMatchObject([{ successful: true }]);
    expect(await next.ask(3, publish(slow, "/lobby", 1))).toMatchObject([MOVED]);
    old.network.joins.at(-1)?.resolve();
    await vi.waitFor(() => expect(subscribing.messages).toMatchObject([MOVED]), EVENTUALLY);
  });

  it("do not move who is a user of its own on the network", async () => {
    old.network.puppets = new FakePuppets(9);
    const clientId = await old.session(2, ["/lobby"], { tailspin: { name: "ann" } });
    old.dispatcher.route = 2;
    const poll = old.dispatcher.post(connect(clientId, { id: "2" }));
    await plan();
    publishTable();
    await vi.waitFor(() => expect(poll.messages).toMatchObject([MOVED]), EVENTUALLY);
    expect(await next.ask(2, publish(clientId, "/lobby", 1))).toMatchObject([MOVED]);
  });

  it("lose no session when the new one dies after the plan, and the routes stay", async () => {
    const clientId = await old.session(2, ["/lobby"]);
    old.dispatcher.route = 2;
    const poll = old.dispatcher.post(connect(clientId, { id: "2" }));
    const [self] = nodes();
    await plan();
    publishTable();
    await next.bridge[Symbol.asyncDispose]();
    old.cluster.tell(ROUTES, [1], self ? [self] : []);
    old.network.say("/lobby", "on");
    const after = poll.messages.length > 0 ? poll.messages : await old.ask(2, connect(clientId, { id: "3" }));
    await vi.waitFor(() => expect([...dataOf(poll.messages), ...dataOf(after)]).toContain("on"), EVENTUALLY);
    expect(await old.ask(2, publish(clientId, "/lobby", 1))).toMatchObject([{ successful: true }]);
  });

  it("hand over twice in a row, there and back", async () => {
    const clientId = await old.session(2, ["/lobby"]);
    await plan();
    publishTable();
    say("/lobby", 1);
    await isAt(next, 1);
    await isAt(old, 0);
    await old.cluster.plan(ROUTES, [1], nodes());
    say("/lobby", 2);
    for (const { cluster } of [next, old]) cluster.tell(ROUTES, [1], nodes());
    await isAt(old, 1);
    say("/lobby", 3);
    expect(dataOf(await old.ask(2, connect(clientId, { id: "2" })))).toEqual([1, 2, 3]);
  });

  it("hand over first who has a browser that waits", async () => {
    const gone = await old.session(2, ["/lobby"]);
    const here = await old.session(4, ["/lobby"]);
    old.dispatcher.route = 4;
    old.dispatcher.over(null, connect(here, { id: "2", connectionType: "websocket" }));
    const owner = new RecordingOwner();
    const peer = { role: "bridge", name: "taker", instance: "t", routes: ROUTES, node: 2, nodes: ROUTES } as const;
    await using link = client(old.bridge.port, owner, { peer, secret: SECRET });
    link.start();
    await vi.waitFor(() => expect(owner.links).toHaveLength(1), EVENTUALLY);
    old.cluster.tell(ROUTES, [1, 2], nodes());
    owner.link.send({ type: "control", payload: Buffer.from('{"type":"take","epoch":2,"routes":[2,3,4]}') });
    const said = () =>
      owner.frames.flatMap((frame) => (frame.type === "control" ? [JSON.parse(frame.payload.toString())] : []));
    const routes = () => said().flatMap(({ type, route }) => (type === "route" ? [route] : []));
    await vi.waitFor(() => expect(routes()).toEqual([4, 2, 3]), EVENTUALLY);
    const sessions = said().filter(({ type }) => type === "session");
    expect(sessions.map(({ session }) => session.clientId)).toEqual([here, gone]);
    for (const route of routes()) {
      owner.link.send({ type: "control", payload: Buffer.from(JSON.stringify({ type: "received", route })) });
    }
    await isAt(old, 0);
  });

  it("close a link on which the other says what makes no sense", async () => {
    const owner = new RecordingOwner();
    const peer = { role: "bridge", name: "mad", instance: "mad", routes: ROUTES, node: 3, nodes: ROUTES } as const;
    const said = [
      "{",
      '{"type":"prepare"}',
      '{"type":"session","session":{},"channels":[]}',
      '{"type":"part","text":"{\\"type\\":\\"part\\",\\"text\\":\\"\\",\\"isLast\\":true}","isLast":true}',
    ];
    await using link = client(old.bridge.port, owner, { peer, secret: SECRET });
    link.start();
    for (const [index, text] of said.entries()) {
      await vi.waitFor(() => expect(owner.links).toHaveLength(index + 1), EVENTUALLY);
      const frame: Frame = { type: "control", payload: Buffer.from(text) };
      owner.links.at(-1)?.send(frame);
    }
    await vi.waitFor(() => expect(old.faults.counts().get("bridge.talk")).toBe(said.length), EVENTUALLY);
    expect(old.bridge.census.sessions).toBe(0);
  });
});
