import { describe, expect, it } from "vitest";
import {
  contentOf,
  dayLabel,
  errorText,
  isGrouped,
  parseTime,
  splitLinks,
  stripControls,
} from "../../../web/public/format.js";

describe("stripControls", () => {
  it.each([
    ["bold, italic, underline, reverse and reset", "\x02b\x02 \x1di\x1d \x1fu\x1f \x16r\x16\x0f", "b i u r"],
    ["a colour with its background", "\x0304,12red\x03 plain", "red plain"],
    ["a colour but not the digit after two", "\x030412", "12"],
    ["a colour but not a comma that belongs to the text", "\x034, well", ", well"],
    ["a hexadecimal colour", "\x04ff0000red", "red"],
    ["marks that turn the direction around", "abc\u202efdp.exe", "abcfdp.exe"],
    ["an end of line in the manner of Windows", "a\r\nb\tc", "a\nb\tc"],
  ])("removes %s", (_, text, plain) => {
    expect(stripControls(text)).toBe(plain);
  });

  it("leaves emojis and other scripts alone", () => {
    expect(stripControls("👩‍🚀 Žluťoučký שלום")).toBe("👩‍🚀 Žluťoučký שלום");
  });
});

describe("splitLinks", () => {
  const links = (text: string) => splitLinks(text).flatMap(({ href }) => href ?? []);

  it("cuts a text so that its parts make it up again", () => {
    const text = "see https://a.example/x, or (http://b.example/y_(z)). Bye";
    expect(
      splitLinks(text)
        .map((part) => part.text)
        .join(""),
    ).toBe(text);
    expect(links(text)).toEqual(["https://a.example/x", "http://b.example/y_(z)"]);
  });

  it("keeps a query and a fragment", () => {
    expect(links("https://a.example/?q=1&r=2#top!")).toEqual(["https://a.example/?q=1&r=2#top"]);
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "ftp://a.example", "https://", "http://[", "xhttps//a"])(
    "makes no link of %s",
    (text) => {
      expect(links(text)).toEqual([]);
    },
  );

  it("leaves markup as text", () => {
    expect(splitLinks("<img src=x onerror=alert(1)>")).toEqual([{ text: "<img src=x onerror=alert(1)>", href: null }]);
  });
});

describe("contentOf", () => {
  it("takes the text, and whether it is an action", () => {
    expect(contentOf({ text: "\x02hi\x02" })).toEqual({ text: "hi", isAction: false, isJson: false });
    expect(contentOf({ text: "waves", action: true })).toEqual({ text: "waves", isAction: true, isJson: false });
    expect(contentOf({ text: "waves", action: "yes" }).isAction).toBe(false);
  });

  it.each([[{ celsius: 7 }], [{ text: 5 }], [[1, "two"]], [null], [0]])("shows %j as JSON", (data) => {
    const { text, isJson } = contentOf(data);
    expect(isJson).toBe(true);
    expect(JSON.parse(text)).toEqual(data);
  });

  it("cuts JSON that nobody would read to its end", () => {
    expect(contentOf(new Array(50_000).fill(0)).text.length).toBeLessThan(10_010);
  });
});

describe("times", () => {
  const now = new Date(2026, 10, 21, 12, 0);

  it("calls days as people do", () => {
    expect(dayLabel(new Date(2026, 10, 21, 0, 1), now)).toBe("Today");
    expect(dayLabel(new Date(2026, 10, 20, 23, 59), now)).toBe("Yesterday");
    expect(dayLabel(new Date(2026, 10, 1), now, "en-GB")).toMatch(/Sunday,? 1 November 2026/);
  });

  it("takes now for a time it cannot read", () => {
    expect(parseTime("2026-11-21T10:00:00.000Z", now).toISOString()).toBe("2026-11-21T10:00:00.000Z");
    expect(parseTime("soon", now)).toBe(now);
    expect(parseTime(5, now)).toBe(now);
  });

  it("groups messages of one author within five minutes of one day", () => {
    const before = { from: "ann", time: now };
    const after = (from: string, minutes: number) => ({ from, time: new Date(now.getTime() + minutes * 60_000) });
    expect(isGrouped(before, after("ann", 4))).toBe(true);
    expect(isGrouped(before, after("ann", 6))).toBe(false);
    expect(isGrouped(before, after("bob", 1))).toBe(false);
    expect(isGrouped(null, before)).toBe(false);
  });
});

describe("errorText", () => {
  it("shows people the text of a Bayeux error", () => {
    expect(errorText("413:/lobby:The message is too large: cut it")).toBe("The message is too large: cut it");
    expect(errorText("403::Denied")).toBe("Denied");
    expect(errorText("no code at all")).toBe("no code at all");
    expect(errorText(undefined)).toMatch(/no reason/);
  });
});
