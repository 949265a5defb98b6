import { describe, expect, it } from "vitest";
import {
  BayeuxError,
  deliveryText,
  errorReply,
  gapText,
  HANDSHAKE_ADVICE,
  NONE_ADVICE,
  retryAdvice,
  successReply,
} from "../../../bayeux/index.ts";
import { refusalOf } from "./parse-one.ts";

describe("successReply", () => {
  it("echoes id, channel and subscription as they came, and is successful", () => {
    const request = { id: "1a", channel: "/meta/subscribe", subscription: ["/a", "/b"] };
    expect(JSON.parse(successReply(request))).toEqual({ ...request, successful: true });
  });

  it.each([7, 0, "7", "", "z1"])("gives the id %j back in its own type", (id) => {
    expect(JSON.parse(successReply({ id, channel: "/foo" }))).toHaveProperty("id", id);
  });

  it("leaves out what the request did not have", () => {
    expect(successReply({ id: undefined, channel: "/foo" })).toBe('{"channel":"/foo","successful":true}');
  });

  it("carries what a handshake is told", () => {
    const text = successReply(
      { id: "1", channel: "/meta/handshake" },
      { clientId: "x", version: "1.0", supportedConnectionTypes: ["websocket"], advice: retryAdvice(0) },
    );
    expect(JSON.parse(text)).toEqual({
      id: "1",
      channel: "/meta/handshake",
      successful: true,
      clientId: "x",
      version: "1.0",
      supportedConnectionTypes: ["websocket"],
      advice: { reconnect: "retry", interval: 0 },
    });
  });
});

describe("errorReply", () => {
  it("says why, and what to do next", () => {
    const text = errorReply({ id: 7, channel: "/meta/connect" }, new BayeuxError("sessionUnknown"), {
      advice: HANDSHAKE_ADVICE,
    });
    expect(JSON.parse(text)).toEqual({
      id: 7,
      channel: "/meta/connect",
      successful: false,
      error: "402::session_unknown",
      advice: { reconnect: "handshake", interval: 0 },
    });
  });

  it("answers a refused message with nothing but what it echoes", () => {
    const refused = refusalOf({
      id: "9",
      channel: "/meta/subscribe",
      clientId: "secret",
      subscription: ["/a", "nope"],
    });
    expect(JSON.parse(errorReply(refused, refused.error))).toEqual({
      id: "9",
      channel: "/meta/subscribe",
      successful: false,
      error: refused.error.field,
      subscription: ["/a", "nope"],
    });
  });
});

describe("advice", () => {
  it("tells three things: start anew, do not come back, come back later", () => {
    expect([HANDSHAKE_ADVICE, NONE_ADVICE, retryAdvice(250)]).toEqual([
      { reconnect: "handshake", interval: 0 },
      { reconnect: "none" },
      { reconnect: "retry", interval: 250 },
    ]);
  });
});

describe("deliveryText", () => {
  const provenance = { from: "alice", network: "irc", time: "2026-11-21T07:00:00.000Z", id: "m1" };

  it("carries the data and where it comes from, and no id or clientId of its publisher", () => {
    expect(deliveryText("/lobby", { text: "hello" }, provenance)).toBe(
      '{"channel":"/lobby","data":{"text":"hello"},"ext":{"tailspin":{"from":"alice","network":"irc","time":"2026-11-21T07:00:00.000Z","id":"m1"}}}',
    );
  });

  it.each([null, 0, "", false, [], { __proto__: null, a: [1, { b: "é\u2028" }] }])("keeps the data %j", (data) => {
    expect(JSON.parse(deliveryText("/lobby", data, provenance))).toHaveProperty("data", data);
  });
});

describe("gapText", () => {
  it("names the last message before the gap, and the first after it", () => {
    expect(JSON.parse(gapText("/lobby", "irc", "2026-11-21T07:00:00.000Z", "network_restarted", "m1", "m9"))).toEqual({
      channel: "/lobby",
      data: { gap: { reason: "network_restarted", after: "m1", before: "m9" } },
      ext: { tailspin: { gap: true, network: "irc", time: "2026-11-21T07:00:00.000Z" } },
    });
  });

  it("says null where nothing came before it", () => {
    expect(JSON.parse(gapText("/lobby", "irc", "t", "r", null, null))).toHaveProperty("data.gap.after", null);
  });
});
