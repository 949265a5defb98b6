import { describe, expect, it } from "vitest";
import { accountOf, xmppSchema } from "../../../../bridges/xmpp/index.ts";

describe("accountOf", () => {
  it("fills in what follows from a JID", () => {
    expect(accountOf(xmppSchema.parse({ jid: "tailspin@example.org", password: "p" }))).toEqual({
      type: "user",
      username: "tailspin",
      password: "p",
      domain: "example.org",
      host: "example.org",
      port: 5222,
      mucService: "conference.example.org",
    });
    const direct = xmppSchema.parse({ jid: "t@example.org", password: "p", tls: "direct", host: "10.0.0.1" });
    expect(accountOf(direct)).toMatchObject({ port: 5223, host: "10.0.0.1", domain: "example.org" });
  });

  it("fills in what follows from a component", () => {
    const config = xmppSchema.parse({ component: "bridge.example.org", secret: "s", tls: "none", host: "127.0.0.1" });
    expect(accountOf(config)).toMatchObject({ type: "component", domain: "example.org", port: 5347, secret: "s" });
  });

  it("has none where nothing is configured", () => {
    expect(accountOf(xmppSchema.parse({}))).toBeNull();
  });
});

describe("xmppSchema", () => {
  it.each([
    [{ jid: "a@b" }, "password"],
    [{ component: "c.b", tls: "none" }, "secret"],
    [{ component: "c.b", secret: "s" }, "tls"],
    [{ jid: "a@b", password: "p", component: "c.b", secret: "s", tls: "none" }, "component"],
    [{ jid: "nobody" }, "jid"],
    [{ nick: "tail7" }, "nick"],
  ])("refuses %j because of %s", (raw, key) => {
    expect(xmppSchema.safeParse(raw).error?.issues.map(({ path }) => path.join("."))).toContain(key);
  });
});
