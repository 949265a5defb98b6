import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RequestContext } from "../../../../link/index.ts";
import { FakeDispatcher, NO_CONTEXT } from "../fakes.ts";
import { connect, dataOf, disconnect, Stage } from "../stage.ts";

const BROWSER: RequestContext = { ...NO_CONTEXT, browser: "a".repeat(32) };
const MULTIPLE = { reconnect: "retry", interval: 2_000, "multiple-clients": true };

describe("rule 35: several tabs of one browser", () => {
  let stage: Stage;
  let tabs: string[];
  beforeEach(async () => {
    stage = await Stage.start();
    stage.dispatcher.context = BROWSER;
    tabs = [];
    for (let count = 0; count < 3; count++) tabs.push(await stage.session(["/lobby"]));
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const poll = (tab: number, id = "2") => stage.dispatcher.post(connect(tabs[tab] ?? "", { id }));

  it("have one held poll over HTTP/1.1; the others are answered at once, and told to wait", async () => {
    const first = poll(0);
    expect(first.held).not.toBeNull();
    for (const tab of [1, 2]) {
      expect(poll(tab).messages).toMatchObject([{ id: "2", successful: true, advice: MULTIPLE }]);
    }
    stage.network.say("/lobby", "to all");
    await stage.advance(10);
    expect(dataOf(first.messages)).toEqual(["to all"]);
    expect(dataOf(poll(1, "3").messages)).toEqual(["to all"]);
  });

  it("get the place of a poll that was answered, given up, ended, or replaced by the tab's own next one", async () => {
    const answered = poll(0);
    stage.network.say("/lobby", 1);
    await stage.advance(10);
    expect(dataOf(answered.messages)).toEqual([1]);
    poll(1).take();
    const second = poll(1, "3");
    expect(second.held).not.toBeNull();
    stage.dispatcher.close(second);
    poll(2).take();
    const third = poll(2, "3");
    expect(third.held).not.toBeNull();
    expect(poll(2, "4").held).not.toBeNull();
    await stage.ask(disconnect(tabs[2] ?? ""));
    expect(poll(0, "4").held).not.toBeNull();
    await stage.advance(30_200);
    expect(poll(1, "5").held).not.toBeNull();
  });

  it("get it back when the dispatcher that held it is gone", async () => {
    poll(0);
    stage.dispatcher.down();
    const other = new FakeDispatcher(stage.bridge, "other");
    other.context = BROWSER;
    expect(other.post(connect(tabs[1] ?? "", { id: "2" })).held).not.toBeNull();
  });

  it("are held side by side over HTTP/2, over WebSockets, and where nothing tells that they are one browser", () => {
    poll(0);
    stage.dispatcher.context = { ...BROWSER, isMultiplexed: true };
    expect(poll(1).held).not.toBeNull();
    stage.dispatcher.context = { ...BROWSER, via: "upgrade" };
    expect(stage.dispatcher.over(null, connect(tabs[2] ?? "", { id: "2" })).held).not.toBeNull();
  });

  it("are held side by side for clients without a cookie", async () => {
    stage.dispatcher.context = NO_CONTEXT;
    const clients = [await stage.session(), await stage.session()];
    for (const clientId of clients) expect(stage.dispatcher.post(connect(clientId)).held).not.toBeNull();
  });

  it("may be as many as is configured, or any number", async () => {
    await stage[Symbol.asyncDispose]();
    for (const [maxHeldPerBrowser, held] of [
      [2, 2],
      [0, 3],
    ] as const) {
      stage = await Stage.start({ maxHeldPerBrowser, multipleClientsIntervalMs: 500 });
      stage.dispatcher.context = BROWSER;
      const polls = [];
      for (let count = 0; count < 3; count++) polls.push(stage.dispatcher.post(connect(await stage.session())));
      expect(polls.filter((one) => one.held !== null)).toHaveLength(held);
      const answered = polls.flatMap((one) => one.messages);
      for (const reply of answered) expect(reply).toMatchObject({ advice: { interval: 500 } });
      if (held === 2) await stage[Symbol.asyncDispose]();
    }
  });

  it("lose nothing with the ack extension while they wait", async () => {
    poll(0);
    const clientId = await stage.session(["/lobby"], { ack: true });
    stage.network.say("/lobby", 1);
    await stage.advance(10);
    poll(0, "3");
    const first = await stage.ask(connect(clientId, { id: "2", ext: { ack: 1 } }));
    expect(first).toMatchObject([{ data: 1 }, { ext: { ack: 2 } }]);
    const waits = await stage.ask(connect(clientId, { id: "3", ext: { ack: 2 } }));
    expect(waits).toMatchObject([{ ext: { ack: 3 }, advice: MULTIPLE }]);
    stage.network.say("/lobby", 2);
    const next = await stage.ask(connect(clientId, { id: "4", ext: { ack: 3 } }));
    expect(next).toMatchObject([{ data: 2 }, { ext: { ack: 4 } }]);
  });
});
