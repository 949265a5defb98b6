import { describe, expect, it } from "vitest";
import { controlPayload, MAX_BRIDGES, parseAnswer, parseRequest } from "../../../halod/control.ts";
import { emptyMembership } from "../../../halod/membership.ts";
import { Protections } from "../../../halod/protections.ts";
import { statusOf, statusText } from "../../../halod/status.ts";
import { MAX_CONTROL_BYTES } from "../../../link/index.ts";

const UNHEARD = "it has not said anything since the table changed";

describe("what HaloD knows of bridges' protection", () => {
  it("is what each told last for the table that is in force", () => {
    const protections = new Protections();
    expect(protections.of("a", 3, 1)).toBe(UNHEARD);
    protections.report("a", { isProtected: true, reason: "", epoch: 3 });
    protections.report("b", { isProtected: false, reason: "no other bridge", epoch: 3 });
    expect(["a", "b"].map((instance) => protections.of(instance, 3, 2))).toEqual(["", "no other bridge"]);
    expect(protections.of("a", 4, 2)).toBe(UNHEARD);
    protections.went("a");
    expect(protections.of("a", 3, 2)).toBe(UNHEARD);
    protections.report("b", null);
    expect(protections.of("b", 3, 2)).toBe(UNHEARD);
  });

  it("is shown for bridges that own routes, and for no others", () => {
    const protections = new Protections();
    protections.report("one", { isProtected: true, reason: "", epoch: 1 });
    protections.report("two", { isProtected: false, reason: "bridge 3 keeps 12 of 14 channels", epoch: 1 });
    const member = (node: number, instance: string, lostMs: number | null = null) => {
      return { node, instance, address: `host:${node}`, sinceMs: 0, lostMs };
    };
    const members = [member(1, "one"), member(2, "two"), member(3, "spare"), member(4, "lost", 1)];
    const membership = { ...emptyMembership(8), epoch: 1, members, active: ["one", "two"] };
    const lines = statusText(statusOf(membership, 0, { protections }), 1_000)
      .trimEnd()
      .split("\n")
      .slice(3);
    expect(lines.map((line) => line.split(/ {2,}/).slice(5))).toEqual([
      ["protected"],
      ["unprotected: bridge 3 keeps 12 of 14 channels"],
      [],
      [],
    ]);
  });

  it("fits into a frame with the status of the most bridges, whatever they say", () => {
    const protections = new Protections();
    const members = Array.from({ length: MAX_BRIDGES }, (_, index) => ({
      node: 10_000 + index,
      address: "a".repeat(300),
      instance: `${index}`.padStart(64, "i"),
      sinceMs: 1_795_280_074_709,
      lostMs: null,
    }));
    for (const { instance } of members)
      protections.report(instance, {
        isProtected: false,
        reason: '"\u0001ä'.repeat(160),
        epoch: Number.MAX_SAFE_INTEGER,
      });
    const active = members.map(({ instance }) => instance);
    const epoch = Number.MAX_SAFE_INTEGER;
    const payload = controlPayload(
      statusOf({ ...emptyMembership(46_655), epoch, members, active }, 9, { protections }),
    );
    expect(payload.length).toBeLessThan(MAX_CONTROL_BYTES);
    expect(parseAnswer(payload)?.type).toBe("status");
  });

  it("is read from reports, and may be missing there", () => {
    const report = { type: "report", atMs: 1, connections: 0, sessions: 0, heard: 0, delivered: 0, busy: 0 } as const;
    const protection = { isProtected: true, reason: "", epoch: 7 };
    for (const one of [report, { ...report, protection }, { ...report, protection: null }])
      expect(parseRequest(Buffer.from(JSON.stringify(one)))).toEqual(one);
    expect(parseRequest(Buffer.from(JSON.stringify({ ...report, protection: {} })))).toBeNull();
  });
});
