import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isForeign } from "../../../../bridges/session/binding.ts";
import type { RequestContext } from "../../../../link/index.ts";
import { NO_CONTEXT } from "../fakes.ts";
import { connect, dataOf, disconnect, publish, Stage, subscribe, unsubscribe } from "../stage.ts";

const [A, B] = ["a".repeat(32), "b".repeat(32)];
type Part = Partial<RequestContext>;
const context = (part: Part): RequestContext => ({ ...NO_CONTEXT, ...part });

const post: Part = { via: "post" };
const get: Part = { via: "get" };
const socket: Part = { via: "upgrade" };

/** What the handshake carried, what the request carries, whose it is: with the default, and with strictBinding. */
const RULES: readonly (readonly [what: string, handshake: Part, request: Part, own: boolean, strict: boolean])[] = [
  ["nothing, then nothing", post, post, true, true],
  ["nothing, then a cookie: Faye's and cometd.js's first visit", post, { ...post, browser: A }, true, true],
  ["nothing, then a cookie on a socket", post, { ...socket, browser: A }, true, true],
  ["a cookie, then the same", { ...post, browser: A }, { ...post, browser: A }, true, true],
  ["a cookie, then another", { ...post, browser: A }, { ...post, browser: B }, false, false],
  ["a cookie, then none", { ...post, browser: A }, post, false, false],
  ["a cookie, then none by GET", { ...post, browser: A }, get, true, false],
  ["a cookie by a script, then none by POST, as Faye from another port", { ...get, browser: A }, post, true, false],
  ["a cookie, then none on a socket", { ...post, browser: A }, socket, true, false],
  ["a cookie, then another on a socket", { ...post, browser: A }, { ...socket, browser: B }, false, false],
  ["a cookie on a socket, then none on another", { ...socket, browser: A }, socket, false, false],
  ["a cookie on a socket, then none by POST", { ...socket, browser: A }, post, true, false],
  ["an origin, then the same", { ...post, origin: A }, { ...post, origin: A }, true, true],
  ["an origin, then another", { ...post, origin: A }, { ...post, origin: B }, false, false],
  ["an origin, then another on a socket", { ...post, origin: A }, { ...socket, origin: B }, false, false],
  ["an origin, then none", { ...post, origin: A }, post, false, false],
  ["an origin, then none by GET, as browsers do at home", { ...post, origin: A }, get, true, true],
  ["an origin, then none on a socket", { ...post, origin: A }, socket, true, true],
  ["an origin on a socket, then none on another", { ...socket, origin: A }, socket, false, false],
  ["no origin by GET, then one", get, { ...post, origin: A }, true, true],
  [
    "cookie and origin, then the cookie alone by GET",
    { ...post, browser: A, origin: A },
    { ...get, browser: A },
    true,
    true,
  ],
  [
    "cookie and origin, then the origin alone",
    { ...post, browser: A, origin: A },
    { ...post, origin: A },
    false,
    false,
  ],
];

describe("isForeign", () => {
  it.each(RULES)("%s", (_what, handshake, request, own, strict) => {
    expect(isForeign(context(handshake), context(request), false)).toBe(!own);
    expect(isForeign(context(handshake), context(request), true)).toBe(!strict);
  });

  it("is explained in docs/sessions.md", () => {
    const document = readFileSync(new URL("../../../../docs/sessions.md", import.meta.url), "utf8").replace(/ +/g, " ");
    for (const [carried, comes, answer] of [
      ["a cookie", "another cookie", "`402`"],
      ["a cookie", "none, the same way", "`402`"],
      ["a cookie", "none, another way", "served; `402` with `bridge.strictBinding`"],
      ["an origin", "another origin", "`402`"],
      ["an origin", "none, the same way", "`402`"],
      ["an origin", "none, another way", "served"],
      ["nothing", "anything", "served"],
    ]) {
      expect(document).toContain(`| ${carried} | ${comes} | ${answer} |`);
    }
  });
});

