import { describe, expect, it } from "vitest";
import { parseBatch } from "../../../bayeux/index.ts";
import { BatchText, splitBatch } from "../../../dispatcher/batch.ts";

const ALICE = `001${"a".repeat(26)}`;
const BOB = `00a${"b".repeat(26)}`;
const LIMITS = { maxBatch: 100, maxChannelLength: 100, maxSubscriptionsPerMessage: 10 };
const connect = (clientId: string) => ({ channel: "/meta/connect", clientId, connectionType: "websocket" });
const publish = (clientId: string, data: unknown = 1) => ({ channel: "/x", clientId, data });

function split(messages: unknown, connectsApart = false) {
  return splitBatch(parseBatch(JSON.stringify(messages), LIMITS), 1_024, connectsApart);
}

describe("splitBatch", () => {
  it("groups by session, in the order of the first messages", () => {
    const { groups, replies, mayHold } = split([publish(BOB), publish(ALICE), connect(BOB)]);
    expect(groups.map(({ route, indexes }) => [route, indexes])).toEqual([
      [10, [0, 2]],
      [1, [1]],
    ]);
    expect([replies.size, mayHold]).toEqual([0, false]);
  });

  it("puts connects apart and last where asked to", () => {
    const { groups } = split([connect(ALICE), publish(ALICE)], true);
    expect(groups.map(({ isConnect, indexes }) => [isConnect, indexes])).toEqual([
      [false, [1]],
      [true, [0]],
    ]);
  });

  it("may hold one connect alone", () => {
    expect(split([connect(ALICE)]).mayHold).toBe(true);
    expect(split(connect(ALICE), true).mayHold).toBe(true);
    expect(split([connect(ALICE), connect(ALICE)]).mayHold).toBe(false);
  });

  it("processes nothing beside a handshake, even one that is refused", () => {
    const { groups, replies } = split([{ channel: "/meta/handshake" }, publish(ALICE)]);
    expect(groups).toEqual([]);
    expect(JSON.parse(replies.get(0) ?? "")).toMatchObject({ successful: false, advice: { reconnect: "none" } });
    expect(JSON.parse(replies.get(1) ?? "")).toMatchObject({
      channel: "/x",
      error: expect.stringMatching(/handshake/),
    });
  });
});

describe("BatchText", () => {
  const cut = (text: string, indexes: number[], length: number) =>
    new BatchText(Buffer.from(text), text).only(indexes, length).toString();

  it("hands a whole array on as it came", () => {
    expect(cut(' [{"a": 1}, 2] ', [0, 1], 2)).toBe(' [{"a": 1}, 2] ');
  });

  it("puts brackets around a single message", () => {
    expect(cut(' {"a":1}', [0], 1)).toBe('[ {"a":1}]');
  });

  it("cuts out some messages with every field they had", () => {
    expect(cut('[{"a":1},{"b":{"__proto__":2}},3]', [1, 2], 3)).toBe('[{"b":{"__proto__":2}},3]');
  });
});
