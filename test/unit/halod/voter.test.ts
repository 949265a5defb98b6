import { beforeEach, describe, expect, it } from "vitest";
import { electorateOf } from "../../../halod/electorate.ts";
import type { Ballot, Proposal } from "../../../halod/vote.ts";
import { Voter } from "../../../halod/voter.ts";

const SILENCE_MS = 1_000;
const table = (epoch: number) => ({ routes: 24, epoch, changedMs: 0, active: [], bridges: [] });
const ballot = (term: number, by = "one"): Ballot => ({ term, by });
const proposal = (of: Ballot, serial: number, epoch = serial): Proposal => {
  return { ballot: of, serial, table: table(epoch), electorate: electorateOf([], "h one"), before: null };
};

describe("a voter", () => {
  let voter: Voter<string>;
  beforeEach(() => {
    voter = new Voter();
  });

  const hear = (link: string, message: Parameters<Voter<string>["onMessage"]>[1], atMs = 0) =>
    voter.onMessage(link, message, atMs);
  const ask = (link: string, of: Ballot, atMs = 0) => hear(link, { type: "ask", ballot: of, has: null }, atMs).answer;

  it("promises each time more, and tells what it has accepted last", () => {
    expect(ask("a", ballot(2))).toEqual({ type: "promise", ballot: ballot(2), accepted: null, inForce: null });
    expect(ask("b", ballot(2, "a"))).toEqual({ type: "declined", promised: ballot(2), isLinked: false });
    const first = proposal(ballot(2), 1);
    hear("a", { type: "propose", proposal: first });
    voter.onDown("a");
    expect(ask("b", ballot(2, "two"))).toMatchObject({ type: "promise", accepted: first });
    // Whoever knows it is not told it again.
    const has = { ballot: ballot(2), serial: 1 };
    expect(hear("b", { type: "ask", ballot: ballot(3, "two"), has }).answer).toMatchObject({ accepted: null });
  });

  it("does what is decided, and nothing that is only proposed, or that another one proposed before", () => {
    const [first, second] = [proposal(ballot(1), 1), proposal(ballot(2, "two"), 2)];
    expect(hear("a", { type: "propose", proposal: first })).toEqual({
      answer: { type: "accepted", version: { ballot: ballot(1), serial: 1 } },
      table: null,
    });
    expect(hear("b", { type: "propose", proposal: second }).answer).toMatchObject({ type: "accepted" });
    expect(hear("a", { type: "propose", proposal: proposal(ballot(1), 2) }).answer).toEqual({
      ...{ type: "declined", promised: ballot(2, "two"), isLinked: false },
    });
    expect(hear("b", { type: "commit", version: second }).table).toEqual(second.table);
    expect(hear("b", { type: "commit", version: proposal(ballot(2, "two"), 9) }).table).toBeNull();
  });

  it("promises nothing to another HaloD while it hears of the one that acts", () => {
    hear("a", { type: "beat", ballot: ballot(1), silenceMs: SILENCE_MS }, 0);
    expect(voter.acting).toBe("a");
    expect(ask("b", ballot(2, "two"), SILENCE_MS - 1)).toMatchObject({ type: "declined", isLinked: true });
    expect(ask("a", ballot(2), SILENCE_MS - 1)).toMatchObject({ type: "promise" });
    expect(ask("b", ballot(3, "two"), SILENCE_MS)).toMatchObject({ type: "promise" });
    // What hung is told that it does not act any more.
    const late = hear("a", { type: "beat", ballot: ballot(2), silenceMs: SILENCE_MS }, SILENCE_MS);
    expect([late.answer, voter.acting]).toEqual([
      { type: "declined", promised: ballot(3, "two"), isLinked: false },
      null,
    ]);
  });

  it("promises something to another one as soon as its link to the one that acts is down", () => {
    hear("a", { type: "beat", ballot: ballot(1), silenceMs: SILENCE_MS }, 0);
    voter.onDown("b");
    expect(ask("b", ballot(2, "two"))).toMatchObject({ isLinked: true });
    voter.onDown("a");
    expect(ask("b", ballot(2, "two"))).toMatchObject({ type: "promise" });
  });
});
