import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BridgeLinks } from "../../../dispatcher/bridge-links.ts";
import type { Downstream } from "../../../dispatcher/downstream.ts";
import { Coalescer } from "../../../dispatcher/transports/coalescer.ts";
import { FaultCounter } from "../../../link/index.ts";
import { FakeBridge } from "../../support/fake-bridge.ts";
import { FakeCluster, nodeAt } from "../../support/fake-cluster.ts";

const downstream = (): Downstream & { downs: number } => ({
  downs: 0,
  clientId: null,
  outlet: null,
  onFrame() {},
  onDown() {
    this.downs += 1;
  },
});

describe("BridgeLinks", () => {
  let cluster: FakeCluster;
  let made: { address: string; bridge: FakeBridge }[];
  let links: BridgeLinks;
  /** Whether links come up by themselves. */
  let isUp: boolean;

  const at = (address: string) => made.filter((one) => one.address === address).map(({ bridge }) => bridge);

  /** The next random numbers. */
  let drawn: number[];

  beforeEach(() => {
    vi.useFakeTimers();
    drawn = [];
    isUp = true;
    cluster = new FakeCluster();
    made = [];
    links = new BridgeLinks({
      cluster,
      routes: 4,
      connect: (to, owner) => {
        const bridge = new FakeBridge();
        made.push({ address: to.address, bridge });
        return bridge.connector(isUp)(to, owner);
      },
      coalescer: new Coalescer(0),
      faults: new FaultCounter(pino({ level: "silent" }), Date.now),
      now: () => Date.now(),
      random: () => drawn.shift() ?? 0.5,
      takeoverWaitMs: 1_000,
      maxTakeoverBytes: 10_000,
      maxTicketBytes: 10_000,
    });
    links.start();
    cluster.tell(4, [1, 1, 2, 2], [nodeAt(1, "a:1"), nodeAt(2, "b:1")]);
  });
  afterEach(async () => {
    await links[Symbol.asyncDispose]();
    vi.useRealTimers();
  });

  it("keeps its links over tables that move routes between the same bridges", () => {
    cluster.tell(4, [2, 1, 1, 2], [nodeAt(1, "a:1"), nodeAt(2, "b:1")]);
    cluster.tell(4, [2, 2, 2, 2], [nodeAt(1, "a:1", { state: "spare" }), nodeAt(2, "b:1")]);
    expect(made.map(({ address }) => address)).toEqual(["a:1", "b:1"]);
    expect(links.numbersOf(1)).toBe(links.numbersOf(4));
    expect(links.routeForNew()).toBe(3);
    expect([links.up, links.of]).toEqual([1, 1]);
  });

  it("is connected to who is to come before it owns anything, and says so", async () => {
    isUp = false;
    const nodes = [nodeAt(1, "a:1"), nodeAt(2, "b:1"), nodeAt(3, "c:1")];
    let isPrepared = false;
    const prepared = cluster.plan(4, [1, 1, 2, 3], nodes).then(() => (isPrepared = true));
    await vi.advanceTimersByTimeAsync(0);
    expect([at("c:1").length, isPrepared, links.of]).toEqual([1, false, 2]);
    at("c:1")[0]?.up();
    await prepared;
    expect(links.numbersOf(4)).toBe(links.numbersOf(3));
    cluster.tell(4, [1, 1, 2, 3], nodes);
    expect(links.numbersOf(4)).not.toBe(links.numbersOf(3));
    expect([links.numbersOf(4) !== null, made.length]).toEqual([true, 3]);
  });

  it("is ready at once for a plan in which nobody is new, and ends what nothing came of", async () => {
    await cluster.plan(4, [2, 2, 2, 2], [nodeAt(2, "b:1")]);
    await cluster.plan(4, [1, 1, 2, 3], [nodeAt(1, "a:1"), nodeAt(2, "b:1"), nodeAt(3, "c:1")]);
    expect(at("a:1")[0]?.isConnected).toBe(true);
    cluster.tell(4, [1, 1, 2, 2], [nodeAt(1, "a:1"), nodeAt(2, "b:1")]);
    await vi.advanceTimersByTimeAsync(50);
    expect([at("a:1"), at("b:1"), at("c:1")].map(([bridge]) => bridge?.isConnected)).toEqual([true, true, false]);
  });

  it("has nothing for a route that nobody owns, and takes new sessions elsewhere", () => {
    cluster.tell(4, [1, 1, 0, 0], [nodeAt(1, "a:1")]);
    expect([1, 2, 3, 4].map((route) => links.numbersOf(route) !== null)).toEqual([true, true, false, false]);
    expect(links.routeFor("00000003".padEnd(32, "0"))).toBe(2);
    // Each that is up as often as the others.
    drawn = [0.9, 0.1, 0.9, 0.6, 0.3];
    expect([links.routeForNew(), links.routeForNew(), links.routeForNew()]).toEqual([1, 2, 2]);
  });

  it("ends the link of a bridge that has left at once where nothing is connected by it", async () => {
    cluster.tell(4, [1], [nodeAt(1, "a:1")]);
    await vi.advanceTimersByTimeAsync(50);
    expect(at("b:1").map(({ isConnected }) => isConnected)).toEqual([false]);
    expect(at("a:1").map(({ isConnected }) => isConnected)).toEqual([true]);
  });

  it("gives one that has left a second to let go of its connections, and tells them then", async () => {
    const held = downstream();
    links.numbersOf(4)?.open(held);
    cluster.tell(4, [1], [nodeAt(1, "a:1")]);
    await vi.advanceTimersByTimeAsync(950);
    expect([held.downs, at("b:1")[0]?.isConnected]).toEqual([0, true]);
    await vi.advanceTimersByTimeAsync(50);
    expect([held.downs, at("b:1")[0]?.isConnected]).toEqual([1, false]);
  });

  it("goes on with the link of a bridge that is back before that", async () => {
    const held = downstream();
    links.numbersOf(4)?.open(held);
    cluster.tell(4, [1], [nodeAt(1, "a:1")]);
    await vi.advanceTimersByTimeAsync(900);
    cluster.tell(4, [1, 1, 2, 2], [nodeAt(1, "a:1"), nodeAt(2, "b:1")]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([held.downs, links.numbersOf(4)?.size, at("b:1").length]).toEqual([0, 1, 1]);
  });

  it("connects anew to a bridge that comes back after that, or elsewhere", async () => {
    cluster.tell(4, [1], [nodeAt(1, "a:1")]);
    await vi.advanceTimersByTimeAsync(50);
    cluster.tell(4, [1, 2], [nodeAt(1, "a:1"), nodeAt(2, "b:1")]);
    expect(at("b:1").map(({ isConnected }) => isConnected)).toEqual([false, true]);
    cluster.tell(4, [1, 2], [nodeAt(1, "a:1"), nodeAt(2, "c:1")]);
    expect(links.numbersOf(2)).not.toBeNull();
    at("b:1")[1]?.down();
    expect(links.numbersOf(2)).not.toBeNull();
    await vi.advanceTimersByTimeAsync(50);
    expect(at("c:1").map(({ isConnected }) => isConnected)).toEqual([true]);
  });

  it("hears of nothing after its end", async () => {
    await links[Symbol.asyncDispose]();
    expect([cluster.isDisposed, vi.getTimerCount()]).toEqual([true, 0]);
    expect(made.map(({ bridge }) => bridge.isConnected)).toEqual([false, false]);
  });
});
