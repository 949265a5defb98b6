import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Allowance } from "../../../bridges/session/allowance.ts";
import { NO_CONTEXT, type Message } from "./fakes.ts";
import { connect, disconnect, handshake, publish, Stage, subscribe, unsubscribe } from "./stage.ts";

const BROWSER = { ...NO_CONTEXT, browser: "a".repeat(32) };

describe("the limits of a session", () => {
  let stage: Stage;
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const errorsOf = (replies: readonly Message[]) => replies.map((reply) => reply["error"]);

  it("refuse messages beyond its rate, name the limit, and publish nothing of them", async () => {
    stage = await Stage.start({ maxMessagesPerSecond: 10, maxMessageBurst: 3 });
    const clientId = await stage.session();
    const batch = [1, 2, 3, 4, 5].map((data) => publish(clientId, "/lobby", data));
    const refused = "429:messages per second,10:Too many";
    expect(errorsOf(await stage.ask(...batch))).toEqual([undefined, undefined, undefined, refused, refused]);
    expect(stage.network.published).toEqual([1, 2, 3]);
    expect(stage.faults.counts().get("bridge.messagesPerSecond")).toBe(2);
    await stage.advance(100);
    expect(errorsOf(await stage.ask(...batch.slice(0, 2)))).toEqual([undefined, refused]);
  });

  it("count subscribes and unsubscribes among its messages, and neither connects nor the disconnect", async () => {
    stage = await Stage.start({ maxMessagesPerSecond: 1, maxMessageBurst: 2 });
    const clientId = await stage.session();
    for (let count = 0; count < 10; count++) {
      expect(await stage.ask(connect(clientId, { advice: { timeout: 0 } }))).toMatchObject([{ successful: true }]);
    }
    await stage.ask(subscribe(clientId, "/a"), unsubscribe(clientId, "/a"));
    const replies = await stage.ask(subscribe(clientId, "/b"), unsubscribe(clientId, "/b"), disconnect(clientId));
    expect(replies).toMatchObject([
      { error: expect.stringMatching(/^429:/), subscription: "/b" },
      { error: expect.stringMatching(/^429:/), subscription: "/b" },
      { channel: "/meta/disconnect", successful: true },
    ]);
  });

  it("do not let one session use up another's rate", async () => {
    stage = await Stage.start({ maxMessagesPerSecond: 1, maxMessageBurst: 1 });
    const [one, other] = [await stage.session(), await stage.session()];
    await stage.ask(publish(one, "/lobby", 1));
    expect(await stage.ask(publish(other, "/lobby", 2))).toMatchObject([{ successful: true }]);
  });

  it("count its subscriptions, and say how many there may be", async () => {
    stage = await Stage.start({ maxSubscriptions: 2 });
    const clientId = await stage.session(["/a", "/b"]);
    expect(errorsOf(await stage.ask(subscribe(clientId, "/c")))).toEqual(["429:subscriptions,2:Too many"]);
    expect(stage.faults.counts().get("bridge.subscriptions")).toBe(1);
  });

  it("count the bytes of its data", async () => {
    stage = await Stage.start({ maxMessageBytes: 10 });
    const clientId = await stage.session();
    await stage.ask(publish(clientId, "/lobby", "x".repeat(20)));
    expect(stage.faults.counts().get("bridge.messageBytes")).toBe(1);
  });

  it("count the sessions of its browser, and let others begin when some have ended", async () => {
    stage = await Stage.start({ maxSessionsPerBrowser: 2 });
    stage.dispatcher.context = BROWSER;
    const [first] = [await stage.handshake(), await stage.handshake()];
    const [refused] = await stage.ask(handshake());
    expect(refused).toMatchObject({
      error: "429:sessions per browser,2:Too many",
      advice: { reconnect: "handshake", interval: 5_000 },
    });
    expect(stage.faults.counts().get("bridge.sessionsPerBrowser")).toBe(1);
    stage.dispatcher.context = { ...BROWSER, browser: "b".repeat(32) };
    expect(await stage.ask(handshake())).toMatchObject([{ successful: true }]);
    stage.dispatcher.context = BROWSER;
    await stage.ask(disconnect(first ?? ""));
    expect(await stage.ask(handshake())).toMatchObject([{ successful: true }]);
    expect(await stage.ask(handshake())).toMatchObject([{ successful: false }]);
  });

  it("do not hold clients without a cookie for one browser", async () => {
    stage = await Stage.start({ maxSessionsPerBrowser: 2 });
    for (let count = 0; count < 5; count++) expect(await stage.handshake()).toMatch(/^001/);
  });
});

describe("Allowance", () => {
  it("lets through no more than the burst and what has come in since, whenever it is asked", () => {
    const waits = fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(waits, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }), (some, rate, burst) => {
        const allowance = new Allowance(rate, burst, 0);
        let now = 0;
        let taken = 0;
        for (const wait of some) {
          now += wait;
          if (allowance.take(now)) taken += 1;
          expect(taken).toBeLessThanOrEqual(burst + (now * rate) / 1_000 + 1e-6);
        }
      }),
    );
  });

  it("lets a steady sender pass at its rate", () => {
    const allowance = new Allowance(10, 1, 0);
    for (let now = 0; now < 10_000; now += 101) expect(allowance.take(now)).toBe(true);
  });

  it("gives nothing for a clock that was set back", () => {
    const allowance = new Allowance(1, 1, 10_000);
    expect([allowance.take(10_000), allowance.take(0), allowance.take(500), allowance.take(1_000)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
