import { describe, expect, it } from "vitest";
import { type Arrival, type FaultHistory, judgeFaults, type Outcome } from "../../chaos/fault-judge.ts";

const message = (text: string) => ({ type: "message", id: `id of ${text}`, text }) as const;
const idOf = (text: string | null) => (text === null ? null : `id of ${text}`);
const gap = (after: string | null, before: string | null): Arrival => ({
  type: "gap",
  after: idOf(after),
  before: idOf(before),
});
/** A word is a message. */
const arrivalsOf = (...words: (string | Arrival)[]): Arrival[] =>
  words.map((word) => (typeof word === "string" ? message(word) : word));
const CARRIED = ["b 1", "a 1", "b 2", "a 2", "b 3"];

interface Case extends Partial<Omit<FaultHistory, "sessions" | "publishes">> {
  readonly arrivals?: readonly Arrival[];
  readonly publishes?: Readonly<Record<string, Outcome>>;
}

/** Of one session on a network that keeps nothing, where nothing is said otherwise. */
function judge({ arrivals = arrivalsOf(...CARRIED), publishes = {}, ...rest }: Case) {
  return judgeFaults({
    carried: CARRIED,
    isWitnessCut: false,
    order: "channel",
    isLossless: false,
    mustNotice: false,
    last: "b 3",
    ...rest,
    sessions: [{ name: "ann", arrivals }],
    publishes: Object.entries(publishes).map(([text, outcome]) => ({ text, outcome })),
  });
}

const NOTHING = { faults: [], missed: 0, lost: 0, twice: 0, notices: 0 };

describe("the judge of faults of servers", () => {
  it("finds nothing in a whole history", () => {
    expect(judge({ isLossless: true })).toEqual(NOTHING);
  });

  it("counts what is missing where a notice tells of it", () => {
    const arrivals = arrivalsOf("b 1", gap("b 1", "a 2"), "a 2", "b 3");
    expect(judge({ arrivals })).toEqual({ ...NOTHING, missed: 2, notices: 1 });
  });

  it("takes a notice whose end came later, and one behind all", () => {
    const arrivals = arrivalsOf("b 1", gap("b 1", null), gap("b 1", "a 2"), "a 2", "b 3");
    expect(judge({ arrivals })).toEqual({ ...NOTHING, missed: 2, notices: 2 });
    const open = arrivalsOf("b 1", "a 1", "b 2", gap("b 2", null));
    expect(judge({ arrivals: open, last: "b 2" })).toEqual({ ...NOTHING, missed: 2, notices: 1 });
  });

  it.for([
    ["is missing without a notice", ["b 1", "b 3"], "a 1 to a 2 (3) did not come, and no notice tells of it"],
    ["is missing at the beginning", ["b 2", "a 2", "b 3"], "b 1 to a 1 (2) did not come, and no notice tells of it"],
    ["came twice", ["b 1", "a 1", "a 1", "b 2", "a 2", "b 3"], "a 1 came twice"],
    ["came too late", ["b 1", "b 2", "a 1", "a 2", "b 3"], "b 2 came too late"],
    ["was never carried", ["b 1", "a 1", "b 2", "a 2", "c 9", "b 3"], "c 9 came, and the network has not carried it"],
    ["is the last message, and did not come", ["b 1", "a 1", "b 2", "a 2"], "the last message, b 3, did not come"],
  ] as const)("finds what %s", ([, words, fault]) => {
    expect(judge({ arrivals: arrivalsOf(...words) }).faults).toContain(`ann: ${fault}`);
  });

  it("finds an id that came twice, whatever it says", () => {
    const { faults, twice } = judge({ arrivals: arrivalsOf("b 1", "a 1", { ...message("b 2"), id: "id of a 1" }) });
    expect([faults[0], twice]).toEqual(["ann: b 2 came twice", 1]);
  });

  it("finds a loss that no notice excuses, and one that a notice at another place does not", () => {
    const noticed = arrivalsOf("b 1", gap("b 1", "a 2"), "a 2", "b 3");
    expect(judge({ arrivals: noticed, isLossless: true })).toMatchObject({
      faults: ["ann: a 1 to b 2 (2) did not come, though the network has it; a notice tells of it"],
      lost: 2,
    });
    const elsewhere = arrivalsOf("b 1", "b 2", gap("b 2", "a 2"), "a 2", "b 3");
    expect(judge({ arrivals: elsewhere }).faults).toEqual(["ann: a 1 did not come, and no notice tells of it"]);
  });

  it.for([
    [
      "names another message before it",
      [gap("b 9", "a 1")],
      "a notice says it is after id of b 9, and is after id of b 1",
    ],
    ["names another message behind it", [gap("b 1", "b 2")], "a notice is not right before id of b 2"],
    ["is never closed", [gap("b 1", null)], "no notice says that it ends before a 1"],
  ] as const)("finds a notice that %s", ([, notices, fault]) => {
    const arrivals = arrivalsOf("b 1", ...notices, "a 1", "b 2", "a 2", "b 3");
    expect(judge({ arrivals }).faults).toEqual([`ann: ${fault}`]);
  });

  it("finds silence where the bridge has to say that it was away", () => {
    expect(judge({ mustNotice: true }).faults).toEqual(["ann: no gap notice came"]);
  });

  it("asks for the order of each who speaks only, where servers are linked", () => {
    const arrivals = arrivalsOf("a 1", "a 2", "b 1", "b 2", "b 3");
    expect(judge({ arrivals, order: "speaker" })).toEqual(NOTHING);
    expect(judge({ arrivals: arrivalsOf("a 2", "a 1", "b 1", "b 2", "b 3"), order: "speaker" }).faults).toEqual([
      "ann: a 2 came too late",
    ]);
  });

  it("lets the last messages before a server's death come to us alone, and no others", () => {
    const atTheEnd = arrivalsOf("b 1", "a 1", "a 8", gap("a 8", "b 2"), "b 2", "a 2", "b 3");
    expect(judge({ arrivals: atTheEnd, isWitnessCut: true })).toEqual({ ...NOTHING, notices: 1 });
    const before = arrivalsOf("b 1", "a 8", "a 1", gap("a 1", "b 2"), "b 2", "a 2", "b 3");
    expect(judge({ arrivals: before, isWitnessCut: true }).faults).toEqual([
      "ann: a 8 came, and nobody on the network has seen it",
    ]);
  });

  it("holds the answers of publishes against what was carried", () => {
    const publishes = { "a 1": "accepted", "a 2": "unknown", "a 3": "refused", "a 4": "unknown" } as const;
    expect(judge({ publishes })).toEqual(NOTHING);
  });

  it.for([
    ["a 7", "accepted", "a 7 was accepted, and the network has not carried it"],
    ["a 1", "refused", "a 1 was answered as not sent, and the network has carried it"],
    ["a 1", { other: "nothing" }, "a 1 was answered with nothing"],
  ] as const)("finds the answer to %s that was %j", ([text, outcome, fault]) => {
    expect(judge({ publishes: { [text]: outcome } }).faults).toEqual([fault]);
  });

  it("finds a publish that the network carried twice", () => {
    const carried = [...CARRIED, "a 2"];
    expect(judge({ carried, publishes: { "a 2": "accepted" } }).faults).toContain("the network carried a 2 2 times");
  });
});
