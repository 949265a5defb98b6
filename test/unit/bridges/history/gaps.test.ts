import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeArchive } from "../fake-archive.ts";
import type { Downstream } from "../fakes.ts";
import { connect, Stage, subscribe } from "../stage.ts";
import { toldOf } from "./told.ts";

describe("a gap", () => {
  let stage: Stage;
  let archive: FakeArchive;
  let socket: Downstream;
  beforeEach(async () => {
    stage = await Stage.start({ gapFillTimeoutMs: 2_000, maxReplayMessages: 6, leaveAfterMs: 1_000 });
    archive = stage.network.archive;
    socket = stage.dispatcher.over(null, connect(await stage.session(["/a"])));
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  /** Each is said a second after the one before. */
  const at = (id: string) => ({ id, timeMs: Number(id) * 1_000 });
  /** Live messages that the archive has not. */
  const live = (...ids: string[]) => {
    for (const id of ids) stage.network.inbox?.message({ channel: "/a", data: id, from: "ann", ...at(id) });
  };
  /** Said while we were away. */
  const miss = (...ids: string[]) => archive.keep("/a", ...ids.map(at));
  /** Live messages that the archive has at once. */
  const say = (...ids: string[]) => {
    for (const id of ids) {
      miss(id);
      live(id);
    }
  };
  const gap = (reason = "away") => stage.network.inbox?.gap("/a", reason);
  const told = () => toldOf(socket.take());

  it("is filled from history, and nobody sees that it was there", async () => {
    say("1");
    miss("2", "3");
    gap();
    say("4");
    await stage.advance(100);
    live("5");
    expect(told()).toEqual(["1", "2", "3", "4", "5"]);
    expect(archive.asked[0]?.query).toMatchObject({ since: { id: "1", timeMs: 1_000 } });
  });

  it("is filled page by page", async () => {
    archive.pageSize = 2;
    say("1");
    miss("2", "3", "4", "5", "6");
    gap();
    say("7");
    await stage.advance();
    expect(told()).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  });

  it("is filled when the archive has come up to the live messages, which wait so long", async () => {
    say("1");
    miss("2");
    gap();
    live("4");
    await stage.advance(500);
    expect(told()).toEqual(["1"]);
    miss("3", "4");
    live("5");
    await stage.advance(1_000);
    expect(told()).toEqual(["2", "3", "4", "5"]);
  });

  it("is filled, where nobody speaks after it, when history has ended twice in the same place", async () => {
    say("1");
    miss("2");
    gap();
    await stage.advance(50);
    miss("3");
    expect(told()).toEqual(["1"]);
    await stage.advance(1_000);
    expect(told()).toEqual(["2", "3"]);
    // The live copy comes after that of the archive.
    live("3", "4");
    miss("4");
    await stage.advance(200);
    expect(told()).toEqual(["4"]);
  });

  it("is not taken for filled, where nobody speaks after it, before history reaches the next live message", async () => {
    say("1");
    gap();
    await stage.advance(1_000);
    // The archive has lagged more than anybody waits for.
    miss("2");
    live("3");
    expect(told()).toEqual(["1"]);
    miss("3");
    await stage.advance(200);
    expect(told()).toEqual(["2", "3"]);
    live("4");
    expect(told()).toEqual(["4"]);
  });

  it("ends as soon as the first live message comes that history has shown already", async () => {
    say("1");
    miss("2", "3");
    gap();
    await stage.advance(10);
    live("3");
    await stage.advance();
    expect(told()).toEqual(["1", "2", "3"]);
  });

  it("holds up no other channel, and no presence", async () => {
    const clientId = await stage.session(["/b", "/presence/a"]);
    archive.answerMs = 1_000;
    say("1");
    gap();
    live("2");
    stage.network.inbox?.presence("/a", { type: "joined", member: { id: "bob", name: "bob" } });
    stage.network.say("/b", "other");
    const [joined, other] = await stage.ask(connect(clientId));
    expect(joined).toMatchObject({ channel: "/presence/a", data: { joined: { id: "bob" } } });
    expect(other).toMatchObject({ channel: "/b", data: "other" });
    expect(told()).toEqual(["1"]);
  });

  it("is told with both ends, before what history has, where that does not follow on", async () => {
    say("1");
    miss("2", "3", "4");
    archive.lose("/a", 2);
    gap();
    say("5");
    await stage.advance(1_000);
    expect(told()).toEqual(["1", "gap 1 3", "3", "4", "5"]);
  });

  it("brings nothing from before it, where history does not know the last message", async () => {
    miss("1", "2");
    live("3");
    gap();
    live("5");
    await stage.advance(2_000);
    expect(told()).toEqual(["3", "gap 3 5", "5"]);
  });

  it("is told with both ends, behind what history has, where that does not reach the live messages", async () => {
    say("1");
    miss("2");
    gap();
    live("4");
    await stage.advance(1_900);
    expect(told()).toEqual(["1"]);
    await stage.advance(200);
    live("5");
    expect(told()).toEqual(["2", "gap 2 4", "4", "5"]);
  });

  it.each(["refused", "unavailable"] as const)(
    "is told where history is %s, and its end when it is known",
    async (fault) => {
      archive.fault = fault;
      say("1");
      gap();
      await stage.advance(2_100);
      live("2");
      expect(told()).toEqual(["1", "gap 1 null", "gap 1 2", "2"]);
    },
  );

  it("is told where more was missed than it may be filled with", async () => {
    say("1");
    miss("2", "3", "4", "5", "6", "7", "8", "9");
    gap();
    say("10");
    await stage.advance();
    expect(told()).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "gap 8 10", "10"]);
  });

  it("is told where more live messages wait than may", async () => {
    archive.answerMs = 1_000;
    say("1");
    gap();
    live("2", "3", "4", "5", "6", "7", "8", "9");
    expect(told()).toEqual(["1", "gap 1 2", "2", "3", "4", "5", "6", "7", "8", "9"]);
    await stage.advance(3_000);
    expect(told()).toEqual([]);
  });

  it("is filled together with the next, where the network goes away again before it could be", async () => {
    archive.answerMs = 1_000;
    say("1");
    miss("2");
    gap();
    say("3");
    stage.network.inbox?.down("cut");
    expect(told()).toEqual(["1"]);
    archive.answerMs = 0;
    miss("4");
    gap();
    stage.network.inbox?.down("cut again");
    miss("5");
    gap();
    say("6");
    await stage.advance(2_000);
    expect(told()).toEqual(["2", "3", "4", "5", "6"]);
  });

  it("is told where the network stays away for longer than what waits may", async () => {
    archive.fault = "unavailable";
    say("1");
    gap();
    live("3");
    await stage.advance(1_500);
    stage.network.inbox?.down("cut");
    await stage.advance(1_900);
    expect(told()).toEqual(["1"]);
    await stage.advance(200);
    expect(told()).toEqual(["gap 1 3", "3"]);
    archive.fault = null;
    miss("3", "4");
    gap();
    say("5");
    await stage.advance(100);
    expect(told()).toEqual(["4", "5"]);
  });

  it("that comes while another is being filled is told at its place, where only the first could be filled", async () => {
    archive.answerMs = 100;
    say("1");
    miss("2");
    gap();
    await stage.advance(50);
    gap();
    say("3");
    gap("away again");
    live("5");
    await stage.advance(3_000);
    expect(told()).toEqual(["1", "2", "3", "gap 3 5", "5"]);
  });

  it("that comes while another is being filled is told as well, where neither could be filled", async () => {
    archive.fault = "refused";
    archive.answerMs = 100;
    say("1");
    gap();
    live("3", "3");
    gap("away again");
    live("5");
    await stage.advance(3_000);
    expect(told()).toEqual(["1", "gap 1 3", "3", "gap 3 5", "5"]);
  });

  it("that no history can fill is told at once, and once until somebody speaks", async () => {
    const lose = () => stage.network.inbox?.gap("/a", "split", true);
    say("1");
    lose();
    lose();
    expect(told()).toEqual(["1", "gap 1 null"]);
    say("2");
    lose();
    say("3");
    await stage.advance(3_000);
    expect(told()).toEqual(["gap 1 2", "2", "gap 2 null", "gap 2 3", "3"]);
    expect(archive.asked).toEqual([]);
  });

  it("that no history can fill ends the filling of one that it could", async () => {
    archive.answerMs = 1_000;
    say("1");
    miss("2");
    gap();
    live("3");
    stage.network.inbox?.gap("/a", "split", true);
    live("4");
    await stage.advance(3_000);
    expect(told()).toEqual(["1", "gap 1 3", "3", "gap 3 null", "gap 3 4", "4"]);
  });

  it("of a channel that was left is forgotten, with what was held", async () => {
    archive.answerMs = 1_500;
    const clientId = await stage.session(["/b"]);
    stage.network.say("/b", "1");
    stage.network.inbox?.gap("/b", "away");
    stage.network.say("/b", "2");
    await stage.ask({ channel: "/meta/unsubscribe", clientId, subscription: "/b" });
    expect(toldOf(await stage.ask(connect(clientId, { advice: { timeout: 0 } })))).toEqual(["1"]);
    await stage.advance(1_200);
    expect(stage.network.left).toEqual(["/b"]);
    await stage.ask(subscribe(clientId, "/b", { ext: { replay: { "/b": -2 } } }));
    await stage.advance(3_000);
    expect(toldOf(await stage.ask(connect(clientId, { advice: { timeout: 0 } })))).toEqual([]);
  });
});

it("brings nothing twice that a network repeats", async () => {
  await using stage = await Stage.start();
  const socket = stage.dispatcher.over(null, connect(await stage.session(["/a"])));
  for (const id of ["1", "2", "1", "3"]) stage.network.say("/a", id);
  expect(toldOf(socket.messages)).toEqual(["1", "2", "3"]);
});
