import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, dataOf, Stage, subscribe } from "../stage.ts";

const beside = { connectionType: "eventsource" };

// Rule 34.
describe("a session with an eventsource stream", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  it("is answered at once over HTTP, told when to come again, and stays on its stream", async () => {
    const clientId = await stage.session(["/lobby"]);
    const stream = stage.dispatcher.over(null, connect(clientId, beside));
    expect(stream.held).not.toBeNull();
    expect(await stage.ask(connect(clientId, { ...beside, id: "2" }))).toMatchObject([
      { id: "2", successful: true, clientId, advice: { reconnect: "retry", interval: 30_000, timeout: 30_000 } },
    ]);
    stage.network.say("/lobby", 1);
    expect(dataOf(stream.messages)).toEqual([1]);
    expect(stream.state).toBe("open");
  });

  // faye.js waits 1.2 times the newest advice's timeout for any answer; for 0, only 1.2 times the time between two attempts.
  it("leaves the browser its time for other answers", async () => {
    const clientId = await stage.session();
    const [{ advice } = {}] = await stage.ask(connect(clientId, { ...beside, id: "2", advice: { timeout: 0 } }));
    expect(advice).toMatchObject({ timeout: 30_000 });
  });

  it("stays on it over a poll that is not to be held, which faye.js sends while the stream opens", async () => {
    const clientId = await stage.handshake();
    const stream = stage.dispatcher.over(null, connect(clientId, beside));
    stage.dispatcher.over(stream, connect(clientId, beside));
    const [first] = await stage.ask(connect(clientId, { id: "2" }), subscribe(clientId, "/lobby"));
    expect(first).toMatchObject({ id: "2", successful: true, advice: { timeout: 30_000, interval: 0 } });
    await stage.ask(connect(clientId, { id: "3", advice: { timeout: 0 } }));
    stage.network.say("/lobby", 1);
    expect(dataOf(stream.messages)).toEqual([1]);
  });

  it("leaves it for a poll that is held", async () => {
    const clientId = await stage.session(["/lobby"]);
    const stream = stage.dispatcher.over(null, connect(clientId, beside));
    const poll = stage.dispatcher.post(connect(clientId, { id: "2" }));
    expect(stream.state).toBe("free");
    stage.network.say("/lobby", 1);
    await stage.advance(10);
    expect(dataOf(poll.messages)).toEqual([1]);
  });

  it("keeps its messages for the stream while there is none", async () => {
    const clientId = await stage.session(["/lobby"]);
    const stream = stage.dispatcher.over(null, connect(clientId, beside));
    stage.dispatcher.close(stream);
    stage.network.say("/lobby", 1);
    expect(dataOf(await stage.ask(connect(clientId, { ...beside, id: "2" })))).toEqual([]);
    const next = stage.dispatcher.over(null, connect(clientId, beside));
    expect(dataOf(next.messages)).toEqual([1]);
  });

  it("lives as long as it says so, and no longer", async () => {
    const clientId = await stage.session();
    for (let turn = 0; turn < 5; turn++) {
      await stage.advance(30_000);
      expect(await stage.ask(connect(clientId, beside))).toMatchObject([{ successful: true }]);
    }
    await stage.advance(61_000);
    expect(await stage.ask(connect(clientId, beside))).toMatchObject([{ error: "402::session_unknown" }]);
  });

  it("has none with the ack extension, and polls instead", async () => {
    const clientId = await stage.session(["/lobby"], { ack: true });
    const stream = stage.dispatcher.over(null, connect(clientId, beside));
    expect(stream.messages).toMatchObject([{ successful: false, error: expect.stringMatching(/^400:eventsource:/) }]);
    expect(stream.state).toBe("free");
    const poll = stage.dispatcher.post(connect(clientId, { ...beside, id: "2", ext: { ack: 1 } }));
    stage.network.say("/lobby", 1);
    await stage.advance(10);
    expect(poll.messages).toMatchObject([{ data: 1 }, { id: "2", ext: { ack: 2 } }]);
  });
});
