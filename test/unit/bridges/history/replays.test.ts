import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeArchive } from "../fake-archive.ts";
import { connect, Stage, subscribe } from "../stage.ts";
import { toldOf } from "./told.ts";

const START_MS = Date.UTC(2026, 0, 1);
const iso = (seconds: number) => new Date(START_MS + seconds * 1_000).toISOString();

describe("replay from the network's history", () => {
  let stage: Stage;
  let archive: FakeArchive;
  let clientId: string;
  beforeEach(async () => {
    stage = await Stage.start({ maxReplayMessages: 6, logMessages: 4, joinTimeoutMs: 3_000, leaveAfterMs: 1_000 });
    archive = stage.network.archive;
    clientId = await stage.session();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  /** Said before anybody of us was there. */
  const keep = (...ids: string[]) => archive.keep("/a", ...ids.map((id) => ({ id })));
  /** Live messages that the archive has at once. */
  const say = (...ids: string[]) => {
    for (const id of ids) {
      keep(id);
      stage.network.say("/a", id);
    }
  };
  /** Somebody keeps the channel joined. */
  const reader = () => stage.session(["/a"]);
  const ask = async (from: unknown, waitMs = 0) => {
    const poll = stage.dispatcher.post(subscribe(clientId, "/a", { ext: { replay: { "/a": from } } }));
    await stage.advance(waitMs);
    return poll.messages[0];
  };
  const waiting = async () => toldOf(await stage.ask(connect(clientId, { advice: { timeout: 0 } })));
  const OK = { successful: true };

  it("gives for -2 what the network has before the log, and each message once", async () => {
    keep("1", "2", "3");
    await reader();
    say("4", "5");
    expect(await ask(-2)).toMatchObject(OK);
    say("6");
    expect(await waiting()).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  it("gives for -2 the newest, as many as it may", async () => {
    keep("1", "2", "3", "4", "5", "6", "7", "8");
    expect(await ask(-2)).toMatchObject(OK);
    expect(await waiting()).toEqual(["3", "4", "5", "6", "7", "8"]);
    expect(archive.asked).toEqual([{ channel: "/a", query: { since: null, limit: 6 } }]);
  });

  it("gives for -2 what the log has, where the network does not answer", async () => {
    await reader();
    say("1");
    archive.fault = "unavailable";
    expect(await ask(-2)).toMatchObject(OK);
    expect(await waiting()).toEqual(["1"]);
  });

  it("tells for -2 of a gap between history and the log, where they do not meet", async () => {
    const timed = (id: string, seconds: number) => ({ id, timeMs: START_MS + seconds * 1_000 });
    archive.keep("/a", timed("1", -20), timed("2", -10), timed("5", 5));
    await reader();
    stage.network.inbox?.message({ channel: "/a", data: "4", from: "ann", ...timed("4", 0) });
    expect(await ask(-2, 1_000)).toMatchObject(OK);
    stage.network.inbox?.message({ channel: "/a", data: "5", from: "ann", ...timed("5", 5) });
    expect(await waiting()).toEqual(["1", "2", "gap 2 4", "4", "5"]);
  });

  it("waits for -2 until an archive that lags has come up to the log", async () => {
    keep("1", "2");
    await reader();
    stage.network.say("/a", "4");
    expect(await ask(-2, 300)).toBeUndefined();
    keep("3", "4");
    await stage.advance(200);
    expect(await waiting()).toEqual(["1", "2", "3", "4"]);
  });

  it("goes on after a message that only the network has", async () => {
    archive.pageSize = 1;
    keep("1", "2", "3");
    await reader();
    say("4", "5");
    expect(await ask("1")).toMatchObject(OK);
    say("6");
    expect(await waiting()).toEqual(["2", "3", "4", "5", "6"]);
  });

  it("goes on after a message where nothing was said since, and brings nothing again that history has shown", async () => {
    keep("1", "2", "3");
    const other = stage.dispatcher.over(null, connect(await reader()));
    expect(await ask("1", 100)).toMatchObject(OK);
    for (const id of ["3", "4"]) stage.network.say("/a", id);
    expect(await waiting()).toEqual(["2", "3", "4"]);
    // For everybody else the live one is the first.
    expect(toldOf(other.messages)).toEqual(["3", "4"]);
  });

  it("brings what is said while the network is asked after what it answers", async () => {
    keep("1", "2");
    archive.answerMs = 200;
    expect(await ask("1", 100)).toBeUndefined();
    say("3");
    await stage.advance(150);
    say("4");
    await stage.advance(500);
    say("5");
    expect(await waiting()).toEqual(["2", "3", "4", "5"]);
  });

  it("goes on where the log has lost messages that history has, or all of them", async () => {
    await reader();
    say("1", "2", "3", "4", "5", "6");
    expect(await ask("1")).toMatchObject(OK);
    expect(await waiting()).toEqual(["2", "3", "4", "5", "6"]);
    await stage.session(["/b"]);
    for (let number = 1; number <= 4; number++) stage.network.say("/b", number, `b${number}`);
    clientId = await stage.session();
    expect(await ask("2")).toMatchObject(OK);
    say("7");
    expect(await waiting()).toEqual(["3", "4", "5", "6", "7"]);
  });

  it("goes on after a message that has not come here yet, when it comes", async () => {
    await reader();
    say("1");
    keep("2");
    const poll = stage.dispatcher.post(subscribe(clientId, "/a", { ext: { replay: { "/a": "2" } } }));
    await stage.advance(300);
    expect(poll.messages).toEqual([]);
    for (const id of ["2", "3"]) stage.network.say("/a", id);
    await stage.advance(1_000);
    expect(poll.messages).toMatchObject([OK]);
    expect(await waiting()).toEqual(["3"]);
  });

  it.each([
    ["is not there", "lost", /^400:replay,\/a:The message to go on from is no longer kept;/],
    ["is further back than may be replayed", "1", /^400:replay,\/a:More came after it than can be replayed;/],
  ])("refuses a position that %s", async (_, from, error) => {
    keep("1", "2", "3", "4", "5", "6", "7", "8", "9");
    expect((await ask(from, 100))?.["error"]).toMatch(error);
    stage.network.say("/a", "10");
    expect(await waiting()).toEqual([]);
  });

  it("refuses a position that the network cannot be asked for, in time", async () => {
    keep("1");
    archive.fault = "unavailable";
    expect(await ask("1", 2_900)).toBeUndefined();
    await stage.advance(200);
    expect(await ask("1", 3_100)).toMatchObject({ error: "503:/a:the archive is closed" });
    archive.fault = null;
    archive.answerMs = 10_000;
    expect(await ask("1", 3_100)).toMatchObject({ error: expect.stringMatching(/^503:\/a:The network has not/) });
  });

  describe("by time", () => {
    const at = (id: string, seconds: number) => ({ id, timeMs: START_MS + seconds * 1_000 });
    const sayAt = (id: string, seconds: number) => {
      archive.keep("/a", at(id, seconds));
      stage.network.inbox?.message({ channel: "/a", data: id, from: "ann", ...at(id, seconds) });
    };

    it("gives everything from then on, from the network and from the log", async () => {
      archive.keep("/a", at("1", -30), at("2", -20), at("3", -10));
      await reader();
      sayAt("4", 1);
      expect(await ask(iso(-20))).toMatchObject(OK);
      sayAt("5", 2);
      expect(await waiting()).toEqual(["2", "3", "4", "5"]);
    });

    it("does not ask the network for what the log has, and is exact to the second", async () => {
      await reader();
      for (const [index, seconds] of [1, 2.1, 2.9, 3].entries()) sayAt(String(index + 1), seconds);
      expect(await ask("2026-01-01T01:00:02.500+01:00")).toMatchObject(OK);
      expect(await waiting()).toEqual(["2", "3", "4"]);
      expect(archive.asked).toEqual([]);
    });

    it("tells from when on messages are kept, by the network or by the log", async () => {
      archive.keep("/a", at("0", -40), at("1", -30));
      archive.lose("/a", 1);
      expect((await ask(iso(-60)))?.["error"]).toContain(`Messages are kept only from ${iso(-30)} on`);
      await stage.advance(5_000);
      const poll = stage.dispatcher.post(subscribe(clientId, "/b", { ext: { replay: { "/b": iso(0) } } }));
      await stage.advance();
      expect(poll.messages[0]?.["error"]).toContain(`Messages are kept only from ${iso(5)} on`);
    });

    it("goes by the log's own beginning where the network keeps nothing", async () => {
      await stage.session(["/b"]);
      const sayB = (id: string, seconds: number) =>
        stage.network.inbox?.message({ channel: "/b", data: id, from: "ann", ...at(id, seconds) });
      for (let number = 1; number <= 5; number++) sayB(String(number), number);
      const askB = (from: string) => stage.ask(subscribe(clientId, "/b", { ext: { replay: { "/b": from } } }));
      expect(await askB(iso(1))).toMatchObject([{ error: expect.stringContaining(`only from ${iso(2)} on`) }]);
      expect(await askB(iso(2))).toMatchObject([OK]);
      expect(await waiting()).toEqual(["2", "3", "4", "5"]);
    });

    it.each(["2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z"])("refuses %s, which is no time", async (from) => {
      expect((await ask(from))?.["error"]).toMatch(/^400:replay,\/a:/);
    });
  });

  it("subscribes to none where one of them cannot be replayed", async () => {
    keep("1", "2");
    const ext = { replay: { "/a": "1", "/b": "lost" } };
    const poll = stage.dispatcher.post(subscribe(clientId, ["/a", "/b"], { ext }));
    await stage.advance(1_000);
    expect(poll.messages).toMatchObject([{ error: expect.stringMatching(/^400:replay,\/b:/) }]);
    stage.network.say("/a", "3");
    expect(await waiting()).toEqual([]);
  });

  it("does not leave the channel while the network is asked", async () => {
    keep("1", "2");
    archive.answerMs = 1_800;
    expect(await ask(-2, 1_700)).toBeUndefined();
    expect(stage.network.left).toEqual([]);
    await stage.advance(200);
    expect(await waiting()).toEqual(["1", "2"]);
  });

  it("asks the network once for all who want the same at the same time", async () => {
    keep("1", "2");
    archive.answerMs = 100;
    const sessions = await Promise.all([1, 2, 3].map(() => stage.session()));
    for (const one of sessions) stage.dispatcher.post(subscribe(one, "/a", { ext: { replay: { "/a": -2 } } }));
    await stage.advance(200);
    for (const one of sessions) expect(toldOf(await stage.ask(connect(one)))).toEqual(["1", "2"]);
    expect(archive.asked).toHaveLength(1);
  });
});

it("asks a network for no more at once than it may", async () => {
  await using stage = await Stage.start({ maxHistoryRequests: 2 });
  const { archive } = stage.network;
  archive.answerMs = 100;
  const clientId = await stage.session();
  const names = ["/a", "/b", "/c", "/d", "/e"];
  const ext = { replay: Object.fromEntries(names.map((name) => [name, -2])) };
  stage.dispatcher.post(subscribe(clientId, names, { ext }));
  for (const expected of [2, 4, 5, 5]) {
    await stage.advance(50);
    expect(archive.asked).toHaveLength(expected);
    await stage.advance(50);
  }
});
