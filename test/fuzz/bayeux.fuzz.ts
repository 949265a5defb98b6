import fc from "fast-check";
import { expect, it } from "vitest";
import {
  BayeuxError,
  checkChannel,
  checkSubscription,
  errorReply,
  isChannel,
  isPattern,
  makeClientId,
  MAX_ROUTES,
  parseBatch,
  type ParseLimits,
  patternsOf,
  type Rejected,
  type Request,
  routeOf,
  successReply,
} from "../../bayeux/index.ts";

const RUNS = { numRuns: 10_000 };
const LIMITS: ParseLimits = { maxBatch: 8, maxChannelLength: 32, maxSubscriptionsPerMessage: 4 };
const WIRE_ERROR = /^[45][0-9]{2}:[^:]*:[^]+$/;

/** What came out, so that a property that sees only one kind of input is found out. */
let seen = new Set<string>();

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of JSON, or the Error that it is none. */
function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

/** The BayeuxError that a check throws, or null. Anything else is a failure. */
function refusal(check: () => void): BayeuxError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof BayeuxError)) throw error;
    if (!WIRE_ERROR.test(error.field)) throw new Error(`not code:args:text: ${error.field}`, { cause: error });
    return error;
  }
}

/** Puts a body to parseBatch, and holds everything that it promises against what JSON.parse sees in it. */
function checkBody(text: string): void {
  let entries: readonly (Request | Rejected)[] = [];
  const whole = refusal(() => {
    entries = parseBatch(text, LIMITS);
  });
  const value = read(text);
  const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
  const readable = !(value instanceof Error) && elements.length <= LIMITS.maxBatch && elements.every(isObject);
  expect(whole === null).toBe(readable);
  seen.add(whole?.which ?? "batch");
  if (whole) return;
  expect(entries).toHaveLength(elements.length);
  entries.forEach((entry, index) => checkEntry(entry, elements[index]));
}

function checkEntry(entry: Request | Rejected, element: unknown): void {
  if (!isObject(element)) throw new Error("an entry for something that is no object");
  seen.add(entry.type === "rejected" ? entry.error.which : entry.type);
  const answer: unknown = JSON.parse(entry.type === "rejected" ? errorReply(entry, entry.error) : successReply(entry));
  if (!isObject(answer)) throw new Error("a reply that is no object");
  expect(answer["successful"]).toBe(entry.type !== "rejected");
  if (answer["id"] !== undefined) expect(answer["id"]).toBe(element["id"]);
  if (answer["subscription"] !== undefined) expect(answer["subscription"]).toEqual(element["subscription"]);
  if (entry.type === "rejected") {
    expect(answer["error"]).toMatch(WIRE_ERROR);
    return;
  }
  expect(answer["channel"]).toBe(element["channel"]);
  expect(answer["id"]).toBe(element["id"]);
  if (entry.type !== "handshake") expect(entry.clientId).toBe(element["clientId"]);
  if (entry.type === "publish") expect(JSON.stringify(entry.data)).toBe(JSON.stringify(element["data"]));
}

const anyText = fc.string({ unit: "binary", maxLength: 60 });
const channelText = fc.oneof(
  fc.constantFrom(
    "/meta/connect",
    "/meta/foo",
    "/service/x",
    "/a/*",
    "/a/*/b",
    "/**",
    "/presence/lobby",
    "//",
    "/",
    "/" + "a".repeat(40),
  ),
  fc.string({ unit: fc.constantFrom("/", "a", "Z", "9", "-", "@", "*", ".", " ", "é", "\n"), maxLength: 40 }),
  anyText,
);
const id = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true }).map((number) => number + 0),
);
const ext = fc.oneof(fc.constant({}), fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })));
const clientId = fc.oneof(fc.constant("001abcdefghijklmnopqrstuvwxyz"), anyText);
const types = fc.subarray(["websocket", "long-polling", "flash"]);

/** Messages as clients send them: most are accepted, some have a bad name or a long id. */
const message = fc.oneof(
  fc.record(
    {
      channel: fc.constant("/meta/handshake"),
      version: fc.constantFrom("1.0", "1", "0.9", "2.0"),
      minimumVersion: fc.constantFrom("1.0", "0.9", "3"),
      supportedConnectionTypes: types,
      id,
      ext,
    },
    { requiredKeys: ["channel", "version", "supportedConnectionTypes"] },
  ),
  fc.record(
    {
      channel: fc.constant("/meta/connect"),
      clientId,
      connectionType: fc.string(),
      advice: fc.record({ timeout: fc.integer() }),
      id,
      ext,
    },
    { requiredKeys: ["channel", "clientId", "connectionType"] },
  ),
  fc.record(
    {
      channel: fc.constantFrom("/meta/subscribe", "/meta/unsubscribe"),
      clientId,
      subscription: fc.oneof(channelText, fc.array(channelText, { maxLength: 6 })),
      id,
      ext,
    },
    { requiredKeys: ["channel", "clientId", "subscription"] },
  ),
  fc.record({ channel: fc.constant("/meta/disconnect"), clientId, id, ext }, { requiredKeys: ["channel", "clientId"] }),
  fc.record(
    { channel: channelText, clientId, data: fc.jsonValue(), id, ext },
    { requiredKeys: ["channel", "clientId", "data"] },
  ),
);
const batch = fc.array(message, { maxLength: 4 });

