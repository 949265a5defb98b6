import { readFileSync } from "node:fs";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmbeddedIrcd } from "../../bridges/irc/embedded/index.ts";
import { makeIrcNetwork } from "../contract/network/irc-fixture.ts";
import type { AnyMessage } from "../support/fake-bridge.ts";
import { LocalStack } from "../support/local-stack.ts";

/** A session for each request; `$` in a message stands for its clientId. */
type Expected = readonly object[] | { readonly status: number; readonly text: RegExp };
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const handshake = { id: "1", channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"] };
const connect = { id: "1", channel: "/meta/connect", clientId: "$", connectionType: "long-polling" };
const subscribe = { id: "1", channel: "/meta/subscribe", clientId: "$" };
const unsubscribe = { id: "1", channel: "/meta/unsubscribe", clientId: "$" };
const publish = { id: "1", channel: "/foo", clientId: "$", data: 1 };
const disconnect = { id: "1", channel: "/meta/disconnect", clientId: "$" };
const GONE = { successful: false, error: "402::session_unknown", advice: { reconnect: "handshake", interval: 0 } };
const OK = { successful: true };
const failed = (error: RegExp) => ({ successful: false, error: expect.stringMatching(error) });

/** The names are those of the table in docs/bayeux.md. */
const POSTED: readonly (readonly [name: string, body: unknown, expected: Expected])[] = [
  ["single object (not array) handshake", handshake, [{ id: "1", ...OK, clientId: expect.any(String) }]],
  ["invalid JSON", "{", { status: 400, text: /^400::The body is not JSON/ }],
  ["JSON scalar", 42, { status: 400, text: /^400::A message must be a JSON object/ }],
  ["empty array", [], []],
  ["array of null", [null], { status: 400, text: /^400::A message must be a JSON object/ }],
  ["handshake no version", [{ ...handshake, version: undefined }], [failed(/^400:version:/)]],
  [
    "handshake version 9.9 minimumVersion 9.9",
    [{ ...handshake, version: "9.9", minimumVersion: "9.9" }],
    [failed(/^400:9.9:/)],
  ],
  [
    "handshake no supportedConnectionTypes",
    [{ ...handshake, supportedConnectionTypes: undefined }],
    [failed(/^400:supp/)],
  ],
  [
    "handshake unknown conn types",
    [{ ...handshake, supportedConnectionTypes: ["flash"] }],
    [{ ...failed(/^400:websocket,eventsource,.*No connection type in common/), advice: { reconnect: "none" } }],
  ],
  ["handshake batched with publish", [handshake, { ...publish, id: "2" }], [OK, { id: "2", ...failed(/^400::/) }]],
  ["connect no clientId", [{ ...connect, clientId: undefined }], [GONE]],
  ["connect bogus clientId", [{ ...connect, clientId: "bogus" }], [GONE]],
  ["connect no connectionType", [{ ...connect, connectionType: undefined }], [failed(/^400:connectionType:/)]],
  ["connect unknown connectionType", [{ ...connect, connectionType: "flash" }], [failed(/^400:flash:/)]],
  [
    "first connect with no advice: held?",
    [connect],
    [{ ...OK, advice: { reconnect: "retry", interval: 0, timeout: 500 } }],
  ],
  [
    "subscribe array",
    [{ ...subscribe, subscription: ["/a/b", "/c/*", "/d/**"] }],
    [{ ...OK, subscription: ["/a/b", "/c/*", "/d/**"] }],
  ],
  [
    "subscribe array without wildcards",
    [{ ...subscribe, subscription: ["/a/b", "/c/d"] }],
    [{ ...OK, subscription: ["/a/b", "/c/d"] }],
  ],
  [
    "subscribe array with one bad",
    [{ ...subscribe, subscription: ["/a/b", "nope"] }],
    [{ ...failed(/^405:nope:/), subscription: ["/a/b", "nope"] }],
  ],
  ["subscribe missing subscription", [subscribe], [failed(/^400:subscription:/)]],
  ["subscribe mid-wildcard /a/*/b", [{ ...subscribe, subscription: "/a/*/b" }], [failed(/^405:/)]],
  ["subscribe channel w/ space & dot /a b/c.d", [{ ...subscribe, subscription: "/a b/c.d" }], [failed(/^405:/)]],
  ["subscribe unicode /é", [{ ...subscribe, subscription: "/é" }], [failed(/^405:/)]],
  ["unsubscribe not-subscribed", [{ ...unsubscribe, subscription: "/never" }], [{ ...OK, subscription: "/never" }]],
  ["publish no data", [{ ...publish, data: undefined }], [failed(/^400:data:/)]],
  ["publish data:null", [{ ...publish, data: null }], [OK]],
  ["publish without clientId (unconnected)", [{ ...publish, clientId: undefined }], [GONE]],
  ["publish with bogus clientId", [{ ...publish, clientId: "bogus" }], [GONE]],
  ["publish to wildcard /foo/*", [{ ...publish, channel: "/foo/*" }], [failed(/^405:/)]],
  ["publish to /meta/foo", [{ ...publish, channel: "/meta/foo" }], [failed(/^403:/)]],
  ["publish no channel", [{ ...publish, channel: undefined }], [failed(/^400::A message needs a channel/)]],
  ["publish no id", [{ ...publish, id: undefined }], [OK]],
  ["numeric id echo", [{ ...publish, id: 7 }], [{ id: 7, ...OK }]],
  ["disconnect", [disconnect], [{ ...OK, clientId: "$" }]],
  ["disconnect unknown", [{ ...disconnect, clientId: "bogus" }], [GONE]],
  [
    "connect last in batch with publish",
    [publish, { ...connect, id: "2" }],
    [
      { id: "1", ...OK },
      { id: "2", ...OK },
    ],
  ],
];

describe("the requests that were put to the other servers", () => {
  let ircd: EmbeddedIrcd;
  let stack: LocalStack;
  beforeAll(async () => {
    ircd = await EmbeddedIrcd.start({ port: 0, log: pino({ level: "silent" }) });
    const network = makeIrcNetwork(ircd, 1);
    stack = await LocalStack.start({ network, bridge: { connectTimeoutMs: 500 } });
  });
  afterAll(async () => {
    await stack?.[Symbol.asyncDispose]();
    await ircd?.[Symbol.asyncDispose]();
  });

  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const url = `http://127.0.0.1:${stack.port()}${path}`;
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const post = (body: string, headers: Record<string, string> = {}) =>
    ask("/bayeux", { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
  const send = async (...messages: object[]): Promise<AnyMessage[]> =>
    JSON.parse((await post(JSON.stringify(messages))).text);
  const begin = async () => String((await send(handshake))[0]?.clientId);
  const sendAs = async (browser: string, message: object): Promise<AnyMessage[]> =>
    JSON.parse((await post(JSON.stringify([message]), { cookie: `BAYEUX_BROWSER=${browser.padEnd(32, "0")}` })).text);
  const beginAs = async (browser: string) => String((await sendAs(browser, handshake))[0]?.clientId);

  it.each(POSTED)("%s", async (_, body, expected) => {
    const clientId = await begin();
    const fill = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll('"$"', JSON.stringify(clientId)));
    const answer = await post(body === "{" ? body : JSON.stringify(fill(body)));
    const seen = answer.status === 200 ? JSON.parse(answer.text) : { status: answer.status, text: answer.text };
    const wanted = Array.isArray(expected)
      ? expected.map((one) =>
          expect.objectContaining("clientId" in one && one.clientId === "$" ? { ...one, clientId } : one),
        )
      : { ...expected, text: expect.stringMatching("text" in expected ? expected.text : "") };
    expect(seen).toEqual(wanted);
  });

  it("are all in the table of the documentation", () => {
    const doc = readFileSync(new URL("../../docs/bayeux.md", import.meta.url), "utf8");
    const rows = [...doc.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, name]) => name?.replaceAll("\\*", "*"));
    expect(rows).toEqual(expect.arrayContaining(POSTED.map(([name]) => name)));
  });

  it("clientId leak to subscriber?", async () => {
    const [alice, bob] = [await begin(), await begin()];
    await send({ ...subscribe, clientId: alice, subscription: "/leak" });
    await send({ ...connect, clientId: alice });
    expect(await send({ ...publish, clientId: bob, id: "77", channel: "/leak" })).toMatchObject([OK]);
    const got = await send({ ...connect, clientId: alice, id: "2" });
    expect(got).toMatchObject([
      { channel: "/leak", data: 1 },
      { id: "2", clientId: alice },
    ]);
    expect(got[0]).not.toHaveProperty("id");
    expect(JSON.stringify(got)).not.toContain(bob);
  });

  it("duplicate connect (2nd while 1st held)", async () => {
    const clientId = await begin();
    await send({ ...connect, clientId });
    const first = send({ ...connect, clientId, id: "2" });
    const second = send({ ...connect, clientId, id: "3" });
    expect(await Promise.all([first, second])).toMatchObject([[{ id: "2", ...OK }], [{ id: "3", ...OK }]]);
  });

  it("connect without cookie (stolen id)", async () => {
    const clientId = await beginAs("one");
    expect(await send({ ...connect, clientId })).toMatchObject([GONE]);
    expect(await sendAs("another", { ...connect, clientId })).toMatchObject([GONE]);
    expect(await sendAs("one", { ...connect, clientId })).toMatchObject([OK]);
  });

  it("2nd tab same cookie", async () => {
    const tabs = [await beginAs("one"), await beginAs("one")];
    for (const clientId of tabs) expect(await sendAs("one", { ...connect, clientId })).toMatchObject([OK]);
    const held = sendAs("one", { ...connect, clientId: tabs[0], id: "2" });
    const [other] = await sendAs("one", { ...connect, clientId: tabs[1], id: "2" });
    expect(other).toMatchObject({ ...OK, advice: { "multiple-clients": true, interval: 2_000 } });
    const [first] = await held;
    expect(first).toMatchObject(OK);
    expect(first?.advice).not.toHaveProperty("multiple-clients");
  });

  it("two clientIds in one batch", async () => {
    const [alice, bob] = [await begin(), await begin()];
    const replies = await send({ ...publish, clientId: alice }, { ...publish, clientId: bob, id: "2" });
    expect(replies).toMatchObject([
      { id: "1", ...OK },
      { id: "2", ...OK },
    ]);
  });

  it.each([
    ["form-encoded message=", "application/x-www-form-urlencoded"],
    ["form-encoded message= as text/plain", "text/plain;charset=UTF-8"],
  ])("%s", async (_, type) => {
    const answer = await post(`message=${encodeURIComponent(JSON.stringify([handshake]))}`, { "content-type": type });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, [{ id: "1", ...OK }]]);
  });

  it("text/json content type", async () => {
    const answer = await post(JSON.stringify([handshake]), { "content-type": "text/json" });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, [{ id: "1", ...OK }]]);
  });

  const message = encodeURIComponent(JSON.stringify([handshake]));

  it.each([
    ["JSONP GET", `&jsonp=cb1`, /^\/\*\*\/cb1\(\[\{.*"successful":true.*\}\]\);$/],
    ["JSONP no jsonp param", "", /^\/\*\*\/jsonpcallback\(\[\{.*\}\]\);$/],
  ])("%s", async (_, callback, text) => {
    const answer = await ask(`/bayeux?message=${message}${callback}`, {});
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/javascript;charset=UTF-8"]);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.text).toMatch(text);
  });

  it.each([
    ["JSONP bad callback", `?message=${message}&jsonp=alert(1)%2F%2F`, /callback/],
    ["GET no params", "", /POST/],
  ])("%s", async (_, query, text) => {
    const answer = await ask(`/bayeux${query}`, {});
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(text)]);
  });

  it("CORS preflight", async () => {
    const asked = (origin: string) => ({
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    expect((await ask("/bayeux", asked("https://elsewhere.example"))).status).toBe(403);
    expect((await ask("/bayeux", asked(`http://127.0.0.1:${stack.port()}`))).status).toBe(204);
  });

  it.each(["/handshake", "/connect", "/disconnect", "/"])("the suffix %s of cometd.js", async (suffix) => {
    const body = JSON.stringify([handshake]);
    const headers = { "content-type": "application/json" };
    const answer = await ask(`/bayeux${suffix}`, { method: "POST", headers, body });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, [{ id: "1", ...OK }]]);
  });
});
