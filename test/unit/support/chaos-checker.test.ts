import { describe, expect, it } from "vitest";
import { check, longestWaitMs } from "../../chaos/checker.ts";
import type { ChaosHistory, PublishOutcome, SessionEvent, SessionHistory } from "../../chaos/history.ts";

const CHANNEL = "/lobby";
const SAID = ["w 1", "w 2", "w 3", "w 4", "w 5"];
const LATE_MS = 10;

/** A word is a message of the channel; `gap` is a notice, and what begins with an exclamation mark another event. */
function sessionOf(words: readonly string[], earlier: readonly string[] = [], name = "ann"): SessionHistory {
  const events = words.map((word, index): SessionEvent => {
    const atMs = (SAID.indexOf(word) + 1 || index + 1) * 100 + LATE_MS;
    if (word === "gap") return { type: "gap", channel: CHANNEL, atMs };
    if (word === "!handshake") return { type: "handshake", atMs };
    if (word === "!reconnect") return { type: "reconnect", atMs };
    return { type: "seen", channel: CHANNEL, text: word, atMs };
  });
  return { name, route: 1, channels: [CHANNEL], earlier: new Set(earlier), events };
}

interface Case {
  readonly carried?: readonly string[];
  readonly isWitnessCut?: boolean;
  readonly sessions?: readonly SessionHistory[];
  readonly publications?: Readonly<Record<string, PublishOutcome>>;
}

function historyOf({ carried = SAID, isWitnessCut = false, sessions, publications = {} }: Case): ChaosHistory {
  return {
    prefix: "w ",
    lateMs: 0,
    channels: [
      { channel: CHANNEL, isWitnessCut, carried: carried.map((text, at) => ({ text, atMs: (at + 1) * 100 })) },
    ],
    publications: Object.entries(publications).map(([text, outcome]) => ({ channel: CHANNEL, text, outcome })),
    sessions: sessions ?? [sessionOf(SAID)],
  };
}

const heard = (...words: string[]) => check(historyOf({ sessions: [sessionOf(words)] }));
const published = (publications: Readonly<Record<string, PublishOutcome>>, rest: Case = {}) =>
  check(historyOf({ publications, ...rest }));

const NOTHING = {
  ...{ lost: 0, noticed: 0, silent: 0, twice: 0, disordered: 0, untrue: 0, unknown: 0 },
  ...{ handshakes: 0, reconnects: 0, gaps: 0, seen: SAID.length, faults: [] },
};

