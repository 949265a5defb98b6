import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NetworkError } from "../../../../bridges/index.ts";
import { FakePuppets, type FakePuppet } from "../fake-puppets.ts";
import { NO_CONTEXT, type Message } from "../fakes.ts";
import { connect, dataOf, disconnect, publish, Stage, subscribe, unsubscribe } from "../stage.ts";

describe("Private channels", () => {
  let stage: Stage;
  let puppets: FakePuppets;
  beforeEach(async () => {
    stage = await Stage.start({ joinTimeoutMs: 2_000 });
    puppets = new FakePuppets(2);
    stage.network.puppets = puppets;
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const named = (name: string) => ({ tailspin: { name } });
  function enter(browser: string, name: string, ...channels: string[]): Promise<string> {
    stage.dispatcher.context = { ...NO_CONTEXT, browser };
    return stage.session(channels, named(name));
  }
  const waiting = (clientId: string): Promise<Message[]> => stage.ask(connect(clientId, { advice: { timeout: 0 } }));
  const hear = async (clientId: string) => dataOf(await waiting(clientId));
  const say = (puppet: FakePuppet | undefined, data: unknown) =>
    puppet?.owner.told({ data, from: "bob", timeMs: 0, id: `id-${String(data)}` });
  const errorOf = ([reply]: Message[]): unknown => reply?.["error"];

  it("bring what the puppet is told, to all tabs that are subscribed, and to nobody else", async () => {
    const one = await enter("a", "alice", "/user/alice", "/**");
    const other = await enter("a", "alice", "/user/alice");
    const third = await enter("a", "alice", "/lobby");
    say(puppets.all[0], "psst");
    expect(await waiting(one)).toMatchObject([
      {
        channel: "/user/alice",
        data: "psst",
        ext: { tailspin: { from: "bob", network: "fake", time: "1970-01-01T00:00:00.000Z", id: "id-psst" } },
      },
      { channel: "/meta/connect" },
    ]);
    expect(await hear(other)).toEqual(["psst"]);
    expect(await hear(third)).toEqual([]);
  });

  it("are not kept: a replay brings nothing", async () => {
    const one = await enter("a", "alice", "/user/alice");
    say(puppets.all[0], 1);
    const ext = { replay: { "/user/alice": -2 } };
    const other = await enter("a", "alice");
    expect(await stage.ask(subscribe(other, "/user/alice", { ext }))).toMatchObject([{ successful: true }]);
    expect(await hear(other)).toEqual([]);
    expect(await hear(one)).toEqual([1]);
  });

  it("end with the unsubscribe, and with the session", async () => {
    const one = await enter("a", "alice", "/user/alice");
    await stage.ask(unsubscribe(one, "/user/alice"));
    say(puppets.all[0], 1);
    expect(await hear(one)).toEqual([]);
    await stage.ask(subscribe(one, "/user/alice"), disconnect(one));
    expect(() => say(puppets.all[0], 2)).not.toThrow();
  });

  it("are no one else's: neither another's, nor that of a name which somebody else has", async () => {
    await enter("a", "alice", "/user/alice");
    const impostor = await enter("b", "alice");
    const refusal = await stage.ask(subscribe(impostor, ["/lobby", "/user/alice"]));
    expect(errorOf(refusal)).toBe("403:/user/alice:This private channel is not yours - yours is /user/alice-2");
    expect(await stage.ask(subscribe(impostor, "/user/alice-2"))).toMatchObject([{ successful: true }]);
    say(puppets.all[0], "for alice");
    say(puppets.all[1], "for the other");
    expect(await hear(impostor)).toEqual(["for the other"]);
    expect(errorOf(await stage.ask(subscribe(impostor, "/user/bob")))).toMatch(/^403:\/user\/bob:/);
  });

  it("need a user of its own, and say so where there is none", async () => {
    const nameless = await stage.session();
    expect(errorOf(await stage.ask(subscribe(nameless, "/user/alice")))).toMatch(/^403:.*declared a name/);
    await enter("a", "alice", "/lobby");
    await enter("b", "bob", "/lobby");
    const carol = await enter("c", "carol");
    expect(errorOf(await stage.ask(subscribe(carol, "/user/carol")))).toMatch(/^403:.*as many users on fake/);
    expect(errorOf(await stage.ask(publish(carol, "/user/bob", 1)))).toMatch(/^403:.*as many users on fake/);
    stage.network.puppets = undefined;
    const dave = await enter("d", "dave");
    expect(errorOf(await stage.ask(subscribe(dave, "/user/dave")))).toMatch(/^403:.*share one identity on fake/);
    expect(errorOf(await stage.ask(publish(dave, "/user/bob", 1)))).toMatch(/^403:.*share one identity on fake/);
    expect(stage.network.joins.map(({ channel }) => channel)).not.toContain("/user/bob");
  });

  it.each([
    ["/user/a/b", /^404:/],
    ["/user/*", /^403:.*No wildcards below \/user/],
    ["/user/**", /^403:/],
    ["/presence/user/alice", /^404:/],
  ])("are not %s", async (name, error) => {
    const alice = await enter("a", "alice");
    expect(errorOf(await stage.ask(subscribe(alice, name)))).toMatch(error);
    expect(stage.network.joins).toEqual([]);
  });

  it("are not brought by wildcards, even if the network has a channel of such a name", async () => {
    stage.network.existing = ["/user/alice", "/lobby"];
    await enter("a", "alice", "/**");
    expect(stage.network.joins.map(({ channel }) => channel)).toEqual(["/lobby"]);
  });

  it("let a browser say something to one person", async () => {
    const alice = await enter("a", "alice");
    const said = await stage.ask(publish(alice, "/user/bob@example~2eorg", { text: "psst" }));
    expect(said).toMatchObject([{ channel: "/user/bob@example~2eorg", successful: true }]);
    expect(puppets.all[0]?.told).toEqual([{ to: "bob@example.org", data: { text: "psst" } }]);
    const [puppet] = puppets.all;
    if (puppet) puppet.failure = new NetworkError("refused", "No such nick");
    expect(errorOf(await stage.ask(publish(alice, "/user/bob", 1)))).toBe(
      "403:/user/bob:The network refused: No such nick",
    );
  });

  it("are subscribed to when the network knows the user, or not at all", async () => {
    puppets.isObliging = false;
    const alice = await enter("a", "alice");
    const poll = stage.dispatcher.post(subscribe(alice, "/user/alice"));
    await stage.advance(1_000);
    expect(poll.messages).toEqual([]);
    await stage.advance(1_100);
    expect(errorOf(poll.messages)).toMatch(/^503:\/user\/alice:fake has not let this user in/);
    puppets.all[0]?.arrival.reject(new NetworkError("refused", "banned"));
    expect(errorOf(await stage.ask(subscribe(alice, "/user/alice")))).toBe(
      "403:/user/alice:The network refused: banned",
    );
  });
});
