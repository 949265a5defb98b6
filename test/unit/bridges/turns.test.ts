import { beforeEach, describe, expect, it } from "vitest";
import { Turns } from "../../../bridges/turns.ts";

describe("Turns", () => {
  let begun: string[];
  let turns: Turns<string>;
  beforeEach(() => {
    begun = [];
    turns = new Turns(2, (thing) => begun.push(thing));
  });

  it("lets as many be under way as it may, and the next one begin when one has ended", () => {
    for (const thing of ["a", "b", "c", "d"]) turns.ask(thing);
    expect(begun).toEqual(["a", "b"]);
    expect([turns.has("a"), turns.has("c")]).toEqual([true, false]);
    turns.end("b");
    expect(begun).toEqual(["a", "b", "c"]);
    turns.end("a");
    turns.end("c");
    turns.ask("e");
    expect(begun).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("begins anew what is under way, without a further place", () => {
    for (const thing of ["a", "a", "b", "b", "c"]) turns.ask(thing);
    expect(begun).toEqual(["a", "a", "b", "b"]);
  });

  it("keeps the place in the queue of what asks again, and forgets what waits no more", () => {
    for (const thing of ["a", "b", "c", "d", "c"]) turns.ask(thing);
    expect(turns.forget("d")).toBe(true);
    expect(turns.forget("d")).toBe(false);
    expect(turns.forget("a")).toBe(false);
    for (const thing of ["a", "b", "c"]) turns.end(thing);
    expect(begun).toEqual(["a", "b", "c"]);
  });

  it("does nothing at the end of what is not under way", () => {
    for (const thing of ["a", "b", "c"]) turns.ask(thing);
    turns.end("c");
    turns.end("x");
    expect(begun).toEqual(["a", "b"]);
    turns.end("a");
    expect(begun).toEqual(["a", "b", "c"]);
  });

  it("forgets everything", () => {
    for (const thing of ["a", "b", "c"]) turns.ask(thing);
    turns.clear();
    turns.end("a");
    expect(turns.has("a")).toBe(false);
    for (const thing of ["d", "e", "f"]) turns.ask(thing);
    expect(begun).toEqual(["a", "b", "d", "e"]);
  });
});
