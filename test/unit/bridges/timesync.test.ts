import { describe, expect, it } from "vitest";
import { timesyncReply } from "../../../bridges/timesync.ts";

describe("timesync", () => {
  it("lets cometd.js compute lag and offset", () => {
    // Sent at 1,000 of its clock, which is 500 behind ours; 20 under way; it thinks that it is 490 behind, with a lag of 25.
    const reply = timesyncReply({ timesync: { tc: 1_000, l: 25, o: 490 } }, 1_520);
    expect(reply).toEqual({ tc: 1_000, ts: 1_520, p: 0, a: -5 });
  });

  it("takes a first request, which knows neither", () => {
    expect(timesyncReply({ timesync: { tc: 1_000 } }, 1_520.4)).toEqual({ tc: 1_000, ts: 1_520, p: 0, a: -520 });
  });

  it.each([
    {},
    { timesync: null },
    { timesync: 7 },
    { timesync: {} },
    { timesync: { tc: "now" } },
    { timesync: { tc: 1, l: {} } },
  ])("passes over %j", (ext) => {
    expect(timesyncReply(ext, 1)).toBeUndefined();
  });
});
