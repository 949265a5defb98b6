import { describe, expect, it } from "vitest";
import { Log, type LogEntry } from "../../../../bridges/log/log.ts";

const ids = (entries: readonly LogEntry[] | null) => entries?.map(({ id }) => id);

function filled(maxMessages: number, count: number): Log {
  const log = new Log({ maxMessages, maxBytes: 1_000_000 });
  for (let number = 1; number <= count; number++) log.append(number % 2 ? "/odd" : "/even", String(number), "{}", 0);
  return log;
}

describe("Log", () => {
  it("numbers messages of all channels, kept or not, in their order", () => {
    const log = new Log({ maxMessages: 10, maxBytes: 1_000 });
    const seqs = [log.append("/a", "x", "1", 0), log.entry("/a", "", "2"), log.append("/b", "y", "3", 0)].map(
      ({ seq }) => seq,
    );
    expect(seqs).toEqual([1, 2, 3]);
    expect(log.size).toBe(2);
  });

  it("keeps the channels apart", () => {
    const log = filled(100, 6);
    expect(ids(log.all("/odd"))).toEqual(["1", "3", "5"]);
    expect(ids(log.all("/none"))).toEqual([]);
  });

  it("goes on after a message, and says when that is not kept, or another channel's", () => {
    const log = filled(100, 6);
    expect(ids(log.after("/even", "2"))).toEqual(["4", "6"]);
    expect(ids(log.after("/even", "6"))).toEqual([]);
    expect(log.after("/even", "3")).toBeNull();
    expect(log.after("/even", "99")).toBeNull();
  });

  it("keeps as many messages as it may, the newest ones", () => {
    const log = filled(1_500, 5_000);
    expect(log.size).toBe(1_500);
    expect(ids(log.all("/odd"))?.[0]).toBe("3501");
    expect(log.after("/even", "3500")).toBeNull();
    expect(log.after("/even", "3502")).toHaveLength(749);
  });

  it("keeps as many bytes as it may, and nothing that is larger than all of it", () => {
    const log = new Log({ maxMessages: 100, maxBytes: 10 });
    for (const id of ["a", "b", "c"]) log.append("/a", id, "12345", 0);
    expect(ids(log.all("/a"))).toEqual(["b", "c"]);
    log.append("/a", "d", "12345678901", 0);
    expect(log.size).toBe(0);
    log.append("/a", "e", "12345", 0);
    expect(ids(log.all("/a"))).toEqual(["e"]);
  });

  it("knows the newest delivery id of a channel, which a notice has not", () => {
    const log = filled(100, 4);
    log.append("/even", "", "{}", 0);
    expect(log.lastId("/even")).toBe("4");
    expect(log.lastId("/none")).toBeNull();
    expect(ids(log.after("/even", "2"))).toEqual(["4", ""]);
  });

  it("forgets channels that were left, and their bytes", () => {
    const log = new Log({ maxMessages: 100, maxBytes: 15 });
    log.append("/a", "1", "12345", 0);
    log.append("/b", "2", "12345", 0);
    log.forget(new Set(["/a"]));
    expect(log.lastId("/a")).toBeNull();
    expect(log.after("/a", "1")).toBeNull();
    log.append("/b", "3", "1234567890", 0);
    expect(ids(log.all("/b"))).toEqual(["2", "3"]);
  });

  it("goes on from a time, to the second, and says when it has not everything since then", () => {
    const log = new Log({ maxMessages: 2, maxBytes: 1_000 });
    expect(log.from("/a", 5_000)).toBeNull();
    log.begin("/a", 5_000);
    log.begin("/a", 9_000);
    expect([log.sinceMs("/a"), log.from("/a", 4_999), log.from("/a", 5_000)]).toEqual([5_000, null, []]);
    for (const timeMs of [6_100, 6_900, 7_500]) log.append("/a", String(timeMs), "{}", timeMs);
    expect([log.from("/a", 6_999), log.has("/a", "6100"), log.firstId("/a")]).toEqual([null, false, "6900"]);
    expect(ids(log.from("/a", 7_000))).toEqual(["7500"]);
    log.append("/b", "1", "{}", 0);
    log.append("/b", "2", "{}", 0);
    expect([log.firstId("/a"), log.last("/a"), log.has("/a", "7500")]).toEqual([
      null,
      { id: "7500", timeMs: 7_500, seq: 3 },
      true,
    ]);
  });
});
