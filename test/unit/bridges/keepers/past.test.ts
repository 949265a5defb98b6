import { describe, expect, it } from "vitest";
import { inParts, Past, pastsOf, toldOf } from "../../../../bridges/keepers/past.ts";
import { Log } from "../../../../bridges/log/log.ts";
import { ownId } from "../../../../bridges/index.ts";

const CHANNEL = "/a";

function logWith(...ids: string[]): Log {
  const log = new Log({ maxMessages: 1_000, maxBytes: 1_000_000 });
  for (const id of ids) log.append(CHANNEL, id, JSON.stringify(id), 1);
  return log;
}

function pastWith(log: Log, fromSeq: number, anchor: string | null, ...ids: string[]) {
  return whole(log, fromSeq, anchor, ids, false);
}

function whole(log: Log, fromSeq: number, anchor: string | null, ids: string[], isGapless: boolean) {
  const rows = ids.map((id): [string, number, string] => [id, 1, JSON.stringify(id)]);
  return new Past({ channel: CHANNEL, anchor, rows }, { agreedSeq: fromSeq, joinedSeq: null }, isGapless).whole(log);
}

const idsOf = ({ entries }: { entries: readonly { id: string }[] }) => entries.map(({ id }) => id);

describe("a channel's past at another bridge", () => {
  it("goes before what came here since, each message once", () => {
    const log = logWith("a", "b", "c", "d", "e");
    expect(idsOf(pastWith(log, 2, null, "a", "b", "c", "d"))).toEqual(["a", "b", "c", "d", "e"]);
    expect(idsOf(pastWith(log, 5, null, "a", "b"))).toEqual(["a", "b"]);
    expect(idsOf(pastWith(log, 2, "b"))).toEqual(["c", "d", "e"]);
  });

  it("is made of our own messages where we have them", () => {
    const log = logWith("b", "c");
    const { entries } = pastWith(log, 0, null, "a", "b");
    expect(entries.map(({ isLive, after }) => [isLive, after])).toEqual([
      [undefined, null],
      [true, null],
      [true, "b"],
    ]);
  });

  it("leaves out what we have heard before we were there for it, and ids that mean nothing there", () => {
    const own = ownId("x");
    const log = logWith("old", own, "m1");
    expect(pastWith(log, 2, null, "theirs")).toMatchObject({ isProved: true });
    expect(idsOf(pastWith(log, 2, null, "theirs"))).toEqual(["theirs", "m1"]);
    expect(pastWith(log, 1, null, "theirs")).toMatchObject({ isProved: false });
  });

  it("has what came here before the other bridge had heard it, where ids are common, and nothing older", () => {
    const log = logWith("old", "a", "near", "b", "late");
    const rows: [string, number, string][] = [
      ["a", 1, "1"],
      ["b", 1, "1"],
    ];
    const told = { channel: CHANNEL, anchor: null, rows };
    const ids = (agreedSeq: number, joinedSeq: number | null, of = told) =>
      idsOf(new Past(of, { agreedSeq, joinedSeq }, true).whole(log));
    expect(ids(5, 5)).toEqual(["a", "b", "near", "late"]);
    expect(ids(4, null)).toEqual(["a", "b", "late"]);
    expect(ids(5, 4, { ...told, rows: [] })).toEqual(["late"]);
    expect(ids(5, 5, { ...told, rows: [] })).toEqual([]);
  });

  it("is of no use once our log has lost something of what came after it", () => {
    const log = new Log({ maxMessages: 3, maxBytes: 1_000_000 });
    for (const id of ["a", "b", "c"]) log.append(CHANNEL, id, "1", 1);
    // What was lost had come before.
    log.append("/other", "x", "1", 1);
    expect(idsOf(pastWith(log, 1, null, "a"))).toEqual(["a", "b", "c"]);
    log.append("/other", "y", "1", 1);
    expect(pastWith(log, 1, null, "a")).toMatchObject({ anchor: "b", entries: [{ id: "c" }] });
    for (const id of ["z", "zz"]) log.append("/other", id, "1", 1);
    expect(pastWith(log, 1, null, "a")).toMatchObject({ anchor: "c", entries: [] });
  });

  it("knows what may still come here", () => {
    const log = logWith("a", "b");
    const past = new Past(
      {
        channel: CHANNEL,
        anchor: null,
        rows: [
          ["b", 1, "1"],
          ["c", 1, "2"],
        ],
      },
      { agreedSeq: 2, joinedSeq: null },
      true,
    );
    const { unheard } = past.whole(log);
    expect(unheard).toEqual(["c"]);
    expect(past.whole(log).unheard).toBe(unheard);
    log.append(CHANNEL, "c", "2", 1);
    expect(past.whole(log).unheard).toEqual([]);
  });

  it("leaves out a notice of what was missing here alone, and keeps one of what comes last", () => {
    const log = logWith("a", "", "c", "", "e");
    expect(idsOf(pastWith(log, 0, null, "a", "b", "c"))).toEqual(["a", "b", "c", "", "e"]);
    expect(idsOf(whole(log, 0, null, ["a", "b", "c"], true))).toEqual(["a", "b", "c", "e"]);
  });

  it("is told with what was before it, within its bounds", () => {
    const log = logWith(...Array.from({ length: 900 }, (_, index) => `m${index}`));
    const [whole, nothing] = pastsOf(log, new Set([CHANNEL, "/b"]));
    expect([whole?.rows.length, whole?.anchor]).toEqual([900, null]);
    expect(nothing).toEqual({ channel: "/b", anchor: null, rows: [] });
    for (let index = 900; index < 2_100; index++) log.append(CHANNEL, `m${index}`, "1", 1);
    const [newest] = pastsOf(log, new Set([CHANNEL]));
    expect([newest?.rows.length, newest?.anchor, newest?.rows[0]?.[0]]).toEqual([1_000, "m1099", "m1100"]);
    const long = new Log({ maxMessages: 10, maxBytes: 100_000_000 });
    for (const id of ["a", "b", "c"]) long.append(CHANNEL, id, "x".repeat(2_000_000), 1);
    const [bounded] = pastsOf(long, new Set([CHANNEL]));
    expect([bounded?.rows.map(([id]) => id), bounded?.anchor]).toEqual([["b", "c"], "a"]);
  });

  it("is told in parts that are no burden, each channel whole", () => {
    const rows = (length: number): [string, number, string][] => [["a", 1, "x".repeat(length)]];
    const pasts = [10, 300_000, 10, 10, 200_000, 200_000, 10].map((length, index) => {
      return { channel: `/${index}`, anchor: null, rows: rows(length) };
    });
    expect([...inParts(pasts)].map((part) => part.map(({ channel }) => channel))).toEqual([
      ["/0", "/1"],
      ["/2", "/3", "/4", "/5"],
      ["/6"],
    ]);
    expect([...inParts([])]).toEqual([]);
  });

  it("ends with its newest message", () => {
    expect(toldOf(CHANNEL, [], "last")).toEqual({ channel: CHANNEL, anchor: "last", rows: [] });
    const past = new Past(
      { channel: CHANNEL, anchor: "a", rows: [["b", 1, "1"]] },
      { agreedSeq: 0, joinedSeq: null },
      true,
    );
    expect(past.end.whole(logWith())).toMatchObject({ anchor: "b", entries: [] });
    expect(past.end.end.whole(logWith()).anchor).toBe("b");
  });
});
