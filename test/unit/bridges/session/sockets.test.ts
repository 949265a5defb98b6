import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, dataOf, Stage } from "../stage.ts";
import { FakeDispatcher } from "../fakes.ts";

describe("Sessions and their connections", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  describe("over a socket", () => {
    it("pushes what waits before it holds, and what comes without answering the connect", async () => {
      const clientId = await stage.session(["/lobby"]);
      stage.network.say("/lobby", 1);
      const socket = stage.dispatcher.over(null, connect(clientId, { id: "2" }));
      expect(socket.arrays).toMatchObject([[{ data: 1 }]]);
      expect(socket.held?.toString()).toContain('"id":"2"');
      stage.network.say("/lobby", 2);
      expect(socket.arrays).toMatchObject([[{ data: 1 }], [{ data: 2 }]]);
      await stage.advance(30_200);
      expect(socket.arrays.at(-1)).toMatchObject([{ id: "2", successful: true }]);
    });

    it("follows its session to another socket, of another dispatcher", async () => {
      const clientId = await stage.session(["/lobby"]);
      const other = new FakeDispatcher(stage.bridge, "other");
      const first = stage.dispatcher.over(null, connect(clientId, { id: "2" }));
      const second = other.over(null, connect(clientId, { id: "3" }));
      expect(first.messages).toMatchObject([{ id: "2", successful: true }]);
      expect(first.state).toBe("free");
      stage.network.say("/lobby", 1);
      expect(dataOf(first.messages)).toEqual([]);
      expect(dataOf(second.messages)).toEqual([1]);
      const third = other.over(null, connect(clientId, { id: "4" }));
      stage.network.say("/lobby", 2);
      expect(dataOf(third.messages)).toEqual([2]);
      other.assertObeyed();
    });

    it("says the end of a socket that it left in a way that is no answer to a request on its way", async () => {
      const clientId = await stage.session(["/lobby"]);
      const first = stage.dispatcher.over(null, connect(clientId, { id: "2" }));
      // This request is sent, and has not arrived yet.
      first.pending += 1;
      const second = stage.dispatcher.over(null, connect(clientId, { id: "3" }));
      expect(first).toMatchObject({ pending: 1, state: "open" });
      first.pending -= 1;
      stage.dispatcher.over(first, connect(clientId, { id: "4" }));
      stage.network.say("/lobby", 1);
      expect(dataOf(first.messages)).toEqual([1]);
      expect(dataOf(second.messages)).toEqual([]);
    });

    it("lets messages wait while it is paused, and writes them in order when it drained", async () => {
      const clientId = await stage.session(["/lobby"]);
      const socket = stage.dispatcher.over(null, connect(clientId));
      stage.dispatcher.pause(socket);
      stage.network.say("/lobby", 1);
      stage.network.say("/lobby", 2);
      await stage.advance(100);
      expect(dataOf(socket.messages)).toEqual([]);
      stage.dispatcher.resume(socket);
      stage.network.say("/lobby", 3);
      await stage.advance(100);
      stage.network.say("/lobby", 4);
      expect(dataOf(socket.messages)).toEqual([1, 2, 3, 4]);
    });

    it("goes back to polls when the session does", async () => {
      const clientId = await stage.session(["/lobby"]);
      const socket = stage.dispatcher.over(null, connect(clientId, { id: "2" }));
      const poll = stage.dispatcher.post(connect(clientId, { id: "3" }));
      stage.network.say("/lobby", 1);
      await stage.advance();
      expect(dataOf(poll.messages)).toEqual([1]);
      expect(dataOf(socket.messages)).toEqual([]);
      expect(socket.state).toBe("free");
    });
  });

  describe("behind a full link", () => {
    it("lets messages wait in their sessions, and delivers them in order when the link drained", async () => {
      const { dispatcher, network } = stage;
      const clientIds = [await stage.session(["/lobby"]), await stage.session(["/lobby"])];
      const socket = dispatcher.over(null, connect(clientIds[0] ?? "", { id: "2" }));
      const poll = dispatcher.post(connect(clientIds[1] ?? "", { id: "2" }));
      dispatcher.link.isFull = true;
      network.say("/lobby", 1);
      network.say("/lobby", 2);
      await stage.advance(10);
      network.say("/lobby", 3);
      await stage.advance(10);
      // The first frame is the one by which the link tells that it is full.
      expect(dataOf(socket.messages)).toEqual([1]);
      expect(poll.arrays).toEqual([]);
      dispatcher.drain();
      network.say("/lobby", 4);
      await stage.advance(10);
      network.say("/lobby", 5);
      await stage.advance(10);
      expect(dataOf(socket.messages)).toEqual([1, 2, 3, 4, 5]);
      expect(dataOf(poll.messages)).toEqual([1, 2, 3, 4]);
    });

    it("holds a connect that would be answered with messages until the link drained", async () => {
      const { dispatcher, network } = stage;
      const clientId = await stage.session(["/lobby"]);
      network.say("/lobby", 1);
      dispatcher.link.isFull = true;
      await stage.ask(connect(await stage.handshake()));
      const poll = dispatcher.post(connect(clientId, { id: "2" }));
      await stage.advance(100);
      expect(poll.arrays).toEqual([]);
      dispatcher.drain();
      await stage.advance(10);
      expect(poll.messages).toMatchObject([{ data: 1 }, { id: "2" }]);
    });
  });
});
