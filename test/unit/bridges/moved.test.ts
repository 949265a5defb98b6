import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeCluster, nodeAt } from "../../support/fake-cluster.ts";
import type { Downstream } from "./fakes.ts";
import { connect, disconnect, publish, Stage, subscribe } from "./stage.ts";

const ROUTES = 4;
const HANDOVER_MS = 2_000;
const MOVED = {
  channel: "/meta/connect",
  successful: false,
  error: expect.stringMatching(/^402:/) as string,
  advice: { reconnect: "handshake", interval: 0 },
};

describe("a bridge with HaloD", () => {
  let stage: Stage;
  let cluster: FakeCluster;
  const us = nodeAt(1, "a:1", { instance: "instance" });
  const other = nodeAt(2, "b:1");

  beforeEach(async () => {
    cluster = new FakeCluster();
    stage = await Stage.start({}, undefined, { routes: ROUTES, cluster });
    await stage.advance();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  /** @returns how many requests of a route are refused */
  async function refusalsOf(route: number): Promise<number> {
    const { dispatcher } = stage;
    const before = dispatcher.link.of("refused").length;
    dispatcher.route = route;
    await stage.ask(publish(`00${route}${"x".repeat(26)}`, "/lobby", 1));
    dispatcher.route = 1;
    return dispatcher.link.of("refused").length - before;
  }

  /** A session on a route, with a poll that is held. */
  async function heldOn(route: number): Promise<{ clientId: string; poll: Downstream }> {
    stage.dispatcher.route = route;
    const clientId = await stage.session(["/lobby"]);
    const poll = stage.dispatcher.post(connect(clientId, { id: "held" }));
    stage.dispatcher.route = 1;
    return { clientId, poll };
  }

  it("owns nothing before it knows a table, as a spare, or where another process has its place", async () => {
    expect(await refusalsOf(1)).toBe(1);
    cluster.tell(ROUTES, [1, 2], [us, other]);
    expect([await refusalsOf(1), await refusalsOf(2)]).toEqual([0, 1]);
    cluster.tell(ROUTES, [1, 2], [nodeAt(1, "a:1", { instance: "another" }), other]);
    expect(await refusalsOf(1)).toBe(1);
    cluster.tell(ROUTES, [2], [{ ...us, state: "spare" }, other]);
    expect([await refusalsOf(1), await refusalsOf(2)]).toEqual([1, 1]);
  });

  it("ends the sessions on routes that it lost and nobody comes for, with the advice to handshake, and no others", async () => {
    cluster.tell(ROUTES, [1], [us]);
    const kept = await heldOn(1);
    const lost = await heldOn(2);
    const socketId = await stage.session(["/lobby"]);
    stage.dispatcher.route = 3;
    const onSocket = await stage.session(["/lobby"]);
    const lostSocket = stage.dispatcher.over(null, connect(onSocket, { id: "socket" }));
    stage.dispatcher.route = 1;
    const keptSocket = stage.dispatcher.over(null, connect(socketId, { id: "socket" }));
    expect(stage.bridge.census.sessions).toBe(4);

    cluster.tell(ROUTES, [1, 2], [us, other]);
    await stage.advance(HANDOVER_MS - 1);
    expect([lost.poll.messages, lostSocket.messages, stage.bridge.census.sessions]).toEqual([[], [], 4]);
    await stage.advance(1);
    expect(lost.poll.take()).toMatchObject([{ id: "held", ...MOVED }]);
    expect(lostSocket.take()).toMatchObject([{ id: "socket", ...MOVED }]);
    expect([lost.poll.state, lostSocket.state]).toEqual(["free", "free"]);
    expect(stage.bridge.census).toMatchObject({ sessions: 2, connections: 2 });

    stage.network.say("/lobby", "hello");
    await stage.advance();
    expect(keptSocket.take()).toMatchObject([{ data: "hello" }]);
    expect(kept.poll.take()).toMatchObject([{ data: "hello" }, { id: "held", successful: true }]);
  });

  it("ends all its sessions when it was given up in between, though the routes are its own again", async () => {
    cluster.tell(ROUTES, [1, 2], [us, other]);
    const { poll } = await heldOn(1);
    cluster.tell(ROUTES, [1, 2], [{ ...us, sinceMs: 2 }, other]);
    expect(poll.take()).toMatchObject([{ id: "held", ...MOVED }]);
    expect(stage.bridge.census.sessions).toBe(0);
    expect(await refusalsOf(1)).toBe(0);
  });

  it("answers what it had begun to do for a session that it lost", async () => {
    cluster.tell(ROUTES, [1], [us]);
    const clientId = await stage.session();
    stage.network.isObliging = false;
    const subscribing = stage.dispatcher.post(subscribe(clientId, "/lobby"));
    const publishing = stage.dispatcher.post(publish(clientId, "/other", 1));
    const leaving = stage.dispatcher.post(disconnect(clientId));
    await stage.advance();
    cluster.tell(ROUTES, [0], [{ ...us, state: "spare" }]);
    for (const { resolve } of [...stage.network.joins, ...stage.network.publishes]) resolve();
    await stage.advance(10_000);
    expect(subscribing.messages).toMatchObject([{ successful: false, advice: { reconnect: "handshake" } }]);
    expect(publishing.messages).toHaveLength(1);
    expect(leaving.messages).toHaveLength(1);
    expect(stage.bridge.census).toMatchObject({ sessions: 0, connections: 0, exchanges: 0 });
  });

  it("ends many sessions in parts, and serves others in between", async () => {
    cluster.tell(ROUTES, [1], [us]);
    const polls: Downstream[] = [];
    for (let count = 0; count < 1_200; count++) polls.push((await heldOn(2)).poll);
    const kept = await stage.session();
    // Nobody could come for them.
    cluster.tell(ROUTES, [1, 0], [us]);
    const ended = polls.filter(({ messages }) => messages.length > 0).length;
    expect(ended).toBeGreaterThan(0);
    expect(ended).toBeLessThan(1_200);
    expect(await stage.ask(publish(kept, "/lobby", 1))).toMatchObject([{ successful: true }]);
    await vi.waitFor(() => expect(stage.bridge.census.sessions).toBe(1));
    for (const poll of polls) expect(poll.messages).toMatchObject([MOVED]);
  });

  it("leaves: it tells HaloD first, then lets its sessions go", async () => {
    cluster.tell(ROUTES, [1], [us]);
    const { poll } = await heldOn(1);
    await stage.bridge.drain(1_000);
    expect(cluster.isDisposed).toBe(true);
    expect(poll.take()).toMatchObject([{ id: "held", ...MOVED }]);
    expect(await refusalsOf(1)).toBe(1);
  });

  it("registers when its network is there, unless it was told to stop before that", async () => {
    const sources = [new FakeCluster(), new FakeCluster()];
    for (const [index, source] of sources.entries()) {
      await using late = await Stage.start({}, undefined, { routes: ROUTES, cluster: source, isUp: false });
      await late.advance(30_000);
      expect(source.isStarted).toBe(false);
      if (index === 1) await late.bridge.drain(1_000);
      late.network.inbox?.up();
      await late.advance();
    }
    expect(sources.map(({ isStarted }) => isStarted)).toEqual([true, false]);
  });
});
