import { beforeEach, describe, expect, it } from "vitest";
import { InFlight } from "../../../../bridges/irc/in-flight.ts";

describe("InFlight", () => {
  let flight: InFlight<string>;
  beforeEach(() => {
    flight = new InFlight();
    for (const [owner, text] of [
      ["first", "ok"],
      ["second", "ok"],
      ["third", "other"],
    ] as const) {
      flight.add({ text, owner, bytes: 10, isResent: false });
    }
  });

  it("settles the oldest of equal lines", () => {
    expect(flight.echo({ text: "ok" })).toMatchObject({ skipped: [], echoed: { owner: "first" } });
    expect(flight.echo({ text: "ok" })).toMatchObject({ skipped: [], echoed: { owner: "second" } });
    expect(flight.lines).toHaveLength(1);
  });

  it("knows that what was sent before an echo and was not seen is lost", () => {
    expect(flight.echo({ text: "other" })).toMatchObject({
      skipped: [{ owner: "first" }, { owner: "second" }],
      echoed: { owner: "third" },
    });
    expect(flight.lines).toEqual([]);
  });

  it("takes an unknown line for the oldest one, changed by the server", () => {
    expect(flight.echo({ text: "o*" })).toMatchObject({ skipped: [], echoed: { owner: "first" } });
  });

  it("tells lines with the same text apart by their tags", () => {
    flight.add({ text: "ok", tag: "[1]", owner: "tagged", bytes: 10, isResent: false });
    expect(flight.echo({ text: "ok", tag: "[1]" })).toMatchObject({ echoed: { owner: "tagged" } });
  });

  it("expects nothing when nothing was sent", () => {
    expect(new InFlight<string>().echo({ text: "ok" })).toEqual({ skipped: [], echoed: null });
  });
});
