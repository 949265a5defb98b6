import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, dataOf, handshake, publish, Stage, subscribe } from "../stage.ts";
import type { Message } from "../fakes.ts";

const UNKNOWN = { successful: false, error: "402::session_unknown", advice: { reconnect: "handshake", interval: 0 } };

describe("Connects", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start({ connectTimeoutMs: 30_000, sessionTimeoutMs: 60_000 });
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const acked = (clientId: string, id: number, ack: number, fields: Message = {}) =>
    connect(clientId, { id: String(id), ext: { ack }, ...fields });

  it("answers the first connect at once, with advice", async () => {
    const clientId = await stage.handshake();
    const [reply] = await stage.ask(connect(clientId, { id: "3" }));
    expect(reply).toEqual({
      id: "3",
      channel: "/meta/connect",
      successful: true,
      clientId,
      advice: { reconnect: "retry", interval: 0, timeout: 30_000 },
    });
  });

  it("answers an unknown session with advice to handshake", async () => {
    expect(await stage.ask(connect("nobody", { id: 4 }))).toMatchObject([{ id: 4, ...UNKNOWN }]);
  });

  it("answers a connection type that it does not have with an error, and holds nothing", async () => {
    const clientId = await stage.session();
    const [reply] = await stage.ask(connect(clientId, { connectionType: "flash" }));
    expect(reply).toMatchObject({ successful: false, error: expect.stringMatching(/^400:flash:/) });
  });

  it("holds a later connect until its time is over, and no longer than the client wants", async () => {
    const clientId = await stage.session();
    const poll = stage.dispatcher.post(connect(clientId, { id: "2" }));
    await stage.advance(29_900);
    expect(poll.arrays).toEqual([]);
    await stage.advance(300);
    expect(poll.messages).toMatchObject([{ id: "2", successful: true }]);
    const short = stage.dispatcher.post(connect(clientId, { id: "3", advice: { timeout: 1_000 } }));
    await stage.advance(1_200);
    expect(short.messages).toMatchObject([{ id: "3", successful: true }]);
  });

  it("answers a connect with timeout 0 at once, with the server's advice again", async () => {
    const clientId = await stage.session();
    const [reply] = await stage.ask(connect(clientId, { advice: { timeout: 0 } }));
    expect(reply).toMatchObject({ successful: true, advice: { timeout: 30_000 } });
  });

  it("does not hold a connect that has company", async () => {
    const clientId = await stage.session();
    const replies = await stage.ask(connect(clientId, { id: "2" }), publish(clientId, "/lobby", 1));
    expect(replies).toMatchObject([
      { id: "2", successful: true },
      { channel: "/lobby", successful: true },
    ]);
  });

  it("answers the older connect when a newer one comes", async () => {
    const clientId = await stage.session(["/lobby"]);
    const older = stage.dispatcher.post(connect(clientId, { id: "2" }));
    const newer = stage.dispatcher.post(connect(clientId, { id: "3" }));
    expect(older.messages).toMatchObject([{ id: "2", successful: true }]);
    expect(newer.arrays).toEqual([]);
    stage.network.say("/lobby", "hello");
    await stage.advance();
    expect(newer.messages).toMatchObject([{ data: "hello" }, { id: "3" }]);
  });

  it("gives what waits to a connect in one array, the reply last", async () => {
    const clientId = await stage.session(["/lobby"]);
    stage.network.say("/lobby", 1);
    stage.network.say("/lobby", 2);
    const poll = stage.dispatcher.post(connect(clientId, { id: "2" }));
    expect(poll.arrays).toMatchObject([[{ data: 1 }, { data: 2 }, { id: "2", channel: "/meta/connect" }]]);
  });

  it("answers all but the last of several connects in one batch without messages", async () => {
    const clientId = await stage.session(["/lobby"], { ack: true });
    stage.network.say("/lobby", 1);
    const batch = [2, 3, 4].map((id) => acked(clientId, id, 1));
    expect(await stage.ask(...batch)).toMatchObject([
      { id: "2", successful: true },
      { id: "3", successful: true },
      { data: 1 },
      { id: "4", successful: true },
    ]);
  });

  it("keeps the order of a socket's answers when several connects come in one frame", async () => {
    const clientId = await stage.session();
    const socket = stage.dispatcher.over(null, connect(clientId, { id: "2" }), connect(clientId, { id: "3" }));
    stage.dispatcher.over(socket, connect(clientId, { id: "4", advice: { timeout: 0 } }));
    await stage.advance();
    expect(socket.messages).toMatchObject([{ id: "2" }, { id: "3" }, { id: "4" }]);
  });

  it("leaves a held connect's number to the next user once it was answered", async () => {
    const clientId = await stage.session(["/lobby"]);
    const first = stage.dispatcher.post(connect(clientId, { id: "2" }));
    stage.network.say("/lobby", 1);
    await stage.advance();
    const other = await stage.session();
    const second = stage.dispatcher.post(connect(other, { id: "2" }));
    expect(second.number).toBe(first.number);
    stage.network.say("/lobby", 2);
    await stage.advance();
    expect(second.arrays).toEqual([]);
  });

  it("forgets a held connect whose browser went away, and keeps what comes for the next", async () => {
    const clientId = await stage.session(["/lobby"]);
    const gone = stage.dispatcher.post(connect(clientId, { id: "2" }));
    stage.dispatcher.close(gone);
    expect(gone.state).toBe("free");
    stage.network.say("/lobby", 1);
    await stage.advance(100);
    expect(dataOf(await stage.ask(connect(clientId, { id: "3" })))).toEqual([1]);
  });

  describe("with the ack extension", () => {
    it("grants it, and numbers the batches in every connect reply", async () => {
      const [granted] = await stage.ask(handshake({ ack: true }));
      expect(granted).toMatchObject({ ext: { ack: true, replay: true } });
      const clientId = String(granted?.["clientId"]);
      await stage.ask(subscribe(clientId, "/lobby"));
      expect(await stage.ask(acked(clientId, 1, 0))).toMatchObject([{ ext: { ack: 1 } }]);
      const held = stage.dispatcher.post(acked(clientId, 2, 1));
      stage.network.say("/lobby", 1);
      await stage.advance();
      expect(held.messages).toMatchObject([{ data: 1 }, { ext: { ack: 2 } }]);
    });

    it("does not number the replies of a session without it", async () => {
      const clientId = await stage.handshake();
      const [reply] = await stage.ask(acked(clientId, 1, 0));
      expect(reply).not.toHaveProperty("ext");
    });

    it("sends again what was lost, with what came since, at once", async () => {
      const clientId = await stage.session(["/lobby"], { ack: true });
      const lost = stage.dispatcher.post(acked(clientId, 2, 1));
      stage.network.say("/lobby", 1);
      await stage.advance();
      expect(dataOf(lost.messages)).toEqual([1]);
      stage.network.say("/lobby", 2);
      const again = stage.dispatcher.post(acked(clientId, 3, 1));
      expect(again.messages).toMatchObject([{ data: 1 }, { data: 2 }, { ext: { ack: 3 } }]);
      const rest = stage.dispatcher.post(acked(clientId, 4, 3));
      expect(rest.arrays).toEqual([]);
    });

    it("answers a late connect at once and empty, and lets the newer one be", async () => {
      const clientId = await stage.session(["/lobby"], { ack: true });
      await stage.ask(acked(clientId, 2, 1, { advice: { timeout: 0 } }));
      const newer = stage.dispatcher.post(acked(clientId, 5, 2));
      const [lower] = await stage.ask(acked(clientId, 6, 1));
      const [older] = await stage.ask(acked(clientId, 4, 2));
      for (const reply of [lower, older]) {
        expect(reply).toMatchObject({ channel: "/meta/connect", successful: true });
        expect(reply).not.toHaveProperty("ext");
      }
      stage.network.say("/lobby", 1);
      await stage.advance();
      expect(newer.messages).toMatchObject([{ data: 1 }, { id: "5", ext: { ack: 3 } }]);
    });

    it("lets a page that was loaded again go on, once it has shown that it reads the answers", async () => {
      const clientId = await stage.session(["/lobby"], { ack: true });
      await stage.ask(acked(clientId, 8, 1, { advice: { timeout: 0 } }));
      const former = stage.dispatcher.post(acked(clientId, 9, 2));
      stage.network.say("/lobby", 1);
      await stage.advance();
      expect(former.messages).toMatchObject([{ data: 1 }, { ext: { ack: 3 } }]);
      const [first, ...nothing] = await stage.ask(acked(clientId, 2, 0));
      expect(nothing).toEqual([]);
      const token = Number(Object(first?.["ext"]).ack);
      const lost = await stage.ask(acked(clientId, 3, token));
      expect(lost).toMatchObject([{ data: 1 }, { id: "3", ext: { ack: 4 } }]);
      expect(await stage.ask(acked(clientId, 4, token))).toMatchObject([{ data: 1 }, { id: "4", ext: { ack: 5 } }]);
      const held = stage.dispatcher.post(acked(clientId, 5, 5));
      const [late] = await stage.ask(acked(clientId, 3, token));
      expect(late).not.toHaveProperty("ext");
      stage.network.say("/lobby", 2);
      await stage.advance(10);
      expect(held.messages).toMatchObject([{ data: 2 }, { id: "5", ext: { ack: 6 } }]);
    });

    it("takes nothing from a newer connect for a late one without a statement, whose answer nobody reads", async () => {
      const clientId = await stage.session(["/lobby"], { ack: true });
      await stage.ask(acked(clientId, 4, 1, { advice: { timeout: 0 } }));
      const newer = stage.dispatcher.post(acked(clientId, 5, 2));
      await stage.ask(acked(clientId, 2, 0));
      stage.network.say("/lobby", 1);
      await stage.advance();
      expect(newer.messages).toMatchObject([{ data: 1 }, { id: "5", ext: { ack: 3 } }]);
      expect(stage.dispatcher.post(acked(clientId, 6, 3)).arrays).toEqual([]);
    });

    it("compares ids as numbers", async () => {
      const clientId = await stage.session(["/lobby"], { ack: true });
      const nine = stage.dispatcher.post(acked(clientId, 9, 1));
      const ten = stage.dispatcher.post(acked(clientId, 10, 1));
      expect(nine.messages).toMatchObject([{ id: "9" }]);
      expect(ten.arrays).toEqual([]);
    });

    it("delivers on a socket only together with a connect reply", async () => {
      const clientId = await stage.session(["/lobby"], { ack: true });
      const socket = stage.dispatcher.over(null, acked(clientId, 2, 1));
      stage.network.say("/lobby", 1);
      await stage.advance(10);
      stage.network.say("/lobby", 2);
      await stage.advance(10);
      expect(socket.arrays).toMatchObject([[{ data: 1 }, { id: "2", ext: { ack: 2 } }]]);
      stage.dispatcher.over(socket, acked(clientId, 3, 2));
      expect(socket.arrays).toMatchObject([
        [{}, {}],
        [{ data: 2 }, { id: "3", ext: { ack: 3 } }],
      ]);
    });
  });
});