describe("a session of a browser", () => {
  const own = context({ browser: A, origin: A });
  let stage: Stage;
  let clientId: string;
  beforeEach(async () => {
    stage = await Stage.start();
    stage.dispatcher.context = own;
    clientId = await stage.session(["/lobby"], { ack: true });
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const everything = (id: string) => [
    connect(id, { id: "9", ext: { ack: 7 } }),
    subscribe(id, "/secret"),
    unsubscribe(id, "/lobby"),
    publish(id, "/lobby", "forged"),
    disconnect(id),
  ];

  it.each([
    ["another cookie", context({ browser: B, origin: A })],
    ["no cookie", context({ origin: A })],
    ["another origin", context({ browser: A, origin: B })],
    ["nothing", NO_CONTEXT],
    ["a cookie of its own over a socket", context({ via: "upgrade", browser: B, origin: A })],
  ])("answers a thief with %s exactly as an unknown clientId, and does nothing", async (_what, thief) => {
    const forged = `001${"q".repeat(26)}`;
    for (const [index, message] of everything(clientId).entries()) {
      stage.dispatcher.context = thief;
      const alone = await stage.ask(message);
      const unknown = await stage.ask(...everything(forged).slice(index, index + 1));
      expect(alone).toEqual(unknown);
      expect(alone).toMatchObject([{ error: "402::session_unknown", advice: { reconnect: "handshake" } }]);
    }
    expect(await stage.ask(...everything(clientId))).toEqual(await stage.ask(...everything(forged)));
    expect(stage.network.publishes).toEqual([]);
    stage.dispatcher.context = own;
    stage.network.say("/lobby", 1);
    expect(await stage.ask(connect(clientId, { id: "2", ext: { ack: 1 } }))).toMatchObject([{ data: 1 }, { id: "2" }]);
  });

  it("keeps its held connect when a thief connects, and its messages do not go there", async () => {
    const poll = stage.dispatcher.post(connect(clientId, { id: "2", ext: { ack: 1 } }));
    stage.dispatcher.context = context({ browser: B });
    const thief = stage.dispatcher.over(null, connect(clientId, { id: "3", ext: { ack: 1 } }));
    expect(poll.arrays).toEqual([]);
    stage.network.say("/lobby", "private");
    await stage.advance(10);
    expect(dataOf(poll.messages)).toEqual(["private"]);
    expect(dataOf(thief.messages)).toEqual([]);
  });

  it("is not kept alive by a thief", async () => {
    stage.dispatcher.context = NO_CONTEXT;
    for (let count = 0; count < 7; count++) {
      await stage.advance(10_000);
      await stage.ask(connect(clientId));
    }
    stage.dispatcher.context = own;
    expect(await stage.ask(connect(clientId))).toMatchObject([{ error: "402::session_unknown" }]);
  });

  it("goes on over a socket without its cookie, unless bindings are strict", async () => {
    const socketOnly = context({ via: "upgrade", origin: A });
    stage.dispatcher.context = socketOnly;
    expect(await stage.ask(connect(clientId, { id: "2", advice: { timeout: 0 } }))).toMatchObject([
      { successful: true },
    ]);
    await stage[Symbol.asyncDispose]();
    stage = await Stage.start({ strictBinding: true });
    stage.dispatcher.context = own;
    clientId = await stage.session();
    stage.dispatcher.context = socketOnly;
    expect(await stage.ask(connect(clientId))).toMatchObject([{ error: "402::session_unknown" }]);
  });

  it("has its clientId for its only secret where its handshake carried nothing", async () => {
    stage.dispatcher.context = NO_CONTEXT;
    const unbound = await stage.session();
    stage.dispatcher.context = own;
    expect(await stage.ask(publish(unbound, "/lobby", 1))).toMatchObject([{ successful: true }]);
  });
});
