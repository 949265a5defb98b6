import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BayeuxError,
  checkChannel,
  checkSubscription,
  isChannel,
  isMeta,
  isPattern,
  isService,
  matches,
  patternsOf,
} from "../../../bayeux/index.ts";

describe("isChannel", () => {
  it.each(["/a", "/chat/room1", "/A-Z/_!~()$@", "/0/1/2", "/meta/connect", "/service/x"])("takes %j", (name) => {
    expect(isChannel(name)).toBe(true);
  });

  it.each([
    ["nothing", ""],
    ["the root", "/"],
    ["no slash at the start", "chat"],
    ["a slash at the end", "/chat/"],
    ["an empty segment", "/a//b"],
    ["a wildcard", "/a/*"],
    ["a wildcard inside a segment", "/a*"],
    ["a line break at the end", "/a\n"],
    ["a NUL", "/a\0"],
    ["a colon", "/a:b"],
    ["a percent sign", "/a%20b"],
    ["another alphabet", "/é"],
  ])("refuses %s", (_, name) => {
    expect(isChannel(name)).toBe(false);
  });

  it.each([" ", ".", "#", "+", "{", "}"])("refuses %j, which CometD lets through", (character) => {
    expect(isChannel(`/a${character}b`)).toBe(false);
  });
});

describe("isPattern", () => {
  it.each(["/*", "/**", "/a/*", "/a/b/**"])("takes %j", (name) => {
    expect(isPattern(name)).toBe(true);
  });

  it.each(["", "*", "/a", "/a/*/b", "/**/b", "/a/***", "/a*", "/a/b*", "/a/* ", "/*/*"])("refuses %j", (name) => {
    expect(isPattern(name)).toBe(false);
  });
});

describe("isMeta and isService", () => {
  it.each(["/meta", "/meta/", "/meta/foo", "/meta/handshake/", "/meta//connect", "/meta/*", "/meta/**"])(
    "knows %j for the server's own",
    (name) => {
      expect(isMeta(name)).toBe(true);
    },
  );

  it.each(["/metadata", "/meta*", "/a/meta/b", "//meta/x", "/Meta/handshake"])("does not take %j for meta", (name) => {
    expect(isMeta(name)).toBe(false);
  });

  it("knows service channels by their first segment", () => {
    expect([isService("/service"), isService("/service/a"), isService("/services"), isService("/a/service")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

/** What a check throws, or null. */
function refusal(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof BayeuxError)) throw error;
    return error.field;
  }
}

const WRONG = "A channel is /segment/segment of A-Z a-z 0-9 - _ ! ~ ( ) $ @ and wildcards come last";

describe("checkChannel", () => {
  it("lets a name of just the limit pass, and not one character more", () => {
    const name = "/" + "a".repeat(19);
    expect(refusal(() => checkChannel(name, 20))).toBeNull();
    expect(refusal(() => checkChannel(name + "a", 20))).toBe("413:channel,20:Too long");
  });

  it("does not let a client publish to a pattern", () => {
    expect(refusal(() => checkChannel("/foo/*", 20))).toBe(`405:/foo/*:${WRONG}`);
  });

  it("says which characters there are", () => {
    expect(refusal(() => checkChannel("/a b/c.d", 20))).toBe(`405:/a b/c.d:${WRONG}`);
  });
});

describe("checkSubscription", () => {
  it.each(["/a", "/*", "/**", "/a/**", "/service/a", "/presence/lobby", "/metadata"])("takes %j", (name) => {
    expect(refusal(() => checkSubscription(name, 20))).toBeNull();
  });

  it("refuses what is too long before it looks at it", () => {
    expect(refusal(() => checkSubscription("/meta/" + "a".repeat(20), 20))).toBe("413:subscription,20:Too long");
  });

  it.each(["/meta", "/meta/connect", "/meta/*", "/meta/**", "/meta/a b"])("forbids %j", (name) => {
    expect(refusal(() => checkSubscription(name, 20))).toBe(`403:${name}:This channel does not allow that`);
  });

  it.each(["nope", "/a/*/b", "/**/b", "/a b"])("refuses %j", (name) => {
    expect(refusal(() => checkSubscription(name, 20))).toBe(`405:${name}:${WRONG}`);
  });
});

describe("matches", () => {
  const segment = fc.constantFrom("a", "b", "ab", "-");
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join("/")}`);
  const pattern = fc
    .tuple(fc.constantFrom("/*", "/**"), fc.oneof(fc.constant(""), path))
    .map(([end, stem]) => stem + end);

  it("finds the same as the list of a channel's patterns", () => {
    const property = fc.property(path, pattern, (channel, one) => {
      expect(matches(one, channel)).toBe(patternsOf(channel).includes(one));
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it.each([
    ["/a/*", "/a/b", true],
    ["/a/*", "/a/b/c", false],
    ["/a/**", "/a/b/c", true],
    ["/a/**", "/a", false],
    ["/a/*", "/ab", false],
    ["/**", "/a", true],
  ])("%s and %s: %s", (one, channel, expected) => {
    expect(matches(one, channel)).toBe(expected);
  });
});

describe("patternsOf", () => {
  it("lists the patterns of a channel, most general first", () => {
    expect(patternsOf("/chat/irc/lobby")).toEqual(["/**", "/chat/**", "/chat/irc/**", "/chat/irc/*"]);
  });

  it("does not let a deep wildcard stand for nothing", () => {
    expect(patternsOf("/foo")).toEqual(["/**", "/*"]);
  });

  it("lists no pattern twice", () => {
    const patterns = patternsOf("/a/a/a/a");
    expect(new Set(patterns).size).toBe(patterns.length);
    expect(patterns.every(isPattern)).toBe(true);
  });
});
