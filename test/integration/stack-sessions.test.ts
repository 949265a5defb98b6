import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded } from "../support/servers.ts";
import { WholeStack } from "../support/whole-stack.ts";

const UNKNOWN = { successful: false, error: "402::session_unknown" };

/** One batch over HTTP, as a thief or another tab would send it. */
async function post(url: string, messages: readonly object[], headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/bayeux`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(messages),
  });
  const replies: unknown = await response.json();
  return { replies, cookie: response.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
}

const handshake = { channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"] };
const connect = (clientId: string, id: string) => ({
  channel: "/meta/connect",
  clientId,
  connectionType: "long-polling",
  id,
});

describe("sessions behind a balancer without affinity", () => {
  let stack: WholeStack;
  beforeAll(async () => {
    stack = await WholeStack.start({ startServer: startEmbedded });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("are nobody else's: a stolen clientId is worth nothing without the browser's cookie", async () => {
    const room = `r${randomUUID().slice(0, 8)}`;
    await using irc = await RawIrc.login(stack.ircd, "observer", `#${room}`);
    await using client = await CometdClient.open(stack.url, { transport: "long-polling" });
    const heard = await client.subscribe(`/${room}`);
    const clientId = client.clientId ?? "";
    const stolen = [
      connect(clientId, "9"),
      { channel: `/${room}`, clientId, data: { text: "forged" } },
      { channel: "/meta/disconnect", clientId },
    ];
    for (const headers of [{ cookie: "BAYEUX_BROWSER=fedcba9876543210" }, {}]) {
      expect((await post(stack.url, stolen, headers)).replies).toMatchObject([UNKNOWN, UNKNOWN, UNKNOWN]);
    }
    irc.say(`#${room}`, "hello");
    await vi.waitFor(() => expect(textsOf(heard)).toEqual(["hello"]), 10_000);
    expect(client.handshakes).toHaveLength(1);
  });

  it("live on over a WebSocket for cometd.js in Node, which sends no cookie there", async () => {
    await using client = await CometdClient.open(stack.url, { transport: "websocket" });
    const room = `/r${randomUUID().slice(0, 8)}`;
    const heard = await client.subscribe(room);
    expect(await client.publish(room, { text: "hello" })).toMatchObject({ successful: true });
    await vi.waitFor(() => expect(textsOf(heard)).toEqual(["hello"]), 10_000);
  });

  it("of one browser share their one poll, and all get their messages", async () => {
    const room = `r${randomUUID().slice(0, 8)}`;
    await using irc = await RawIrc.login(stack.ircd, "speaker", `#${room}`);
    const browser = randomUUID();
    await using one = await CometdClient.open(stack.url, { transport: "long-polling", browser, isAck: true });
    await using other = await CometdClient.open(stack.url, { transport: "long-polling", browser, isAck: true });
    const heard = [await one.subscribe(`/${room}`), await other.subscribe(`/${room}`)];
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    for (const text of texts) irc.say(`#${room}`, text);
    await vi.waitFor(() => {
      for (const each of heard) expect(textsOf(each)).toEqual(texts);
    }, 15_000);
    const advised = [one, other].filter((client) => client.isOneOfSeveral);
    expect(advised.length).toBeGreaterThan(0);
  });

  it("of a new browser meet on one bridge, and are bound from their second on", async () => {
    const { replies, cookie } = await post(stack.url, [handshake]);
    expect(replies).toMatchObject([{ successful: true }]);
    expect(cookie).toMatch(/^BAYEUX_BROWSER=/);
    const second = await post(stack.url, [handshake], { cookie });
    expect(second.cookie).toBe("");
    const [reply] = second.replies as { clientId: string }[];
    const clientId = reply?.clientId ?? "";
    expect((await post(stack.url, [connect(clientId, "1")], { cookie })).replies).toMatchObject([{ successful: true }]);
    expect((await post(stack.url, [connect(clientId, "2")])).replies).toMatchObject([UNKNOWN]);
  });
});
