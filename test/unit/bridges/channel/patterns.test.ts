import { beforeEach, describe, expect, it } from "vitest";
import { Channel } from "../../../../bridges/channel/channel.ts";
import { Patterns } from "../../../../bridges/channel/patterns.ts";
import { FakeNetwork } from "../fakes.ts";

describe("Patterns", () => {
  const network = new FakeNetwork();
  const channel = (name: string) => new Channel(name, network, () => 0);
  let patterns: Patterns;
  beforeEach(() => {
    patterns = new Patterns(2);
  });

  it("know the channels that are there, and those that come and go", () => {
    const [early, late, other] = [channel("/chat/a"), channel("/chat/b"), channel("/other")];
    const pattern = patterns.use("/chat/*", [early, other]);
    expect([...pattern.channels]).toEqual([early]);
    patterns.adopt(late);
    patterns.adopt(other);
    expect([...pattern.channels]).toEqual([early, late]);
    expect([early, late, other].map(({ patterns: { size } }) => size)).toEqual([1, 1, 0]);
    patterns.abandon(late);
    expect([...pattern.channels]).toEqual([early]);
  });

  it("hold no more channels than they may, and have room again for what was let go", () => {
    const pattern = patterns.use("/chat/*", []);
    const three = ["/chat/a", "/chat/b", "/chat/c"].map(channel);
    for (const each of three) patterns.adopt(each);
    expect(three.map(({ isHeld }) => isHeld)).toEqual([true, true, false]);
    expect(patterns.room).toBe(0);
    const [first, , third] = three;
    if (first) patterns.abandon(first);
    expect(patterns.hold("/chat/c", third)).toBe(true);
    patterns.release(pattern);
    expect(three.map(({ isHeld }) => isHeld)).toEqual([false, false, false]);
    expect(patterns.room).toBe(2);
    expect(patterns.size).toBe(0);
  });

  it("are one for all who use it, until the last is done", () => {
    const pattern = patterns.use("/chat/*", []);
    expect(patterns.use("/chat/*", [])).toBe(pattern);
    patterns.release(pattern);
    expect(patterns.get("/chat/*")).toBe(pattern);
    patterns.release(pattern);
    expect(patterns.get("/chat/*")).toBeUndefined();
  });

  it("stand for no meta, service and presence channels", () => {
    const names = ["/meta/connect", "/service/echo", "/presence/lobby", "/presence"];
    const pattern = patterns.use("/**", names.map(channel));
    for (const name of names) patterns.adopt(channel(name));
    expect(pattern.channels.size).toBe(0);
    expect(names.flatMap((name) => patterns.matching(name))).toEqual([]);
  });
});