describe("the checker of chaos", () => {
  it("finds nothing in a whole history", () => {
    expect(heard(...SAID)).toEqual(NOTHING);
  });

  it("finds what did not come, at the beginning, in the middle and at the end", () => {
    expect(heard("w 2", "w 4")).toMatchObject({ lost: 3, noticed: 0, gaps: 0 });
    expect(heard("w 1", "w 5").faults).toEqual(["ann /lobby: w 2 to w 4 (3) did not come, and nothing tells of it"]);
    expect(heard().faults).toEqual(["ann /lobby: w 1 to w 5 (5) did not come, and nothing tells of it"]);
  });

  it("looks at each session for itself", () => {
    const sessions = [sessionOf(SAID), sessionOf(["w 1", "w 2", "w 3", "w 4"], [], "bob")];
    const verdict = check(historyOf({ sessions }));
    expect(verdict).toMatchObject({ lost: 1, faults: ["bob /lobby: w 5 did not come, and nothing tells of it"] });
  });

  it("lets a notice tell of what is missing at its place", () => {
    expect(heard("w 1", "gap", "w 4", "w 5")).toMatchObject({ lost: 2, noticed: 2, gaps: 1 });
    expect(heard("gap", "w 3", "w 4", "w 5")).toMatchObject({ lost: 2, noticed: 2 });
    expect(heard("w 1", "w 2", "w 3", "gap")).toMatchObject({ lost: 2, noticed: 2 });
  });

  it("lets no notice tell of what is missing elsewhere", () => {
    expect(heard("w 1", "w 3", "gap", "w 4", "w 5")).toMatchObject({ lost: 1, noticed: 0 });
    expect(heard("gap", "w 1", "w 2", "w 5")).toMatchObject({ lost: 2, noticed: 0 });
    expect(heard("w 1", "w 2", "w 5", "gap")).toMatchObject({ lost: 2, noticed: 0 });
    expect(heard("w 1", "gap", "w 3", "w 5")).toMatchObject({ lost: 2, noticed: 1 });
  });

  it("calls a loss silent where neither a notice nor a new beginning is at its place", () => {
    expect(heard("w 1", "w 4", "w 5")).toMatchObject({ lost: 2, silent: 2 });
    expect(heard("w 1", "gap", "w 4", "w 5")).toMatchObject({ lost: 2, silent: 0 });
    expect(heard("w 1", "!handshake", "w 4", "w 5")).toMatchObject({ lost: 2, noticed: 0, silent: 0 });
    expect(heard("w 1", "w 4", "!handshake", "w 5")).toMatchObject({ lost: 2, silent: 2 });
    expect(heard("w 1", "!reconnect", "w 4", "w 5")).toMatchObject({ lost: 2, silent: 2 });
  });

  it("finds what came twice, also where it first came long ago", () => {
    expect(heard("w 1", "w 2", "w 2", "w 3", "w 4", "w 5")).toMatchObject({ twice: 1, lost: 0, disordered: 0 });
    const again = historyOf({ sessions: [sessionOf(["old", ...SAID], ["old"])] });
    expect(check(again)).toMatchObject({ twice: 1, faults: ["ann /lobby: old came twice"] });
  });

  it("takes what was said before, and comes once, for what it is", () => {
    expect(heard("old", ...SAID)).toEqual(NOTHING);
  });

  it("finds what came out of order, and does not call it lost", () => {
    expect(heard("w 1", "w 3", "w 2", "w 4", "w 5")).toMatchObject({ disordered: 1, lost: 0 });
  });

  it("finds what nobody has said, unless nobody could have seen it", () => {
    const sessions = [sessionOf([...SAID, "w 9"])];
    expect(check(historyOf({ sessions }))).toMatchObject({ untrue: 1 });
    expect(check(historyOf({ sessions, isWitnessCut: true }))).toMatchObject({ untrue: 0 });
  });

  it("finds publishes that were confirmed and not carried, or refused and carried", () => {
    expect(published({ "w 1": "confirmed", "w 2": "unknown", "w 8": "unknown", "w 9": "refused" })).toMatchObject({
      untrue: 0,
      unknown: 2,
    });
    expect(published({ "w 9": "confirmed" }).faults).toEqual(["w 9 was confirmed, and the network has not carried it"]);
    expect(published({ "w 1": "refused" }).faults).toEqual(["w 1 was refused, and the network has carried it"]);
  });

  it("believes a confirmation that a session bears out when the witness was away", () => {
    const [carried, sessions] = [["w 1"], [sessionOf(["w 1", "w 2"])]];
    expect(published({ "w 2": "confirmed" }, { carried, sessions, isWitnessCut: true })).toMatchObject({ untrue: 0 });
    expect(published({ "w 3": "confirmed" }, { carried, sessions, isWitnessCut: true })).toMatchObject({ untrue: 1 });
  });

  it("finds a publish that the network carried twice", () => {
    const carried = ["w 1", "w 2", "w 2"];
    const found = published({ "w 2": "unknown" }, { carried, sessions: [sessionOf(["w 1", "w 2"])] });
    expect(found).toMatchObject({ twice: 1, lost: 0 });
  });

  it("counts handshakes and lost connections", () => {
    expect(heard("!reconnect", "!handshake", "!reconnect", ...SAID)).toEqual({
      ...NOTHING,
      handshakes: 1,
      reconnects: 2,
    });
  });

  it("tells the beginning of a history that is all wrong, and counts all of it", () => {
    const carried = Array.from({ length: 100 }, (_, index) => `w ${index}`);
    const even = carried.filter((_, index) => index % 2 === 0);
    const { lost, faults } = check(historyOf({ carried, sessions: [sessionOf(even)] }));
    expect([lost, faults.length]).toEqual([50, 12]);
  });

  it("measures the longest that a message waited, by what came next where it was lost", () => {
    const wait = (...words: string[]): number => {
      const session = sessionOf(words);
      return longestWaitMs(historyOf({ sessions: [session] }), session);
    };
    expect(wait(...SAID)).toBe(LATE_MS);
    expect(wait("w 1", "w 4", "w 5")).toBe(200 + LATE_MS);
    expect(wait("w 1", "w 2", "w 3", "w 4")).toBe(Infinity);
  });

  it("leaves out what had come before the fault began", () => {
    const session = sessionOf(["w 1", "w 4", "w 5"]);
    const history = historyOf({ sessions: [session] });
    const atMs = session.events[1]?.atMs ?? 0;
    expect(longestWaitMs(history, session, atMs)).toBe(200 + LATE_MS);
    expect(longestWaitMs(history, session, atMs + 1)).toBe(LATE_MS);
  });
});
