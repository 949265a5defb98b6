import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dispatchPayload } from "../../../link/index.ts";
import { FakeDispatcher, NO_CONTEXT, type Message } from "./fakes.ts";
import { connect, dataOf, disconnect, handshake, Stage, subscribe, unsubscribe } from "./stage.ts";

describe("Dispatches", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const named = (name: string) => ({ tailspin: { name } });
  const enter = (name: string, ...channels: string[]) => stage.session(channels, named(name));
  const hear = (clientId: string) => stage.ask(connect(clientId, { advice: { timeout: 0 } }));
  const errorOf = ([reply]: Message[]): unknown => reply?.["error"];
  async function dispatch(users: readonly string[], data: unknown = "psst", route = 1): Promise<unknown[]> {
    const recipients = users.map((user) => [user, route] as const);
    const downstream = stage.dispatcher.dispatch(dispatchPayload({ id: "m1", recipients, data }));
    await stage.advance();
    return downstream.messages;
  }

  it("reach each session of a user once, of whichever browser it is, and nobody else", async () => {
    const of = (browser: string) => (stage.dispatcher.context = { ...NO_CONTEXT, browser });
    of("a");
    const one = await enter("alice", "/user", "/lobby", "/**");
    const bob = await enter("bob", "/user");
    of("b");
    const other = await enter("alice", "/user");
    expect(await dispatch(["alice"], { n: 1 })).toEqual(["delivered"]);
    for (const [browser, session] of [
      ["a", one],
      ["b", other],
    ] as const) {
      of(browser);
      expect((await hear(session)).filter((message) => "data" in message)).toEqual([
        {
          channel: "/user",
          data: { n: 1 },
          ext: { tailspin: { inside: true, time: "2026-01-01T00:00:00.000Z", id: "m1" } },
        },
      ]);
    }
    of("a");
    expect(await hear(bob)).toMatchObject([{ channel: "/meta/connect", successful: true }]);
    expect(stage.network.joins.map(({ channel }) => channel)).not.toContain("/user");
  });

  it("tell of each recipient what became of it, in their order", async () => {
    await enter("alice", "/user");
    await enter("bob", "/lobby");
    expect(await dispatch(["carol", "bob", "alice"])).toEqual(["unknown", "unreachable", "delivered"]);
    expect(await dispatch([])).toEqual([]);
  });

  it("do nothing on a route that is not the bridge's own, and say so", async () => {
    const alice = await enter("alice", "/user");
    expect(await dispatch(["alice", "bob"], "psst", 2)).toEqual(["refused", "refused"]);
    expect(dataOf(await hear(alice))).toEqual([]);
  });

  it("go over each link once, whoever of the recipients is behind it", async () => {
    await stage.advance();
    const second = new FakeDispatcher(stage.bridge, "second");
    const sockets = [];
    for (const [dispatcher, name] of [
      [stage.dispatcher, "alice"],
      [stage.dispatcher, "bob"],
      [second, "carol"],
      [second, "carol"],
    ] as const) {
      const begun = dispatcher.post(handshake(named(name)));
      await stage.advance();
      const clientId = String(begun.messages[0]?.["clientId"]);
      dispatcher.post(subscribe(clientId, "/user"));
      sockets.push(dispatcher.over(null, connect(clientId, { connectionType: "websocket" })));
      await stage.advance();
    }
    expect(await dispatch(["alice", "bob", "carol"])).toEqual(["delivered", "delivered", "delivered"]);
    expect(
      [stage.dispatcher, second].map(({ link }) => link.of("deliver").map((frame) => frame.recipients.length)),
    ).toEqual([[2], [2]]);
    for (const socket of sockets) expect(dataOf(socket.messages)).toEqual(["psst"]);
    second.assertObeyed();
  });

  it("end with the subscription, and with the session", async () => {
    const alice = await enter("alice", "/user");
    await stage.ask(unsubscribe(alice, "/user"));
    expect(await dispatch(["alice"])).toEqual(["unreachable"]);
    await stage.ask(subscribe(alice, "/user"));
    expect(await dispatch(["alice"])).toEqual(["delivered"]);
    await stage.ask(disconnect(alice));
    expect(await dispatch(["alice"])).toEqual(["unknown"]);
  });

  it("wait for a session that is between two connects, and are not kept for others", async () => {
    const alice = await enter("alice", "/user");
    await dispatch(["alice"], 1);
    await dispatch(["alice"], 2);
    const late = await enter("alice");
    await stage.ask(subscribe(late, "/user", { ext: { replay: { "/user": -2 } } }));
    expect(dataOf(await hear(alice))).toEqual([1, 2]);
    expect(dataOf(await hear(late))).toEqual([]);
  });

  it("are no delivery to a session that is ended by them, because it is too slow", async () => {
    await stage[Symbol.asyncDispose]();
    stage = await Stage.start({ maxQueuedMessages: 1 });
    await enter("alice", "/user");
    expect(await dispatch(["alice"])).toEqual(["delivered"]);
    expect(await dispatch(["alice"])).toEqual(["unknown"]);
  });

  it("are for sessions with a name, by no wildcard, and nobody can publish there", async () => {
    const nameless = await stage.session();
    expect(errorOf(await stage.ask(subscribe(nameless, "/user")))).toBe(
      "403:/user:Only who has declared a name can be told something by it",
    );
    const alice = await enter("alice", "/**");
    expect(errorOf(await stage.ask({ channel: "/user", clientId: alice, data: 1 }))).toMatch(/^404:/);
    expect(await dispatch(["alice"])).toEqual(["unreachable"]);
  });

  it("that make no sense end the link, and nothing else", async () => {
    stage.dispatcher.dispatch(Buffer.from("{}"));
    expect(stage.dispatcher.link.closedFor).toBe("a dispatch made no sense");
    expect(stage.faults.counts().get("bridge.badDispatch")).toBe(1);
  });
});
