import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NetworkError } from "../../../bridges/index.ts";
import type { Message } from "./fakes.ts";
import { connect, disconnect, publish, Stage, subscribe } from "./stage.ts";

const ECHO = "/service/echo";

describe("rule 11: what is published to /service", () => {
  let stage: Stage;
  let clientId: string;
  beforeEach(async () => {
    stage = await Stage.start({ maxCallsPerSession: 3, maxCalls: 5, maxMessageBytes: 100 });
    stage.network.people.set(ECHO, [{ id: "app", name: "app" }]);
    clientId = await stage.session([], { tailspin: { name: "alice" } });
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const ask = async (data: unknown, id: string | number = "7", as = clientId) => {
    const poll = stage.dispatcher.post({ ...publish(as, ECHO, data), id });
    await stage.advance();
    return poll;
  };
  const said = (): Record<string, unknown>[] =>
    stage.network.published.map((data) => ({ ...(typeof data === "object" ? data : {}) }));
  const callId = (index = -1) => String(said().at(index)?.["call"]);
  const reply = async (fields: Message, channel = ECHO) => {
    stage.network.say(channel, fields);
    await stage.advance();
  };

  it("is said on the network as a question, by name and under an opaque id", async () => {
    await ask({ n: 1 });
    expect(said()).toEqual([{ call: expect.stringMatching(/^[\w-]{22}$/), from: "alice", data: { n: 1 } }]);
    expect(stage.network.publishes[0]?.publication?.from).toBeNull();
    await ask({ n: 2 });
    expect(callId(0)).not.toBe(callId(1));
  });

  it("is answered by the first answer, to the asker alone, with the publish's id", async () => {
    const other = await stage.session([ECHO, "/lobby"]);
    const socket = stage.dispatcher.over(null, connect(other));
    const poll = await ask({ n: 1 });
    expect(poll.arrays).toEqual([]);
    await reply({ reply: callId(), data: { n: 2 } });
    await reply({ reply: callId(), data: "too late" });
    const answer = { id: "7", channel: ECHO, successful: true };
    expect(poll.arrays).toEqual([[answer, { ...answer, data: { n: 2 } }]]);
    expect(socket.messages).toEqual([]);
  });

  it("keeps many questions of one session apart", async () => {
    const polls = [await ask("a", 1), await ask("b", 2)];
    await reply({ reply: callId(1), data: "B" });
    await reply({ reply: callId(0), data: "A" });
    expect(polls.map((poll) => poll.messages[1])).toMatchObject([
      { id: 1, data: "A" },
      { id: 2, data: "B" },
    ]);
  });

  it("may be answered with nothing, which is null", async () => {
    const poll = await ask(1);
    await reply({ reply: callId() });
    expect(poll.messages[1]).toMatchObject({ successful: true, data: null });
  });

  it.each([
    ["no such thing", "500:/service/echo:no such thing"],
    [{ code: 7 }, '500:/service/echo:{"code":7}'],
    [null, "500:/service/echo:null"],
  ])("may be answered with an error: %j", async (error, field) => {
    const poll = await ask(1);
    await reply({ reply: callId(), error });
    expect(poll.messages).toEqual([{ id: "7", channel: ECHO, successful: false, error: field }]);
  });

  it("takes no answer from another channel, from other ids, or in another form", async () => {
    const poll = await ask(1);
    stage.network.people.set("/service/other", [{ id: "app", name: "app" }]);
    await stage.ask(publish(await stage.session(), "/service/other", 1));
    const id = callId(0);
    await reply({ reply: id, data: "forged" }, "/service/other");
    await reply({ reply: "made-up", data: "forged" });
    await reply({ call: id, data: "forged" });
    for (const odd of [null, "text", 7, [id], { reply: 7 }, { reply: { id } }]) stage.network.say(ECHO, odd, "odd");
    expect(poll.arrays).toEqual([]);
  });

  it("cannot be answered by a browser: whatever one publishes there is a question", async () => {
    const poll = await ask(1);
    const thief = await stage.session();
    await ask({ reply: callId(0), data: "forged" }, "8", thief);
    const data = stage.network.publishes.at(-1)?.publication?.data;
    stage.network.say(ECHO, data, "echo");
    await stage.advance();
    expect(poll.arrays).toEqual([]);
    expect(said().at(-1)).toMatchObject({ call: expect.any(String), data: { reply: callId(0) } });
  });

  it("is 504 when nobody answers, before cometd.js gives up", async () => {
    const poll = await ask(1);
    await stage.advance(8_400);
    expect(poll.arrays).toEqual([]);
    await stage.advance(300);
    expect(poll.messages).toMatchObject([
      { id: "7", successful: false, error: "504:/service/echo:Nobody answered in time" },
    ]);
    await reply({ reply: callId(), data: "too late" });
    expect(poll.arrays).toHaveLength(1);
  });

  it("is 404 where nobody is there to answer, and nothing is said", async () => {
    const replies = await stage.ask(publish(clientId, "/service/nobody", 1), publish(clientId, "/service", 1));
    expect(replies).toMatchObject([
      { error: "404:/service/nobody:Nobody is there to answer" },
      { error: "404:/service:Nothing is at this channel" },
    ]);
    expect(stage.network.published).toEqual([]);
  });

  it("says what the network says where the question cannot be asked", async () => {
    await ask(1);
    stage.network.isObliging = false;
    const polls = [await ask(2), await ask(3)];
    stage.network.publishes[1]?.reject(new NetworkError("refused", "Cannot send"));
    stage.network.publishes[2]?.reject(new NetworkError("unknown", "cut"));
    await stage.advance();
    expect(polls.map(({ messages }) => messages[0]?.["error"])).toEqual([
      "403:/service/echo:The network refused: Cannot send",
      "504:/service/echo:Outcome unknown: cut",
    ]);
  });

  it("is bounded, for a session and in all", async () => {
    for (const data of [1, 2, 3]) await ask(data);
    expect((await ask(4)).messages).toMatchObject([{ error: "429:calls per session,3:Too many" }]);
    const other = await stage.session();
    for (const data of [5, 6]) await ask(data, "1", other);
    expect((await ask(7, "1", other)).messages[0]?.["error"]).toMatch(/^503:calls,5:/);
    const counts = stage.faults.counts();
    expect([counts.get("bridge.callsPerSession"), counts.get("bridge.calls")]).toEqual([1, 1]);
    await reply({ reply: callId(0) });
    expect((await ask(8, "1", other)).arrays).toEqual([]);
    expect((await ask("x".repeat(200))).messages[0]?.["error"]).toMatch(/^413:data,100:/);
  });

  it("holds up nothing: neither what follows in its batch, nor later requests, nor the disconnect", async () => {
    const batch = stage.dispatcher.post(publish(clientId, ECHO, 1), subscribe(clientId, "/lobby"));
    await stage.advance();
    stage.network.say("/lobby", "hello");
    expect(await stage.ask(connect(clientId))).toMatchObject([{ data: "hello" }, { successful: true }]);
    expect(await stage.ask(publish(clientId, "/lobby", 2))).toMatchObject([{ successful: true }]);
    expect(await stage.ask(disconnect(clientId))).toMatchObject([{ successful: true }]);
    expect(batch.messages).toMatchObject([{ error: "402::session_unknown" }, { successful: true }]);
  });

  it("keeps its channel joined while an answer is awaited, and leaves it some time after", async () => {
    await stage[Symbol.asyncDispose]();
    stage = await Stage.start({ leaveAfterMs: 1_000 });
    stage.network.people.set(ECHO, [{ id: "app", name: "app" }]);
    clientId = await stage.session();
    const poll = await ask(1);
    await stage.advance(5_000);
    expect(stage.network.left).toEqual([]);
    await reply({ reply: callId(), data: 1 });
    expect(poll.arrays).toHaveLength(1);
    await stage.advance(1_200);
    expect(stage.network.left).toEqual([ECHO]);
  });

  it("is not kept for replay", async () => {
    await ask(1);
    await reply({ reply: callId(), data: "secret" });
    const [answer] = await stage.ask(subscribe(clientId, ECHO, { ext: { replay: { [ECHO]: -2 } } }));
    expect(answer).toMatchObject({ successful: true });
    expect(await stage.ask(connect(clientId, { advice: { timeout: 0 } }))).toHaveLength(1);
  });
});
