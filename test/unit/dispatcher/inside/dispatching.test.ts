import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BridgeLinks } from "../../../../dispatcher/bridge-links.ts";
import { dispatch } from "../../../../dispatcher/inside/dispatching.ts";
import { Coalescer } from "../../../../dispatcher/transports/coalescer.ts";
import { type ClusterSource, fixedCluster, tableOf } from "../../../../halod/index.ts";
import { FaultCounter, readDispatch } from "../../../../link/index.ts";
import { FakeBridge } from "../../../support/fake-bridge.ts";
import { FakeCluster, nodeAt } from "../../../support/fake-cluster.ts";

const ROUTES = 1_024;
const TIMEOUT_MS = 5_000;
const WAIT_MS = 1_000;
const fifty = Array.from({ length: 50 }, (_, index) => `user${index}`);
const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("a dispatch", () => {
  const bridges = new Map<number, FakeBridge>();
  let links: BridgeLinks;

  function start(cluster: ClusterSource, takeoverWaitMs: number): void {
    links = new BridgeLinks({
      cluster,
      routes: ROUTES,
      connect: (to, owner) => {
        const bridge = new FakeBridge();
        bridges.set(to.node, bridge);
        return bridge.connector()(to, owner);
      },
      coalescer: new Coalescer(0),
      faults: new FaultCounter(pino({ level: "silent" }), Date.now),
      now: () => Date.now(),
      random: () => 0.5,
      takeoverWaitMs,
      maxTakeoverBytes: 1_000_000,
      maxTicketBytes: 1_000_000,
    });
    links.start();
  }
  /** Bridges of a list that is configured, as they are without HaloD. */
  const startList = (nodes: number) =>
    start(
      fixedCluster(
        ids(nodes).map((node) => `b:${node}`),
        ROUTES,
      ),
      0,
    );
  /** Bridges that HaloD tells of. */
  function startHalo(nodes: number): FakeCluster {
    const cluster = new FakeCluster();
    start(cluster, WAIT_MS);
    const { owners } = tableOf(ROUTES, nodes);
    cluster.tell(
      ROUTES,
      owners,
      ids(nodes).map((node) => nodeAt(node, `b:${node}`)),
    );
    return cluster;
  }
  const send = (recipients: readonly string[], data: unknown = 1) =>
    dispatch({ recipients, data }, { bridges: links, timeoutMs: TIMEOUT_MS, id: "m1" });
  /** The same, while each look moves the clock on. */
  async function sendAndWait(recipients: readonly string[], onSent = async () => {}): Promise<unknown> {
    let report: unknown = null;
    void send(recipients).then((it) => (report = it));
    await onSent();
    await vi.waitFor(() => expect(report).not.toBeNull(), { timeout: 2 * WAIT_MS, interval: 50 });
    return report;
  }
  const frames = () => [...bridges.values()].flatMap((bridge) => bridge.of("dispatch"));
  const bridge = (node: number) => bridges.get(node) ?? new FakeBridge();
  const nodeOf = (user: string, cluster = tableOf(ROUTES, bridges.size).owners) =>
    cluster[(links.routesOfUser(user)[0] ?? 0) - 1] ?? 0;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
    bridges.clear();
  });
  afterEach(async () => {
    await links[Symbol.asyncDispose]();
    vi.useRealTimers();
  });

  it.each([2, 8, 64])("to one user is one frame, also where there are %i bridges", async (nodes) => {
    startHalo(nodes);
    expect(await send(["alice"])).toEqual({ delivered: ["alice"], unreachable: [], unknown: [] });
    expect(frames()).toHaveLength(1);
    expect(bridge(nodeOf("alice")).of("dispatch")).toHaveLength(1);
  });

  it.each([2, 8, 64])("to one user is two frames in a list of %i bridges, one of which stands in", async (nodes) => {
    startList(nodes);
    expect(await send(["alice"])).toMatchObject({ delivered: ["alice"] });
    expect(frames()).toHaveLength(2);
  });

  it("says its data once to a bridge, however many of the recipients are there", async () => {
    startHalo(3);
    await send(fifty, { text: "hello" });
    expect(frames()).toHaveLength(3);
    const dispatches = frames().map(({ payload }) => readDispatch(payload));
    const asked = dispatches.flatMap((one) => one?.recipients.map(([user]) => user) ?? []);
    expect(asked.toSorted()).toEqual(fifty.toSorted());
    expect(dispatches.map((one) => [one?.id, one?.data])).toEqual([1, 2, 3].map(() => ["m1", { text: "hello" }]));
  });

  it("tells of each recipient what became of it", async () => {
    startHalo(3);
    const outcomes = { alice: "delivered", bob: "unreachable", carol: "unknown" } as const;
    for (const one of bridges.values()) one.outcomeOf = (user) => outcomes[user as keyof typeof outcomes];
    expect(await send(["carol", "bob", "alice"])).toEqual({
      delivered: ["alice"],
      unreachable: ["bob"],
      unknown: ["carol"],
    });
    expect(links.numbersOf(1)?.size).toBe(0);
  });

  it("names those whose bridge is away, and reaches the others", async () => {
    startList(3);
    for (const [node, one] of bridges) one.outcomeOf = (user) => (nodeOf(user) === node ? "delivered" : "unknown");
    bridge(2).down();
    const lost = fifty.filter((user) => nodeOf(user) === 2);
    expect(lost.length).toBeGreaterThan(0);
    expect(await send(fifty)).toEqual({
      delivered: fifty.filter((user) => !lost.includes(user)),
      unreachable: lost,
      unknown: [],
      faults: [{ users: lost, error: "the bridge of these users is away" }],
    });
  });

  it("finds a user who began at the second bridge while his own was away", async () => {
    startList(3);
    const home = nodeOf("alice");
    bridge(home).down();
    const deputy = links.routeFor("", "alice");
    expect(links.routesOfUser("alice")).toContain(deputy);
    bridge(home).up();
    expect(links.routeFor("", "alice")).toBe(links.routesOfUser("alice")[0]);
    for (const one of bridges.values()) one.outcomeOf = (_, route) => (route === deputy ? "delivered" : "unknown");
    expect(await send(["alice"])).toEqual({ delivered: ["alice"], unreachable: [], unknown: [] });
  });

  it("says what cannot be known, where a bridge dies or hangs before it answers", async () => {
    startHalo(2);
    for (const one of bridges.values()) one.answersDispatches = false;
    const report = send(fifty);
    const [ofOne, ofTwo] = [1, 2].map((node) => fifty.filter((user) => nodeOf(user) === node));
    bridge(1).down();
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(await report).toEqual({
      delivered: [],
      unreachable: [],
      unknown: [],
      unconfirmed: fifty,
      faults: [
        { users: ofOne, error: "the bridge of these users went away before it answered" },
        { users: ofTwo, error: "the bridge of these users did not answer in time" },
      ],
    });
    // Nobody gets a number whose late answer may still come.
    expect(
      bridge(2)
        .of("closed")
        .map(({ connection }) => connection),
    ).toEqual(
      bridge(2)
        .of("dispatch")
        .map(({ connection }) => connection),
    );
  });

  it("goes to the next owner of a route, once, where a bridge refuses it", async () => {
    const cluster = startHalo(2);
    bridge(1).outcomeOf = () => "refused";
    const report = await sendAndWait(fifty, async () => {
      await vi.waitFor(() => expect(bridge(1).of("dispatch").length).toBeGreaterThan(1));
      cluster.tell(ROUTES, [2], [nodeAt(1, "b:1"), nodeAt(2, "b:2")]);
    });
    expect(report).toEqual({ delivered: fifty, unreachable: [], unknown: [] });
    const asked = bridge(2)
      .of("dispatch")
      .flatMap(({ payload }) => readDispatch(payload)?.recipients ?? []);
    expect(asked.map(([user]) => user).toSorted()).toEqual(fifty.toSorted());
    // Those who waited go together.
    expect(bridge(2).of("dispatch")).toHaveLength(2);
  });

  it("waits no longer for a next owner than requests do", async () => {
    startHalo(2);
    for (const one of bridges.values()) one.outcomeOf = () => "refused";
    const atMs = Date.now();
    const report = await sendAndWait(["alice"]);
    expect(Date.now() - atMs).toBeGreaterThanOrEqual(WAIT_MS);
    expect(report).toEqual({
      delivered: [],
      unreachable: ["alice"],
      unknown: [],
      faults: [{ users: ["alice"], error: "these users are moving to another bridge" }],
    });
    expect(links.takeovers.size).toBe(0);
  });

  it("leaves a link alone that is full, and says so", async () => {
    startHalo(1);
    bridge(1).isFull = true;
    expect(await send(["alice"])).toMatchObject({
      unreachable: ["alice"],
      faults: [{ users: ["alice"], error: "too much waits on the link to the bridge of these users" }],
    });
    expect(frames()).toEqual([]);
  });

  it("takes an answer that makes no sense for none", async () => {
    startHalo(1);
    bridge(1).answersDispatches = false;
    const report = send(["alice"]);
    const [frame] = frames();
    bridge(1).say({ type: "answer", connection: frame?.connection ?? 0, isFinal: true, payload: Buffer.from("1") });
    expect(await report).toMatchObject({
      unconfirmed: ["alice"],
      faults: [{ error: expect.stringMatching(/no sense/) }],
    });
  });
});
