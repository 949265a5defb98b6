import { expect, it } from "vitest";
import { BayeuxError, parseBatch } from "../../../bayeux/index.ts";
import { LIMITS } from "./parse-one.ts";

const WRONG_CHANNEL = "A channel is /segment/segment of A-Z a-z 0-9 - _ ! ~ ( ) $ @ and wildcards come last";
const WRONG_SUBSCRIPTION = "The field subscription must be a channel or an array of channels";

const handshake = { id: "1", channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"] };
const connect = { id: "1", channel: "/meta/connect", clientId: "c", connectionType: "long-polling" };
const subscribe = { id: "1", channel: "/meta/subscribe", clientId: "c" };
const publish = { id: "1", channel: "/foo", clientId: "c", data: 1 };

/**
 * The requests that were put to cometd-nodejs-server 1.2.1 and to Faye 1.4.3, and what the form of each comes to here: the
 * type of the request, or the error. Where it says a type, what is left to say depends on the session, not on the form.
 */
const REQUESTS: readonly [name: string, body: unknown, expected: string | readonly string[]][] = [
  ["a single object, no array", handshake, ["handshake"]],
  ["an empty array", [], []],
  ["an array of null", [null], "400::A message must be a JSON object"],
  ["a JSON scalar", 42, "400::A message must be a JSON object"],
  [
    "a handshake without a version",
    [{ ...handshake, version: undefined }],
    ["400:version:The field version must be a string such as 1.0"],
  ],
  [
    "a handshake that needs version 9.9",
    [{ ...handshake, version: "9.9", minimumVersion: "9.9" }],
    ["400:9.9:The Bayeux version must be 1.0 or a later 1.x"],
  ],
  [
    "a handshake without connection types",
    [{ ...handshake, supportedConnectionTypes: undefined }],
    ["400:supportedConnectionTypes:The field supportedConnectionTypes must be an array of strings"],
  ],
  ["a handshake with unknown connection types", [{ ...handshake, supportedConnectionTypes: ["flash"] }], ["handshake"]],
  [
    "a handshake and a publish in one batch",
    [handshake, { id: "2", channel: "/foo", data: 1 }],
    ["handshake", "402::session_unknown"],
  ],
  ["a connect without a clientId", [{ ...connect, clientId: undefined }], ["402::session_unknown"]],
  ["a connect with a made-up clientId", [{ ...connect, clientId: "bogus" }], ["connect"]],
  [
    "a connect without a connection type",
    [{ ...connect, connectionType: undefined }],
    ["400:connectionType:The field connectionType must be a string"],
  ],
  ["a connect with an unknown connection type", [{ ...connect, connectionType: "flash" }], ["connect"]],
  ["a subscribe to an array", [{ ...subscribe, subscription: ["/a/b", "/c/*", "/d/**"] }], ["subscribe"]],
  [
    "a subscribe to an array with a bad name",
    [{ ...subscribe, subscription: ["/a/b", "nope"] }],
    [`405:nope:${WRONG_CHANNEL}`],
  ],
  ["a subscribe to nothing", [subscribe], [`400:subscription:${WRONG_SUBSCRIPTION}`]],
  [
    "a subscribe with a wildcard in the middle",
    [{ ...subscribe, subscription: "/a/*/b" }],
    [`405:/a/*/b:${WRONG_CHANNEL}`],
  ],
  [
    "a subscribe with a space and a dot",
    [{ ...subscribe, subscription: "/a b/c.d" }],
    [`405:/a b/c.d:${WRONG_CHANNEL}`],
  ],
  ["a subscribe in another alphabet", [{ ...subscribe, subscription: "/é" }], [`405:/_:${WRONG_CHANNEL}`]],
  [
    "an unsubscribe from what was never subscribed to",
    [{ ...subscribe, channel: "/meta/unsubscribe", subscription: "/never" }],
    ["unsubscribe"],
  ],
  ["a publish without data", [{ ...publish, data: undefined }], ["400:data:The field data must be any JSON value"]],
  ["a publish of null", [{ ...publish, data: null }], ["publish"]],
  ["a publish without a clientId", [{ ...publish, clientId: undefined }], ["402::session_unknown"]],
  ["a publish with a made-up clientId", [{ ...publish, clientId: "bogus" }], ["publish"]],
  ["a publish to a pattern", [{ ...publish, channel: "/foo/*" }], [`405:/foo/*:${WRONG_CHANNEL}`]],
  [
    "a publish to a meta channel",
    [{ ...publish, channel: "/meta/foo" }],
    ["403:/meta/foo:This channel does not allow that"],
  ],
  ["a publish without a channel", [{ ...publish, channel: undefined }], ["400::A message needs a channel"]],
  ["a publish without an id", [{ ...publish, id: undefined }], ["publish"]],
  ["a publish with a numeric id", [{ ...publish, id: 7 }], ["publish"]],
  ["a disconnect", [{ id: "1", channel: "/meta/disconnect", clientId: "c" }], ["disconnect"]],
  ["a disconnect of an unknown session", [{ id: "1", channel: "/meta/disconnect", clientId: "bogus" }], ["disconnect"]],
  ["a connect after a publish in its batch", [publish, { ...connect, id: "2" }], ["publish", "connect"]],
  ["two sessions in one batch", [publish, { ...publish, id: "2", clientId: "d" }], ["publish", "publish"]],
];

/** The answer of the form, as REQUESTS writes it. */
function answerTo(text: string): string | string[] {
  try {
    return parseBatch(text, LIMITS).map((entry) => (entry.type === "rejected" ? entry.error.field : entry.type));
  } catch (error) {
    if (error instanceof BayeuxError) return error.field;
    throw error;
  }
}

it.each(REQUESTS)("answers %s", (_, body, expected) => {
  expect(answerTo(JSON.stringify(body))).toEqual(expected);
});

it("answers what is no JSON with what is wrong in it", () => {
  expect(answerTo("{not json")).toMatch(/^400::The body is not JSON: ./);
});
