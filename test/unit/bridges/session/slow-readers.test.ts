import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, dataOf, publish, Stage } from "../stage.ts";
import type { BridgeConfig } from "../../../../bridges/index.ts";
import { SlowReaders } from "../../../../bridges/session/slow-readers.ts";
import { FaultCounter } from "../../../../link/index.ts";
import { ROOMY } from "./entries.ts";

const UNKNOWN = { successful: false, error: "402::session_unknown", advice: { reconnect: "handshake" } };

describe("slow readers", () => {
  let stage: Stage;
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const start = async (slowReaders: BridgeConfig["slowReaders"], more: Partial<BridgeConfig> = {}) => {
    stage = await Stage.start({ maxQueuedMessages: 8, slowReaders, ...more });
  };
  const say = (channel: string, from: number, to: number) => {
    for (let number = from; number <= to; number++) stage.network.say(channel, number, `${channel} ${number}`);
  };
  const poll = (clientId: string, fields = {}) => stage.ask(connect(clientId, { advice: { timeout: 0 }, ...fields }));

  it("get the newest message of a channel that conflates, and how many it stands for", async () => {
    await start([{ channels: "/stocks/*", policy: "conflate" }]);
    const clientId = await stage.session(["/stocks/a", "/stocks/b"]);
    say("/stocks/a", 1, 3);
    say("/stocks/b", 1, 6);
    expect(await poll(clientId)).toMatchObject([
      { channel: "/stocks/a", data: 3, ext: { tailspin: { id: "/stocks/a 3", network: "fake", conflated: 2 } } },
      { channel: "/stocks/b", data: 6, ext: { tailspin: { conflated: 5 } } },
      { channel: "/meta/connect" },
    ]);
  });

  it("are told as one sum what was conflated bit by bit", async () => {
    await start([{ channels: "/stocks", policy: "conflate" }]);
    const clientId = await stage.session(["/stocks"]);
    say("/stocks", 1, 100);
    const messages = dataOf(await poll(clientId));
    expect(messages.at(-1)).toBe(100);
    stage.network.say("/stocks", 101, "101");
    expect(await poll(clientId)).toMatchObject([{ data: 101, ext: { tailspin: { id: "101" } } }, {}]);
  });

  it("keep a gap notice of the network beside the newest message", async () => {
    await start([{ channels: "/stocks", policy: "conflate" }]);
    const clientId = await stage.session(["/stocks"]);
    say("/stocks", 1, 8);
    stage.network.inbox?.gap("/stocks", "away");
    await stage.advance();
    const [first, second] = await poll(clientId);
    expect(first).toMatchObject({ data: 8, ext: { tailspin: { conflated: 7 } } });
    expect(second).toMatchObject({ data: { gap: { reason: "away", after: "/stocks 8" } } });
  });

  it("get one gap notice, in its place, for the oldest messages of a channel that drops them", async () => {
    await start([{ channels: "/news", policy: "drop-oldest" }]);
    const clientId = await stage.session(["/news", "/lobby"], { ack: true });
    say("/news", 1, 1);
    expect(dataOf(await poll(clientId, { id: "2", ext: { ack: 1 } }))).toEqual([1]);
    say("/lobby", 1, 1);
    say("/news", 2, 12);
    const messages = await poll(clientId, { id: "3", ext: { ack: 2 } });
    const gap = messages[1];
    expect(messages[0]).toMatchObject({ channel: "/lobby", data: 1 });
    expect(gap).toMatchObject({
      channel: "/news",
      data: { gap: { reason: "this reader was too slow", after: "/news 1", count: expect.any(Number) } },
      ext: { tailspin: { gap: true, network: "fake", time: expect.any(String) } },
    });
    const rest = dataOf([...messages.slice(2), ...(await poll(clientId, { id: "4", ext: { ack: 3 } }))]);
    const missing = 11 - rest.length;
    expect(rest).toEqual(Array.from({ length: rest.length }, (_, index) => index + 2 + missing));
    expect(JSON.stringify(gap)).toContain(`"before":"/news ${String(rest[0])}","count":${missing}`);
  });

  it("get no count where nobody knows how many are missing", async () => {
    await start([{ channels: "/news", policy: "drop-oldest" }]);
    const clientId = await stage.session(["/news"]);
    say("/news", 1, 1);
    stage.network.inbox?.gap("/news", "away");
    await stage.advance();
    say("/news", 2, 9);
    const [gap] = await poll(clientId);
    expect(gap).toMatchObject({ data: { gap: { reason: "this reader was too slow", after: null } } });
    expect(JSON.stringify(gap)).not.toContain('"count"');
  });

  it("do not lose a batch that is on its way, whatever is dropped behind it", async () => {
    await start([{ channels: "/**", policy: "drop-oldest" }]);
    const clientId = await stage.session(["/news"], { ack: true });
    say("/news", 1, 6);
    expect(dataOf(await poll(clientId, { id: "2", ext: { ack: 1 } }))).toEqual([1, 2, 3, 4]);
    say("/news", 7, 40);
    // Batch 2 was lost on its way: it comes again, and what follows it is the gap.
    const again = await poll(clientId, { id: "3", ext: { ack: 1 } });
    expect(dataOf(again).slice(0, 4)).toEqual([1, 2, 3, 4]);
    const rest = await poll(clientId, { id: "4", ext: { ack: 3 } });
    expect(rest[0]).toMatchObject({ data: { gap: { after: "/news 4" } } });
    expect(dataOf(rest).at(-1)).toBe(40);
  });

  it("make room in bytes as well", async () => {
    await start([{ channels: "/news", policy: "drop-oldest" }], { maxQueuedMessages: 1_000, maxQueuedBytes: 10_000 });
    const clientId = await stage.session(["/news"]);
    for (let number = 1; number <= 50; number++) stage.network.say("/news", "x".repeat(1_000), String(number));
    const messages = await poll(clientId);
    expect(messages[0]).toMatchObject({ data: { gap: { count: expect.any(Number) } } });
    expect(JSON.stringify(messages).length).toBeLessThan(11_000);
  });

  it("are ended where a channel says nothing else, and where thinning is not enough", async () => {
    await start([{ channels: "/news", policy: "drop-oldest" }]);
    const clientId = await stage.session(["/news", "/lobby"]);
    say("/news", 1, 3);
    say("/lobby", 1, 9);
    expect(await poll(clientId)).toMatchObject([UNKNOWN]);
  });

  it("get presence whole or not at all", async () => {
    await start([{ channels: "/**", policy: "conflate" }]);
    const clientId = await stage.session(["/presence/lobby"]);
    for (let number = 0; number < 9; number++) {
      stage.network.inbox?.presence("/lobby", { type: "joined", member: { id: `${number}`, name: `${number}` } });
    }
    expect(await poll(clientId)).toMatchObject([UNKNOWN]);
  });

  it("leave what healthy readers get as it is", async () => {
    await start([{ channels: "/**", policy: "conflate" }]);
    const [slow, quick] = [await stage.session(["/news"]), await stage.session(["/news"])];
    const socket = stage.dispatcher.over(null, connect(quick));
    say("/news", 1, 20);
    expect(dataOf(socket.messages)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(JSON.stringify(socket.messages)).not.toContain("conflated");
    expect(await stage.ask(publish(slow, "/news", 0))).toMatchObject([{ successful: true }]);
  });
});

describe("the policy of a channel", () => {
  const log = pino({ level: "silent" });
  const readers = new SlowReaders({
    rules: [
      { channels: "/stocks/nasdaq/*", policy: "drop-oldest" },
      { channels: "/stocks/**", policy: "conflate" },
      { channels: "/news", policy: "drop-oldest" },
      { channels: "/news", policy: "conflate" },
    ],
    limits: ROOMY,
    networkOf: () => "fake",
    now: () => 0,
    log,
    faults: new FaultCounter(log, () => 0),
  });

  it.each([
    ["/stocks/a", "conflate"],
    ["/stocks/a/b", "conflate"],
    ["/stocks/nasdaq/a", "drop-oldest"],
    ["/stocks/nasdaq/a/b", "conflate"],
    ["/stocks", "disconnect"],
    ["/news", "drop-oldest"],
    ["/lobby", "disconnect"],
  ])("of %s is that of the first rule that matches: %s", (channel, policy) => {
    expect(readers.policyOf(channel)).toBe(policy);
  });
});

describe("who is too slow", () => {
  it("is named in the log once until it has caught up, and counted", async () => {
    const lines: string[] = [];
    const log = pino({ level: "info" }, { write: (line) => void lines.push(line) });
    await using stage = await Stage.start(
      { maxQueuedMessages: 8, slowReaders: [{ channels: "/**", policy: "drop-oldest" }] },
      log,
    );
    const clientId = await stage.session(["/news"]);
    for (const round of [1, 2]) {
      for (let number = 0; number < 50; number++) stage.network.say("/news", number, `${round} ${number}`);
      for (let count = 0; count < 3; count++) await stage.ask(connect(clientId, { advice: { timeout: 0 } }));
    }
    const warnings = lines.filter((line) => line.includes('"msg":"slow reader"'));
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain(`"session":"${clientId.slice(0, 8)}…"`);
    expect(lines.join("")).not.toContain(clientId);
    expect(stage.faults.counts().get("bridge.dropped")).toBeGreaterThan(1);
  });
});
