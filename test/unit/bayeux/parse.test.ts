import { describe, expect, it } from "vitest";
import { BayeuxError, errorReply, parseBatch } from "../../../bayeux/index.ts";
import { LIMITS, parseOne, refusalOf } from "./parse-one.ts";

const publish = { channel: "/foo", clientId: "c", data: 1 };

/** What a body is refused with as a whole. */
function bodyRefusal(text: string): string {
  try {
    parseBatch(text, LIMITS);
  } catch (error) {
    if (error instanceof BayeuxError) return error.which;
    throw error;
  }
  throw new Error("accepted");
}

/** JSON of an array in an array in an array. */
function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

describe("a batch", () => {
  it("is an array of messages, or a single one", () => {
    const single = parseBatch(JSON.stringify({ ...publish, id: "1" }), LIMITS);
    expect(single).toEqual(parseBatch(JSON.stringify([{ ...publish, id: "1" }]), LIMITS));
    expect(single).toEqual([{ type: "publish", id: "1", channel: "/foo", ext: {}, clientId: "c", data: 1 }]);
  });

  it("may be empty, and then nothing is to be answered", () => {
    expect(parseBatch("[]", LIMITS)).toEqual([]);
  });

  it.each(["", " ", "{", "[1,", "hello", "message=%7B%7D", "\uFEFF[]", "[NaN]", "{'channel':'/a'}"])(
    "is refused as a whole where it is no JSON: %j",
    (text) => {
      expect(bodyRefusal(text)).toBe("badJson");
    },
  );

  it.each(["1", '"hello"', "null", "true", "[null]", "[[]]", '[{"channel":"/foo"},7]', nested(100_000)])(
    "is refused as a whole where an element is no object: %.40s",
    (text) => {
      expect(bodyRefusal(text)).toBe("badShape");
    },
  );

  it("takes as many messages as the limit, and not one more", () => {
    expect(parseBatch(JSON.stringify(Array.from({ length: 5 }, () => publish)), LIMITS)).toHaveLength(5);
    expect(bodyRefusal(JSON.stringify(Array.from({ length: 6 }, () => publish)))).toBe("tooMany");
  });

  it("keeps the order, and serves the neighbours of a faulty message", () => {
    const texts = [{ ...publish, id: 1 }, { id: 2 }, { ...publish, id: 3 }];
    const entries = parseBatch(JSON.stringify(texts), LIMITS);
    expect(entries.map(({ type, id }) => [type, id])).toEqual([
      ["publish", 1],
      ["rejected", 2],
      ["publish", 3],
    ]);
  });

  it("may name several sessions", () => {
    const entries = parseBatch(JSON.stringify([publish, { ...publish, clientId: "d" }]), LIMITS);
    expect(entries.map((entry) => entry.type !== "handshake" && entry.clientId)).toEqual(["c", "d"]);
  });
});

describe("any message", () => {
  it.each([undefined, null, "", 7, ["/foo"], {}])("needs one channel, which %j is not", (channel) => {
    expect(refusalOf({ ...publish, channel }).error.field).toBe("400::A message needs a channel");
  });

  it.each(["1", "zz", "", 7, 0, -1, 1.5, Number.MAX_SAFE_INTEGER, "x".repeat(64)])("keeps its id %j", (id) => {
    expect(parseOne({ ...publish, id }).id).toBe(id);
  });

  it("may come without an id", () => {
    const entry = parseOne(publish);
    expect([entry.type, entry.id]).toEqual(["publish", undefined]);
  });

  it.each([null, true, {}, ["1"], "x".repeat(65), 2 ** 53])("is refused for the id %j", (id) => {
    const refused = refusalOf({ ...publish, id });
    expect(refused.error.field).toMatch(/^400:id:The field id must be/);
    expect(refused.id).toBeUndefined();
  });

  it.each(["1e999", "-1e999", "12345678901234567890"])("is refused for the id %s, which could not be echoed", (id) => {
    const [entry] = parseBatch(`{"channel":"/foo","clientId":"c","data":1,"id":${id}}`, LIMITS);
    expect(entry).toMatchObject({ type: "rejected", id: undefined, error: { which: "badField" } });
  });

  it("keeps its id when it is refused for something else", () => {
    expect(refusalOf({ id: 7, channel: "/foo/" }).id).toBe(7);
  });

  it("may carry any ext, timestamp and unknown field", () => {
    const entry = parseOne({ ...publish, ext: { ack: true, x: [1] }, timestamp: "yesterday", foo: { bar: 1 } });
    expect(entry).toMatchObject({ type: "publish", ext: { ack: true, x: [1] } });
    expect(entry).not.toHaveProperty("foo");
  });

  it.each([null, 1, "x", [1]])("is taken with the ext %j, as if it had none", (ext) => {
    expect(parseOne({ ...publish, ext })).toMatchObject({ type: "publish", ext: {} });
  });

  it("may be nested 64 levels deep, itself included, and not one more", () => {
    const entry = parseBatch(`{"channel":"/foo","clientId":"c","data":${nested(63)}}`, LIMITS);
    expect(entry).toMatchObject([{ type: "publish" }]);
    for (const [field, depth] of [
      ["data", 64],
      ["ext", 65],
      ["data", 200_000],
      ["unknown", 200_000],
    ] as const) {
      const [refused] = parseBatch(`{"channel":"/foo","clientId":"c","${field}":${nested(depth)}}`, LIMITS);
      expect(refused).toMatchObject({ type: "rejected", error: { which: "tooDeep" } });
    }
  });

  it("can be answered where its subscription is nested too deeply to be written out again", () => {
    const text = `{"id":"1","channel":"/meta/subscribe","clientId":"c","subscription":${nested(200_000)}}`;
    const [entry] = parseBatch(text, LIMITS);
    if (entry?.type !== "rejected") throw new Error("accepted");
    expect(errorReply(entry, entry.error)).toBe(
      '{"id":"1","channel":"/meta/subscribe","successful":false,"error":"400:64:Data is nested too deeply"}',
    );
  });

  it("reads no field from a prototype", () => {
    const [entry] = parseBatch('{"channel":"/foo","clientId":"c","__proto__":{"data":1,"id":7}}', LIMITS);
    expect(entry).toMatchObject({ type: "rejected", id: undefined, error: { which: "badField", args: ["data"] } });
    expect(refusalOf({ channel: "toString", clientId: "c" }).error.which).toBe("badChannel");
  });
});
