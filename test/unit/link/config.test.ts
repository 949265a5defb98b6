import { describe, expect, it } from "vitest";
import { linkSchema } from "../../../link/config.ts";

describe("linkSchema", () => {
  it("has a default for every key", () => {
    expect(linkSchema.parse({})).toEqual({
      heartbeatMs: 5_000,
      deadAfterMs: 15_000,
      handshakeTimeoutMs: 5_000,
      maxUnproven: 64,
      highWaterBytes: 1_048_576,
      maxQueuedBytes: 67_108_864,
      maxFrameBytes: 8_388_608,
    });
  });

  it.each([
    ["an unknown key", { heartbeat: 1 }],
    ["a peer that has no time to answer", { heartbeatMs: 1_000, deadAfterMs: 1_500 }],
    ["a hard bound below the high-water mark", { highWaterBytes: 2 ** 28 }],
    ["a hard bound below the longest frame", { maxFrameBytes: 2 ** 28 }],
    ["a frame too short for a hello", { maxFrameBytes: 1_000 }],
  ])("refuses %s", (_, value) => {
    expect(linkSchema.safeParse(value).success).toBe(false);
  });
});
