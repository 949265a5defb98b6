import { describe, expect, it } from "vitest";
import { type Talk, Talker, TalkError } from "../../../../bridges/moves/talk.ts";
import { type Frame, type Link, MAX_CONTROL_BYTES } from "../../../../link/index.ts";

/** Keeps the payloads of control frames. */
class FakeLink implements Link {
  readonly peer = { role: "bridge", name: "b", instance: "b", routes: 1, node: 1, nodes: 1 } as const;
  readonly isFull = false;
  readonly payloads: Buffer[] = [];

  send(frame: Frame): boolean {
    if (frame.type === "control") this.payloads.push(frame.payload);
    return true;
  }

  close(): void {}
}

describe("what bridges say to each other", () => {
  it.each([
    ["short", "x", 1],
    ["as long as a frame may be", "x".repeat(MAX_CONTROL_BYTES / 4), 1],
    ["longer", '"\u2028\\'.repeat(MAX_CONTROL_BYTES / 2), undefined],
    ["cut in the middle of a character", `x${"😀".repeat(MAX_CONTROL_BYTES / 2)}`, undefined],
  ])("arrives as it was: %s", (_, text, frames) => {
    const link = new FakeLink();
    const message: Talk = { type: "session", session: { text }, channels: ["/a"] };
    new Talker(link).send(message);
    if (frames === undefined) expect(link.payloads.length).toBeGreaterThan(1);
    else expect(link.payloads).toHaveLength(frames);
    for (const { length } of link.payloads) expect(length).toBeLessThanOrEqual(MAX_CONTROL_BYTES);
    const hearer = new Talker(new FakeLink());
    const heard = link.payloads.map((payload) => hearer.receive(payload));
    expect(heard.slice(0, -1).every((one) => one === null)).toBe(true);
    expect(heard.at(-1)).toEqual(message);
  });

  it.each<Talk>([
    { type: "keep", instance: "one", isAll: true, add: ["/a", "/b"], drop: [] },
    {
      type: "joined",
      channels: [
        ["/a", 7, null],
        ["/b", 0, "mark"],
      ],
    },
    { type: "unkept", channels: [["/a", "invite only"]] },
    { type: "past", pasts: [[7, { channel: "/a", anchor: null, rows: [["m1", 1.5, "{}"]] }]] },
    { type: "kept", channels: [["/a", 7]] },
    { type: "fetch", instance: "one", names: ["/a"] },
    { type: "fetched", pasts: [{ channel: "/a", anchor: "m1", rows: [] }], isLast: true },
  ])("arrives between a bridge and its keeper: $type", (message) => {
    const link = new FakeLink();
    new Talker(link).send(message);
    const [payload = Buffer.alloc(0)] = link.payloads;
    expect(new Talker(new FakeLink()).receive(payload)).toEqual(message);
  });

  it.each([
    "",
    "{",
    "[]",
    "null",
    '{"type":"what"}',
    '{"type":"take","epoch":1}',
    '{"type":"route","route":0}',
    '{"type":"kept","channels":["/a"]}',
  ])("makes no sense: %j", (text) => {
    expect(() => new Talker(new FakeLink()).receive(Buffer.from(text))).toThrow(TalkError);
  });

  it("is bounded, in however many parts it comes", () => {
    const hearer = new Talker(new FakeLink());
    const part = Buffer.from(JSON.stringify({ type: "part", text: "x".repeat(1_000_000), isLast: false }));
    expect(() => {
      for (let count = 0; count < 100; count++) hearer.receive(part);
    }).toThrow(/more than/);
  });
});
