import { beforeEach, describe, expect, it } from "vitest";
import { Play } from "./rooms-play.ts";

/** The play's configuration has `maxJoins: 2`. */
describe("Joins of many rooms", () => {
  let play: Play;
  let joined: string[];
  beforeEach(async () => {
    play = await Play.connected();
    joined = [];
    for (const name of ["/a", "/b", "/c", "/d"])
      play.rooms.join(name).then(
        () => joined.push(name),
        (error: unknown) => joined.push(`${name}: ${String(error)}`),
      );
  });

  /** @param name without slash */
  function letIn(name: string): void {
    play.room = `${name}@muc`;
    play.show("tailspin1", ["110"]);
  }

  function told(): Promise<readonly string[]> {
    return new Promise((resolve) => setImmediate(() => resolve(joined)));
  }

  it("are under way two at a time, in the order in which they were asked for", async () => {
    expect(play.log).toEqual(["join a@muc/tailspin1", "join b@muc/tailspin1"]);
    letIn("b");
    expect(play.log.slice(2)).toEqual(["join c@muc/tailspin1"]);
    letIn("a");
    letIn("c");
    letIn("d");
    expect(play.log.slice(2)).toEqual(["join c@muc/tailspin1", "join d@muc/tailspin1"]);
    expect(await told()).toEqual(["/b", "/a", "/c", "/d"]);
  });

  it("go on after a refusal, and after a join that is not answered", async () => {
    play.room = "a@muc";
    play.refuse("forbidden", "no", play.sent[0]?.attrs["id"]);
    expect(play.log.slice(2)).toEqual(["join c@muc/tailspin1"]);
    play.nowMs += 1_000;
    play.rooms.sweep(play.nowMs);
    expect(play.log.slice(3)).toEqual([
      "unavailable b@muc/tailspin1",
      "join d@muc/tailspin1",
      "unavailable c@muc/tailspin1",
    ]);
    const late = "the room did not answer the join";
    expect(await told()).toEqual([
      "/a: NetworkError: no (forbidden)",
      `/b: NetworkError: ${late}`,
      `/c: NetworkError: ${late}`,
    ]);
    letIn("d");
    expect(await told()).toContain("/d");
  });

  it("have all their time when their turn comes", () => {
    play.nowMs += 900;
    letIn("a");
    play.nowMs += 900;
    play.rooms.sweep(play.nowMs);
    // That of /b is over; /c has waited as long, and was asked for 900 ms ago.
    expect(play.log.slice(2)).toEqual(["join c@muc/tailspin1", "unavailable b@muc/tailspin1", "join d@muc/tailspin1"]);
  });

  it("are not begun for a room that was left meanwhile", async () => {
    play.rooms.leave("/c");
    expect(play.rooms.get("/c")).toBeUndefined();
    letIn("a");
    expect(play.log.slice(2)).toEqual(["join d@muc/tailspin1"]);
    expect(await told()).toEqual(["/c: NetworkError: left meanwhile", "/a"]);
  });

  it("take nothing for their answer before they are begun", async () => {
    letIn("c");
    play.refuse("forbidden", "no", "");
    expect(await told()).toEqual([]);
    letIn("a");
    letIn("c");
    expect(await told()).toEqual(["/a", "/c"]);
  });

  it("are as many after an outage, of which none is owed any more", async () => {
    for (const name of ["a", "b", "c", "d"]) letIn(name);
    play.rooms.onDisconnected("lost");
    const begun = play.sent.length;
    const back = play.rooms.onConnected();
    expect(play.log.slice(begun)).toEqual(["join a@muc/tailspin1", "join b@muc/tailspin1"]);
    for (const name of ["a", "b", "c", "d"]) letIn(name);
    await back;
    expect(play.log.slice(begun + 2)).toEqual(["join c@muc/tailspin1", "join d@muc/tailspin1"]);
  });
});
