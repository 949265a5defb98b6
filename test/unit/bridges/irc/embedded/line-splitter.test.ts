import { describe, expect, it } from "vitest";
import { LineSplitter, TOO_LONG, type Line } from "../../../../../bridges/irc/embedded/line-splitter.ts";

function split(maxBytes: number, ...chunks: (string | Buffer)[]): Line[] {
  const splitter = new LineSplitter(maxBytes);
  const lines: Line[] = [];
  for (const chunk of chunks) {
    splitter.push(Buffer.from(chunk));
    for (let line = splitter.next(); line !== undefined; line = splitter.next()) lines.push(line);
  }
  return lines;
}

describe("LineSplitter", () => {
  it("ends lines at CRLF, LF and CR, and drops empty ones", () => {
    expect(split(100, "a\r\nb\nc\rd\r\n\r\n\n")).toEqual(["a", "b", "c", "d"]);
  });

  it("gives the same lines however the bytes are cut", () => {
    const text = "NICK a\r\nUSER a 0 * :a\r\nPRIVMSG #x :caf\u00e9\n";
    expect(
      split(
        100,
        ...Buffer.from(text)
          .toString("latin1")
          .split("")
          .map((byte) => Buffer.from(byte, "latin1")),
      ),
    ).toEqual(split(100, text));
  });

  it("keeps bytes that are not UTF-8", () => {
    const [line] = split(100, Buffer.from([0x61, 0xff, 0xc3, 0x0a]));
    expect(line).toBe("a\u00ff\u00c3");
  });

  it("tells a long line once, and goes on after it", () => {
    expect(split(5, "12345\n123456\nok\n")).toEqual(["12345", TOO_LONG, "ok"]);
    expect(split(5, "1234", "5678", "9".repeat(100), "0\nok", "\n")).toEqual([TOO_LONG, "ok"]);
  });

  it("holds no more than its bound of an unfinished line", () => {
    const splitter = new LineSplitter(5);
    for (const part of ["12345", "6", "7".repeat(1_000_000)]) {
      splitter.push(Buffer.from(part));
      expect(splitter.next()).toBeUndefined();
      expect(splitter.heldBytes).toBeLessThanOrEqual(5);
    }
    splitter.push(Buffer.from("\nok\n"));
    expect([splitter.next(), splitter.next()]).toEqual([TOO_LONG, "ok"]);
  });

  it("keeps lines that nobody has asked for yet when more arrives", () => {
    const splitter = new LineSplitter(100);
    splitter.push(Buffer.from("a\nb\nc"));
    expect(splitter.next()).toBe("a");
    splitter.push(Buffer.from("c\nd\n"));
    expect([splitter.next(), splitter.next(), splitter.next(), splitter.next()]).toEqual(["b", "cc", "d", undefined]);
  });

  it("forgets everything when cleared", () => {
    const splitter = new LineSplitter(100);
    splitter.push(Buffer.from("a\nb"));
    splitter.clear();
    splitter.push(Buffer.from("c\n"));
    expect([splitter.next(), splitter.next()]).toEqual(["c", undefined]);
  });
});
