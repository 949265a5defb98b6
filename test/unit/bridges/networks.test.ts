import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Bridge, bridgeSchema, makeMapping, mappingSchema } from "../../../bridges/index.ts";
import { FaultCounter, linkSchema } from "../../../link/index.ts";
import { PLAIN_NAMES } from "../../support/sole-mapping.ts";
import { FakeDispatcher, FakeNetwork, type Message } from "./fakes.ts";
import { connect, dataOf, handshake, publish, subscribe } from "./stage.ts";

const RULES = mappingSchema.parse([
  { channels: "/far/**", network: "far", stripPrefix: true },
  { channels: "/desk", network: "near", name: "/help" },
  { channels: "/news/**", access: "read-only" },
  { channels: "/drop/**", access: "publish-only" },
  { channels: "/secret", access: "none" },
]);

describe("a bridge of two networks", () => {
  const near = { network: new FakeNetwork(), names: PLAIN_NAMES, name: "near" };
  let far: FakeNetwork;
  let bridge: Bridge;
  let dispatcher: FakeDispatcher;
  let logged: string[];

  beforeEach(async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    near.network = new FakeNetwork("near");
    far = new FakeNetwork("far");
    logged = [];
    const log = pino({ level: "warn" }, { write: (line: string) => logged.push(line) });
    bridge = await Bridge.start({
      config: bridgeSchema.parse({ port: 0 }),
      routes: 1,
      secret: "secret",
      name: "bridge",
      instance: "instance",
      link: linkSchema.parse({}),
      faults: new FaultCounter(log, Date.now),
      networks: [near.network, far],
      mapping: makeMapping(RULES, [near, { name: "far", names: PLAIN_NAMES }]),
      log,
      now: () => Date.now(),
      randomBytes,
    });
    dispatcher = new FakeDispatcher(bridge);
  });
  afterEach(async () => {
    await bridge[Symbol.asyncDispose]();
    vi.useRealTimers();
    dispatcher.assertObeyed();
  });

  const advance = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

  async function ask(...messages: Message[]): Promise<Message[]> {
    const { messages: answers } = await asked(...messages);
    return answers;
  }

  async function asked(...messages: Message[]) {
    const downstream = dispatcher.post(...messages);
    await advance();
    return downstream;
  }

  async function session(...channels: string[]): Promise<string> {
    const [reply] = await ask(handshake());
    const clientId = String(reply?.["clientId"]);
    if (channels.length > 0) expect(await ask(subscribe(clientId, channels))).toMatchObject([{ successful: true }]);
    await ask(connect(clientId));
    return clientId;
  }

  async function isReady(): Promise<boolean> {
    let isReached = false;
    void bridge.ready().then(() => (isReached = true));
    await advance();
    return isReached;
  }

  const allUp = () => [near.network, far].forEach(({ inbox }) => inbox?.up());

  it("is ready when all of them were up", async () => {
    far.inbox?.up();
    expect(await isReady()).toBe(false);
    near.network.inbox?.up();
    expect(await isReady()).toBe(true);
    await advance(60_000);
    expect(logged).toEqual([]);
  });

  it("does not wait for ever for one of them, and says once which is away", async () => {
    near.network.inbox?.up();
    await advance(9_999);
    expect(await isReady()).toBe(false);
    await advance(1);
    expect(await isReady()).toBe(true);
    await advance(60_000);
    expect(logged.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ away: ["far"], msg: "started without a network; its channels wait for it" }),
    ]);
  });

  it("waits for the first of them as long as it takes", async () => {
    await advance(60_000);
    expect(await isReady()).toBe(false);
    far.inbox?.up();
    expect(await isReady()).toBe(true);
  });

  it("joins, publishes and hears each channel on its own network, and names it", async () => {
    allUp();
    const clientId = await session("/lobby", "/far/lobby", "/desk");
    expect([near.network, far].map(({ joins }) => joins.map(({ channel }) => channel))).toEqual([
      ["/lobby", "/desk"],
      ["/far/lobby"],
    ]);
    await ask(publish(clientId, "/lobby", 1), publish(clientId, "/far/lobby", 2));
    expect([near.network.published, far.published]).toEqual([[1], [2]]);
    near.network.say("/lobby", "a");
    far.say("/far/lobby", "b");
    const heard = await ask(connect(clientId));
    expect(dataOf(heard)).toEqual(["a", "b"]);
    expect(heard.slice(0, 2)).toMatchObject([
      { ext: { tailspin: { network: "near" } } },
      { ext: { tailspin: { network: "far" } } },
    ]);
  });

  it("tells with the list of who is there where a channel is, and what it is called there", async () => {
    allUp();
    far.people.set("/far/lobby", [{ id: "far:bob", name: "bob" }]);
    const clientId = await session();
    await ask(subscribe(clientId, ["/presence/far/lobby", "/presence/desk"]));
    far.inbox?.presence("/far/lobby", { type: "joined", member: { id: "far:eve", name: "eve" } });
    const [bob, eve] = ["bob", "eve"].map((name) => ({ id: `far:${name}`, name, network: "far" }));
    expect(dataOf(await ask(connect(clientId)))).toEqual([
      { members: [bob], network: "far", name: "/lobby" },
      { members: [], network: "near", name: "/help" },
      { joined: eve },
    ]);
  });

  it("goes on with one while the other is away", async () => {
    allUp();
    const clientId = await session("/lobby", "/far/lobby");
    far.inbox?.down("cut");
    const waiting = await asked(publish(clientId, "/far/lobby", 1));
    expect(await ask(publish(clientId, "/lobby", 2))).toMatchObject([{ successful: true }]);
    const late = await session();
    expect(await ask(subscribe(late, "/other"))).toMatchObject([{ successful: true }]);
    expect(waiting.messages).toEqual([]);
    near.network.inbox?.down("cut");
    near.network.inbox?.up();
    await advance();
    expect(waiting.messages).toEqual([]);
    far.inbox?.up();
    await advance();
    expect(waiting.messages).toMatchObject([{ successful: true }]);
    expect(far.published).toEqual([1]);
  });

  it("names the network that is away where a subscribe gave up on it", async () => {
    near.network.inbox?.up();
    const clientId = await session();
    const waiting = await asked(subscribe(clientId, "/far/lobby"));
    await advance(8_000);
    expect(waiting.messages).toMatchObject([{ successful: false, error: "503:/far/lobby:The network far is away" }]);
  });

  it("refuses what the mapping does not allow, and asks no network for it", async () => {
    allUp();
    const clientId = await session("/news/a");
    expect(await ask(publish(clientId, "/news/a", 1))).toMatchObject([
      { error: "403:/news/a:This channel is read-only" },
    ]);
    expect(await ask(publish(clientId, "/drop/a", 2))).toMatchObject([{ successful: true }]);
    for (const name of ["/drop/a", "/presence/drop/a"]) {
      expect(await ask(subscribe(clientId, name))).toMatchObject([
        { error: `403:${name}:This channel is publish-only` },
      ]);
    }
    expect(await ask(subscribe(clientId, ["/lobby", "/secret"]))).toMatchObject([
      { error: "403:/secret:This server does not carry this channel" },
    ]);
    for (const request of [subscribe(clientId, "/help"), publish(clientId, "/help", 3)]) {
      expect(await ask(request)).toMatchObject([{ error: "403:/help:On its network /desk has this name" }]);
    }
    expect(near.network.joins.map(({ channel }) => channel)).toEqual(["/news/a", "/drop/a"]);
    expect(near.network.published).toEqual([2]);
  });
});
