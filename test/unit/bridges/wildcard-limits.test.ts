import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NetworkError } from "../../../bridges/index.ts";
import { connect, dataOf, disconnect, publish, Stage, subscribe } from "./stage.ts";
import { onStage, WILDCARD_LIMITS } from "./wildcard-stage.ts";

describe("Wildcards at their limits", () => {
  let stage: Stage;
  let clientId: string;
  const lines: string[] = [];
  beforeEach(async () => {
    lines.length = 0;
    stage = await Stage.start(WILDCARD_LIMITS, pino({ level: "debug" }, { write: (line) => lines.push(line) }));
    clientId = await stage.session();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const { joined, hear, listener, waiting: waitingOf } = onStage(() => stage);
  const waiting = (id = clientId) => waitingOf(id);
  const told = (text: string) => lines.filter((line) => line.includes(`"${text}"`)).length;

  describe("on a network with faults", () => {
    it("fails clearly while it is away, and when it does not tell its channels", async () => {
      stage.network.inbox?.down("cut");
      const poll = stage.dispatcher.post(subscribe(clientId, "/chat/*"));
      await stage.advance(7_900);
      expect(poll.messages).toEqual([]);
      await stage.advance(100);
      expect(poll.messages).toMatchObject([{ successful: false, error: expect.stringMatching(/^503:/) }]);
      stage.network.inbox?.up();
      stage.network.discoverError = new NetworkError("refused", "no LIST here");
      const reply = await hear(clientId, "/chat/*");
      expect(reply?.["error"]).toMatch(/^403:.*no LIST here/);
      expect(stage.bridge.census).toMatchObject({ patterns: 0 });
    });

    it("tells once that its channels cannot be listed, and goes on trying", async () => {
      await hear(clientId, "/chat/*");
      stage.network.discoverError = new NetworkError("unavailable", "busy");
      await stage.advance(8_000);
      expect(told("listing channels failed")).toBe(1);
      stage.network.discoverError = null;
      stage.network.existing = ["/chat/a"];
      await stage.advance(2_000);
      expect(joined()).toEqual(["/chat/a"]);
      expect(told("channels listed again")).toBe(1);
    });

    it("holds it against no channel that the network went away meanwhile", async () => {
      stage.network.existing = ["/chat/a"];
      stage.network.isObliging = false;
      const poll = stage.dispatcher.post(subscribe(clientId, "/chat/*"));
      await stage.advance();
      stage.network.inbox?.down("cut");
      stage.network.joins[0]?.reject(new NetworkError("unavailable", "cut"));
      await stage.advance();
      expect(poll.messages).toMatchObject([{ successful: false, error: expect.stringMatching(/^503:/) }]);
      stage.network.inbox?.up();
      stage.network.isObliging = true;
      expect(await hear(clientId, "/chat/*")).toMatchObject({ successful: true });
      expect(joined()).toEqual(["/chat/a", "/chat/a"]);
    });

    it("does without channels that refuse us, tells it once, and tries them again rarely", async () => {
      stage.network.existing = ["/chat/a", "/chat/secret"];
      stage.network.refusing.set("/chat/secret", new NetworkError("refused", "invite only"));
      expect(await hear(clientId, "/chat/*")).toMatchObject({ successful: true });
      const socket = stage.dispatcher.over(null, connect(clientId));
      await stage.advance(500_000);
      expect(joined().filter((name) => name === "/chat/secret")).toHaveLength(1);
      expect(told("channels that a wildcard matches cannot be joined")).toBe(1);
      expect(stage.bridge.census).toMatchObject({ channels: 1 });
      stage.network.refusing.clear();
      await stage.advance(103_000);
      stage.network.say("/chat/secret", 1);
      await stage.advance(10);
      expect(dataOf(socket.messages)).toEqual([1]);
    });

    it("does not wait for the next list with what others' use has joined", async () => {
      stage.network.existing = ["/chat/secret"];
      stage.network.refusing.set("/chat/secret", new NetworkError("refused", "invite only"));
      await hear(clientId, "/chat/*");
      stage.network.refusing.clear();
      const other = await stage.session(["/chat/secret"]);
      stage.network.say("/chat/secret", 1);
      expect(await waiting()).toEqual([1]);
      await stage.advance(2_000);
      await stage.ask(disconnect(other));
      await stage.advance(5_000);
      expect(stage.network.left).toEqual([]);
    });

    it("joins a few at a time", async () => {
      stage.network.isObliging = false;
      await using wide = await Stage.start({ joinTimeoutMs: 5_000 });
      const id = await wide.session();
      wide.network.isObliging = false;
      wide.network.existing = Array.from({ length: 100 }, (_, index) => `/chat/c${index}`);
      const poll = wide.dispatcher.post(subscribe(id, "/chat/*"));
      await wide.advance();
      expect(wide.network.joins).toHaveLength(16);
      for (let turn = 0; turn < 100; turn++) {
        wide.network.joins[turn]?.resolve();
        await wide.advance();
        expect(wide.network.joins.length).toBe(Math.min(100, turn + 17));
      }
      expect(poll.messages).toMatchObject([{ successful: true }]);
    });
  });

  describe("with more channels than may be joined", () => {
    beforeEach(() => {
      stage.network.existing = ["/big/1", "/big/2", "/big/3", "/big/4", "/big/5", "/small/1"];
    });

    it("refuses the subscribe, joins nothing, and leaves the room to others", async () => {
      const reply = await hear(clientId, "/big/*");
      expect(reply?.["error"]).toMatch(/^429:wildcard channels,4:/);
      expect(stage.network.joins).toEqual([]);
      expect(stage.faults.counts().get("bridge.wildcardChannels")).toBeGreaterThan(0);
      expect(await hear(clientId, "/small/*")).toMatchObject({ successful: true });
    });

    it("tells the operator once when they come later, and takes them when there is room", async () => {
      const all = stage.network.existing;
      stage.network.existing = [];
      const other = await listener("/small/*");
      await hear(clientId, "/big/*");
      stage.network.existing = [...all].toReversed();
      await stage.advance(8_000);
      expect(joined()).toHaveLength(4);
      expect(told("wildcards match too many channels")).toBe(1);
      await stage.ask(disconnect(other));
      await stage.advance(2_000);
      expect(joined()).toHaveLength(5);
      stage.network.say(joined()[4] ?? "", 1);
      expect(await waiting()).toEqual([1]);
    });

    it("leaves what others made and nobody uses any more", async () => {
      stage.network.existing = [];
      await hear(clientId, "/big/*");
      const other = await stage.session();
      for (let index = 0; index < 8; index++) await stage.ask(publish(other, `/big/${index}`, index));
      await stage.advance(1_500);
      expect(stage.network.left).toEqual(["/big/4", "/big/5", "/big/6", "/big/7"]);
    });
  });
});
