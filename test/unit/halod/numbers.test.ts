import fc from "fast-check";
import { expect, it } from "vitest";
import type { Member } from "../../../halod/membership.ts";
import { Numbers } from "../../../halod/numbers.ts";

const member = (node: number): Member => {
  return { node, address: `b${node}:7070`, instance: `i${node}`, sinceMs: 0, lostMs: null };
};
const links = Array.from({ length: 5 }, (_, index) => ({ index }));
const [one = {}, two = {}, three = {}] = links;

it("gives the lowest number that nobody has or was given, and again when whoever asked is gone", () => {
  const numbers = new Numbers();
  expect(numbers.give(one, "a", 0, [member(1), member(3)], 9)).toBe(2);
  expect(numbers.give(two, "b", 0, [member(1), member(3)], 9)).toBe(4);
  numbers.release(one);
  expect(numbers.give(three, "c", 0, [member(1), member(3)], 9)).toBe(2);
});

it("gives a bridge what it had, also after it has registered, unless another has it now", () => {
  const numbers = new Numbers();
  expect(numbers.give(one, "i7", 7, [member(1)], 9)).toBe(7);
  expect(numbers.give(one, "i7", 7, [member(1), member(7)], 9)).toBe(7);
  expect(numbers.give(two, "b", 7, [member(1), member(7)], 9)).toBe(2);
});

it("gives none when all are taken", () => {
  expect(new Numbers().give(one, "a", 0, [member(1), member(2)], 2)).toBeNull();
});

it("never gives one number to two", () => {
  const ask = fc.record({ asker: fc.nat(4), wanted: fc.nat(6), isGone: fc.boolean() });
  const run = (asks: { asker: number; wanted: number; isGone: boolean }[]) => {
    const numbers = new Numbers();
    const have = new Map<number, number>();
    for (const { asker, wanted, isGone } of asks) {
      const link = links[asker] ?? {};
      if (isGone) {
        numbers.release(link);
        have.delete(asker);
        continue;
      }
      have.set(asker, numbers.give(link, `bridge ${asker}`, wanted, [member(2)], 20) ?? 0);
      const all = [2, ...have.values()];
      expect(new Set(all).size).toBe(all.length);
    }
  };
  fc.assert(fc.property(fc.array(ask, { maxLength: 30 }), run));
});
