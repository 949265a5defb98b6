import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeName, encodeName, foldName } from "../../../../bridges/irc/names.ts";

const channel = fc
  .array(fc.stringMatching(/^[A-Za-z0-9\-_!~()$@]{1,12}$/), { minLength: 1, maxLength: 5 })
  .map((segments) => `/${segments.join("/")}`);

describe("encodeName", () => {
  it.each([
    ["/lobby", "#lobby"],
    ["/chat/room1", "#chat.room1"],
    ["/Chat/Room1", "#+chat.+room1"],
    ["/a~b@c", "#a=7eb=40c"],
    ["/é", "#=c3=a9"],
  ])("turns %s into %s and back", (bayeux, irc) => {
    expect(encodeName(bayeux, 50)).toEqual({ ircChannel: irc, isCut: false });
    expect(decodeName(irc)).toBe(bayeux);
  });

  it("comes back whatever a server does to the letter case", () => {
    fc.assert(
      fc.property(channel, (name) => {
        const irc = encodeName(name, 1_000)?.ircChannel ?? "";
        expect(irc).toMatch(/^#[a-z0-9\-_!()$.+=]+$/);
        expect(decodeName(irc)).toBe(name);
        expect(decodeName(irc.toUpperCase())).toBe(name);
      }),
    );
  });

  it("gives different names to different channels, also when it must cut them", () => {
    fc.assert(
      fc.property(channel, channel, fc.integer({ min: 20, max: 60 }), (one, two, maxLength) => {
        const [first, second] = [encodeName(one, maxLength), encodeName(two, maxLength)];
        expect(first?.ircChannel.length).toBeLessThanOrEqual(maxLength);
        expect(first?.ircChannel === second?.ircChannel).toBe(one === two);
      }),
    );
  });

  it("cuts a long name, marks it with a hash, and does not decode it", () => {
    const long = `/${"segment/".repeat(10)}end`;
    const name = encodeName(long, 50);
    expect(name?.isCut).toBe(true);
    expect(name?.ircChannel).toMatch(/^#segment\.segment.*=~[0-9a-f]{12}$/);
    expect(name?.ircChannel).toHaveLength(50);
    expect(decodeName(name?.ircChannel ?? "")).toBeNull();
  });

  it.each(["", "lobby", "/", "/\uD800"])("has no name for %j", (name) => {
    expect(encodeName(name, 50)).toBeNull();
  });
});

describe("decodeName", () => {
  it("reads channels that people made", () => {
    expect(decodeName("#Help.Desk")).toBe("/help/desk");
  });

  it.each(["lobby", "#", "#=6", "#=61", "#+1", "#a^b", "#=ff", "&local"])("has no channel for %s", (name) => {
    expect(decodeName(name)).toBeNull();
  });
});

describe("foldName", () => {
  it("takes for the same what RFC 1459 takes for the same", () => {
    expect(foldName("#ABC=^00")).toBe(foldName("#abc=~00"));
    expect(foldName("#az[\\]^_`{|}~@")).toBe("#az{|}~_`{|}~@");
    expect(foldName("#zÄ.")).toBe("#zÄ.");
  });
});
