import { describe, expect, it } from "vitest";
import { isChannel } from "../../../../bayeux/index.ts";
import { isUserChannel, userChannel, userOf } from "../../../../bridges/identity/user-channel.ts";
import { seeded } from "../../../support/seeded.ts";

describe("The private channel of a name", () => {
  it.each([
    ["alice", "/user/alice"],
    ["Alice Smith", "/user/Alice~20Smith"],
    ["bob@example.org", "/user/bob@example~2eorg"],
    ["room@conference.example.org/bob", "/user/room@conference~2eexample~2eorg~2fbob"],
    ["zoë", "/user/zo~c3~ab"],
    ["~", "/user/~7e"],
  ])("of %s is %s, and back", (name, channel) => {
    expect(userChannel(name)).toBe(channel);
    expect(userOf(channel)).toBe(name);
  });

  it("is a channel, and leads back to the name, for every name", () => {
    const random = seeded(7);
    for (let turn = 0; turn < 500; turn += 1) {
      const codes = Array.from({ length: 1 + Math.floor(random() * 32) }, () => Math.floor(random() * 0xd7ff));
      const name = String.fromCodePoint(...codes);
      expect(isChannel(userChannel(name))).toBe(true);
      expect(userOf(userChannel(name))).toBe(name);
    }
  });

  it.each([
    "/user",
    "/user/",
    "/users/alice",
    "/user/a/b",
    "/user/~61",
    "/user/~ff",
    "/user/~4",
    "/user/a.b",
    "/lobby",
  ])("is not %s", (channel) => {
    expect(userOf(channel)).toBeNull();
  });

  it("is below /user, and nothing else is", () => {
    expect(["/user", "/user/a", "/user/a/b", "/user/**"].every(isUserChannel)).toBe(true);
    expect(["/users", "/a/user", "/a/user/b"].some(isUserChannel)).toBe(false);
  });
});