it("answers any text, or refuses it as a whole", () => {
  seen = new Set();
  const text = fc.oneof(
    anyText,
    fc.json(),
    fc.array(fc.json(), { maxLength: 10 }).map((all) => `[${all.join()}]`),
  );
  fc.assert(fc.property(text, checkBody), RUNS);
  expect([...seen]).toEqual(expect.arrayContaining(["badJson", "badShape", "tooMany", "batch", "channelMissing"]));
});

it("answers each message of a batch, whatever is in its fields", () => {
  seen = new Set();
  const field = fc.constantFrom(
    "channel",
    "clientId",
    "id",
    "ext",
    "data",
    "subscription",
    "advice",
    "version",
    "minimumVersion",
    "supportedConnectionTypes",
    "connectionType",
    "__proto__",
    "constructor",
  );
  const change = fc.record({
    at: fc.nat(3),
    field,
    value: fc.oneof(fc.jsonValue(), fc.constant(undefined), channelText),
  });
  const property = fc.property(batch, fc.array(change, { maxLength: 3 }), (messages, changes) => {
    const mutated: Fields[] = messages.map((fields) => ({ ...fields }));
    for (const { at, field: name, value } of changes) {
      const target = mutated[at];
      if (target) Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
    }
    checkBody(JSON.stringify(mutated));
  });
  fc.assert(property, RUNS);
  const kinds = ["handshake", "connect", "subscribe", "unsubscribe", "disconnect", "publish"];
  const errors = ["badField", "badChannel", "forbidden", "sessionUnknown", "unsupportedVersion", "tooLong", "tooMany"];
  expect([...seen]).toEqual(expect.arrayContaining([...kinds, ...errors]));
});

it("answers a batch that was damaged on its way", () => {
  seen = new Set();
  const piece = fc.oneof(
    fc.constantFrom("", '"', "{", "}", "[", "]", ",", ":", "\\", "null", "1e999", "\u0000"),
    anyText,
  );
  const cut = fc.record({ at: fc.nat(), removed: fc.nat(12), piece });
  const property = fc.property(batch, fc.array(cut, { minLength: 1, maxLength: 3 }), (messages, cuts) => {
    let text = JSON.stringify(messages);
    for (const { at, removed, piece: put } of cuts) {
      const start = at % (text.length + 1);
      text = text.slice(0, start) + put + text.slice(start + removed);
    }
    checkBody(text);
  });
  fc.assert(property, RUNS);
  expect([...seen]).toEqual(expect.arrayContaining(["badJson", "badShape", "batch", "publish", "badField"]));
});

it("answers a batch whose parts are nested to any depth", () => {
  const field = fc.constantFrom("data", "ext", "subscription", "advice", "id", "channel", "unknown");
  const property = fc.property(message, field, fc.nat(400), fc.boolean(), (fields, name, depth, inObjects) => {
    const [open, close] = inObjects ? ['{"a":', "}"] : ["[", "]"];
    const value = open.repeat(depth) + "1" + close.repeat(depth);
    checkBody(JSON.stringify({ ...fields, [name]: "HERE" }).replace('"HERE"', () => value));
  });
  fc.assert(property, RUNS);
});

it("knows channels and patterns by one rule", () => {
  seen = new Set();
  const segment = (part: string): boolean =>
    part !== "" && [...part].every((c) => /[A-Za-z0-9]/.test(c) || "-_!~()$@".includes(c));
  const property = fc.property(channelText, (name) => {
    const [before, ...segments] = name.split("/");
    const last = segments.at(-1);
    const concrete = before === "" && segments.length > 0 && segments.every(segment);
    const wild = before === "" && segments.slice(0, -1).every(segment) && (last === "*" || last === "**");
    expect([isChannel(name), isPattern(name)]).toEqual([concrete, wild]);
    const short = name.length <= LIMITS.maxChannelLength;
    const meta = name === "/meta" || name.startsWith("/meta/");
    const [publish, subscribe] = [checkChannel, checkSubscription].map((check) =>
      refusal(() => check(name, LIMITS.maxChannelLength)),
    );
    expect(publish === null).toBe(short && concrete);
    expect(subscribe === null).toBe(short && (concrete || wild) && !meta);
    seen.add(concrete ? "channel" : wild ? "pattern" : "neither");
    if (concrete) expect(patternsOf(name).every(isPattern)).toBe(true);
  });
  fc.assert(property, RUNS);
  expect([...seen].sort()).toEqual(["channel", "neither", "pattern"]);
});

it("finds the route in every clientId that it makes, and in nothing else", () => {
  const bytes = fc.uint8Array({ minLength: 26, maxLength: 40 });
  const made = fc.property(fc.integer({ min: 1, max: MAX_ROUTES }), bytes, (route, random) => {
    expect(routeOf(makeClientId(route, random))).toBe(route);
  });
  fc.assert(made, RUNS);
  const digits = fc.string({
    unit: fc.constantFrom("0", "1", "2", "7", "8", "a", "z", "A", "\n"),
    minLength: 27,
    maxLength: 31,
  });
  const found = fc.property(fc.oneof(anyText, digits), (text) => {
    const route = routeOf(text);
    if (route === null) return;
    expect(text).toHaveLength(29);
    expect(route.toString(36).padStart(3, "0")).toBe(text.slice(0, 3));
  });
  fc.assert(found, RUNS);
});
