import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeClientId, MAX_ROUTES, routeOf, SECRET_ALPHABET, shortClientId } from "../../../bayeux/index.ts";

describe("makeClientId", () => {
  it("writes the route in three base-36 digits and 130 bits after them", () => {
    expect(makeClientId(1, new Uint8Array(26))).toBe("001" + "a".repeat(26));
    expect(makeClientId(1024, new Uint8Array(26).fill(255))).toBe("0sg" + "7".repeat(26));
    expect(26 * Math.log2(SECRET_ALPHABET.length)).toBe(130);
  });

  it("uses each random byte for one character, all characters alike", () => {
    const seen = new Map<string, number>();
    for (let start = 0; start + 26 <= 256 * 26; start += 26) {
      const bytes = Uint8Array.from({ length: 26 }, (_, index) => (start + index) % 256);
      for (const character of makeClientId(1, bytes).slice(3)) seen.set(character, (seen.get(character) ?? 0) + 1);
    }
    expect([...seen.keys()].sort().join("")).toBe([...SECRET_ALPHABET].sort().join(""));
    expect(new Set(seen.values())).toEqual(new Set([(256 * 26) / 32]));
  });

  it("is letters and digits only, and names its route, for every route", () => {
    for (let route = 1; route <= MAX_ROUTES; route += 97) {
      const clientId = makeClientId(route, randomBytes(26));
      expect(clientId).toMatch(/^[0-9a-z]{29}$/);
      expect(routeOf(clientId)).toBe(route);
    }
    expect(routeOf(makeClientId(MAX_ROUTES, randomBytes(26)))).toBe(MAX_ROUTES);
  });

  it.each([0, -1, 1.5, Number.NaN, MAX_ROUTES + 1])("throws for the route %s, which no id can name", (route) => {
    expect(() => makeClientId(route, new Uint8Array(26))).toThrow(RangeError);
  });

  it("throws rather than make a secret that is too short", () => {
    expect(() => makeClientId(1, new Uint8Array(25))).toThrow("a clientId needs 26 random bytes, not 25");
  });
});

describe("routeOf", () => {
  const secret = "abcdefghijklmnopqrstuvwxyz";

  it.each([
    ["nothing", ""],
    ["somebody else's id", "2fu1z8qnhd6vfc5jx0ahmwp1zo3qh4l"],
    ["route 0", "000" + secret],
    ["a secret that is too short", "001" + secret.slice(1)],
    ["a secret that is too long", "001" + secret + "a"],
    ["capital letters", "00A" + secret],
    ["digits that no secret has", "001" + secret.slice(1) + "1"],
    ["a line break at the end", "001" + secret + "\n"],
  ])("knows none for %s", (_, clientId) => {
    expect(routeOf(clientId)).toBeNull();
  });
});

describe("shortClientId", () => {
  it("keeps 105 of the 130 bits out of the log", () => {
    expect(shortClientId("0sgabcdefghijklmnopqrstuvwxyz")).toBe("0sgabcde…");
  });
});
