import { describe, expect, it } from "vitest";
import { judge } from "../../../dispatcher/http/origin.ts";

const LISTED = ["https://friend.example"];
const at = (origin: string, host: string | undefined) =>
  judge({ origin, ...(host === undefined ? {} : { host }) }, LISTED);

describe("judge", () => {
  it.each([
    ["http://example.org", "example.org"],
    ["https://EXAMPLE.org", "example.org:443"],
    ["http://localhost:8080", "localhost:8080"],
    ["http://[::1]:8080", "[::1]:8080"],
  ])("allows %s at %s, which is our own, and names nobody", (origin, host) => {
    expect(at(origin, host)).toEqual({ isAllowed: true, echo: null, from: origin });
  });

  it("allows a listed origin, and names it in the answer", () => {
    expect(at("https://friend.example", "example.org")).toMatchObject({ isAllowed: true, echo: LISTED[0] });
  });

  it.each([
    ["https://evil.example", "example.org"],
    ["http://example.org:81", "example.org"],
    ["http://example.org.evil.example", "example.org"],
    ["http://friend.example", "example.org"],
    ["null", "example.org"],
    ["", "example.org"],
    ["file://", "example.org"],
    ["http://example.org", undefined],
    ["http://example.org", "exa mple"],
  ])("refuses %s at %s", (origin, host) => {
    expect(at(origin, host)).toMatchObject({ isAllowed: false, echo: null });
  });

  describe("without an origin", () => {
    const host = "example.org";

    it("allows what comes from no page", () => {
      expect(judge({ host }, LISTED)).toEqual({ isAllowed: true, echo: null, from: undefined });
    });

    it.each([
      ["a page of our own, even where the balancer changes the host", { "sec-fetch-site": "same-origin" }],
      ["a person", { "sec-fetch-site": "none" }],
      ["a page of ours in a browser that says no more than the page", { referer: "http://example.org/chat?x" }],
      ["a listed page", { "sec-fetch-site": "cross-site", referer: "https://friend.example/" }],
      ["a listed page in a browser that says no more than the page", { referer: "https://friend.example/x" }],
    ])("allows a script for %s", (_, headers) => {
      expect(judge({ host, ...headers }, LISTED).isAllowed).toBe(true);
    });

    it.each([
      ["a foreign page that hides its address", { "sec-fetch-site": "cross-site" }],
      ["a foreign page", { "sec-fetch-site": "cross-site", referer: "https://evil.example/" }],
      ["a page of another port or subdomain", { "sec-fetch-site": "same-site", referer: "http://example.org:81/" }],
      ["what claims to be ours, but is elsewhere", { "sec-fetch-site": "cross-site", referer: "http://example.org/" }],
      ["a foreign page in a browser that says no more", { referer: "https://evil.example/" }],
      ["a page whose address is none", { referer: "nonsense" }],
    ])("refuses a script for %s", (_, headers) => {
      expect(judge({ host, ...headers }, LISTED).isAllowed).toBe(false);
    });
  });
});
