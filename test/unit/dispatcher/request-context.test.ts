import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeBrowserCookie, readBrowserCookie, setBrowserCookie } from "../../../dispatcher/http/browser-cookie.ts";
import { contextOf, nameBrowser } from "../../../dispatcher/http/request-context.ts";

const VALUE = "0123456789abcdef";

describe("the browser's cookie", () => {
  it.each([
    [undefined, null],
    ["", null],
    ["a=b", null],
    [`BAYEUX_BROWSER=${VALUE}`, VALUE],
    [`a=b; BAYEUX_BROWSER=${VALUE};c=d`, VALUE],
    [`BAYEUX_BROWSER=${VALUE}; BAYEUX_BROWSER=${VALUE}0`, VALUE],
    [`XBAYEUX_BROWSER=${VALUE}`, null],
    [`bayeux_browser=${VALUE}`, null],
    ["BAYEUX_BROWSER=short", null],
    ["BAYEUX_BROWSER", null],
    [`BAYEUX_BROWSER="${VALUE}"`, null],
    [`BAYEUX_BROWSER=${"x".repeat(129)}`, null],
  ])("is read from %j as %j", (header, cookie) => {
    expect(readBrowserCookie(header)).toBe(cookie);
  });

  it("is made anew each time, and can be read back", () => {
    const [one, other] = [makeBrowserCookie(randomBytes), makeBrowserCookie(randomBytes)];
    expect(one).not.toBe(other);
    const header = setBrowserCookie(one, undefined);
    expect(header).toBe(`BAYEUX_BROWSER=${one}; Path=/; HttpOnly; SameSite=Lax`);
    expect(readBrowserCookie(header.split("; ")[0])).toBe(one);
  });

  it.each([
    ["https://example.org", true],
    ["http://example.org", false],
    ["null", false],
    [undefined, false],
  ])("of a page at %s is Secure: %s", (origin, isSecure) => {
    expect(setBrowserCookie(VALUE, origin).includes("; Secure")).toBe(isSecure);
  });
});

describe("the context of a request", () => {
  const of = (headers: Record<string, string>, httpVersionHeader = "", addressHeader = "") =>
    contextOf({ headers, socket: { remoteAddress: "::ffff:192.0.2.1" } }, "post", { httpVersionHeader, addressHeader });

  it("names browser and origin by hashes that do not show them", () => {
    const context = of({ cookie: `BAYEUX_BROWSER=${VALUE}`, origin: "https://example.org" });
    expect(context).toEqual({
      via: "post",
      isMultiplexed: false,
      browser: expect.stringMatching(/^[0-9a-f]{32}$/),
      origin: expect.stringMatching(/^[0-9a-f]{32}$/),
      address: `${"0".repeat(20)}ffffc0000201`,
    });
    expect(context.browser).toBe(nameBrowser(VALUE));
    expect(of({ origin: VALUE }).origin).not.toBe(context.browser);
  });

  it("takes the browser's address from the connection, or from the last that the trusted header tells", () => {
    const forged = { "x-forwarded-for": "198.51.100.1, 2001:db8::7" };
    expect(of(forged).address).toBe(`${"0".repeat(20)}ffffc0000201`);
    expect(of(forged, "", "X-Forwarded-For").address).toBe(`20010db8${"0".repeat(23)}7`);
    expect(of({}, "", "X-Forwarded-For").address).toBe("");
  });

  it("is empty where nothing came", () => {
    expect(of({})).toMatchObject({ browser: "", origin: "" });
    expect(nameBrowser(null)).toBe("");
  });

  it.each([
    ["2", true],
    ["2.0", true],
    ["HTTP/2", true],
    ["HTTP/2.0", true],
    ["h2", true],
    ["3", true],
    ["1.1", false],
    ["HTTP/1.1", false],
    ["", false],
    ["2.0, 1.1", false],
  ])("takes %j for HTTP/2 or later: %s, from the header that is trusted alone", (version, isMultiplexed) => {
    expect(of({ "x-http-version": version }, "X-Http-Version").isMultiplexed).toBe(isMultiplexed);
    expect(of({ "x-http-version": version }).isMultiplexed).toBe(false);
  });
});
