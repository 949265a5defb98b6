import { describe, expect, it } from "vitest";
import { encodeArrayFrame } from "../../../dispatcher/transports/websocket-frame.ts";

const text = (length: number) => Buffer.from("x".repeat(length));

describe("encodeArrayFrame", () => {
  it("joins parts with commas between brackets", () => {
    const frame = encodeArrayFrame([Buffer.from("1"), Buffer.from("2,3")]);
    expect([frame[0], frame[1], frame.subarray(2).toString()]).toEqual([0x81, 7, "[1,2,3]"]);
  });

  it("encodes an empty array", () => {
    expect([...encodeArrayFrame([])]).toEqual([0x81, 2, 0x5b, 0x5d]);
  });

  it.each([
    [123, [0x81, 125]],
    [124, [0x81, 126, 0, 126]],
    [65_533, [0x81, 126, 0xff, 0xff]],
    [65_534, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ])("gives a part of %i bytes the shortest header", (length, header) => {
    const frame = encodeArrayFrame([text(length)]);
    expect([...frame.subarray(0, header.length)]).toEqual(header);
    expect(frame.subarray(header.length).equals(Buffer.from(`[${"x".repeat(length)}]`))).toBe(true);
  });
});
