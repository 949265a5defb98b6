import { describe, expect, it } from "vitest";
import { Assembler } from "../../../../bridges/irc/assembler.ts";
import type { Chunk } from "../../../../bridges/irc/line.ts";

const chunk = (number: number, total: number, piece: string, id = "abcd"): Chunk => ({ id, number, total, piece });
const limits = { maxBytes: 100, timeoutMs: 30_000 };

describe("Assembler", () => {
  it("puts the sequences of several senders together", () => {
    const assembler = new Assembler(limits);
    expect(assembler.push("ann", chunk(1, 2, '{"a"'), "alice", 0)).toEqual({ type: "waiting" });
    expect(assembler.push("bob", chunk(1, 2, "[1"), null, 0)).toEqual({ type: "waiting" });
    expect(assembler.push("ann", chunk(2, 2, ":1}"), null, 0)).toEqual({ type: "data", data: { a: 1 }, from: "alice" });
    expect(assembler.push("bob", chunk(2, 2, ",2]"), null, 0)).toEqual({ type: "data", data: [1, 2], from: null });
    expect(assembler.size).toBe(0);
  });

  it.each([
    ["skips one", chunk(3, 3, "x")],
    ["repeats one", chunk(1, 3, "x")],
    ["is of another sequence", chunk(2, 3, "x", "zzzz")],
    ["changes the total", chunk(2, 4, "x")],
  ])("breaks a sequence whose next chunk %s", (_name, next) => {
    const assembler = new Assembler(limits);
    assembler.push("ann", chunk(1, 3, "x"), null, 0);
    expect(assembler.push("ann", next, null, 0)).toMatchObject({ type: "broken" });
    expect(assembler.size).toBe(0);
  });

  it("breaks what is too long, and what is not JSON", () => {
    const assembler = new Assembler(limits);
    expect(assembler.push("ann", chunk(1, 2, "x".repeat(101)), null, 0)).toMatchObject({ type: "broken" });
    expect(assembler.push("ann", chunk(1, 1, "{"), null, 0)).toMatchObject({ type: "broken" });
    expect(assembler.size).toBe(0);
  });

  it("calls the middle of an unseen sequence an orphan", () => {
    expect(new Assembler(limits).push("ann", chunk(2, 2, "x"), null, 0)).toEqual({ type: "orphan" });
  });

  it("drops what is too old, and says whose it was", () => {
    const assembler = new Assembler(limits);
    assembler.push("ann", chunk(1, 2, "x"), null, 0);
    assembler.push("bob", chunk(1, 2, "x"), null, 10_000);
    expect(assembler.expire(30_000)).toEqual(["ann"]);
    expect(assembler.size).toBe(1);
  });

  it("holds a bounded number of open sequences", () => {
    const assembler = new Assembler(limits);
    for (let number = 0; number < 1_000; number += 1) assembler.push(`nick${number}`, chunk(1, 2, "x"), null, 0);
    expect(assembler.size).toBeLessThanOrEqual(256);
    expect(assembler.push("one more", chunk(1, 2, "x"), null, 0)).toMatchObject({ type: "broken" });
  });
});
