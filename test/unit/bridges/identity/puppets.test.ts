import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NetworkError } from "../../../../bridges/index.ts";
import { FakePuppets } from "../fake-puppets.ts";
import { NO_CONTEXT } from "../fakes.ts";
import { dataOf, connect, disconnect, publish, Stage, subscribe, unsubscribe } from "../stage.ts";

const LINGER_MS = 3_000;
const LEAVE_MS = 10_000;

describe("Puppets", () => {
  let stage: Stage;
  let puppets: FakePuppets;
  beforeEach(async () => {
    stage = await Stage.start({ puppetLingerMs: LINGER_MS, leaveAfterMs: LEAVE_MS, maxSubscriptions: 3 });
    puppets = new FakePuppets(2);
    stage.network.puppets = puppets;
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  /** The browser of what is asked from now on. */
  function from(browser: string): void {
    stage.dispatcher.context = { ...NO_CONTEXT, browser };
  }
  const named = (name: string) => ({ tailspin: { name } });
  const enter = (name: string, ...channels: string[]) => stage.session(channels, named(name));
  const presentIn = (channel: string) =>
    puppets.present.filter(({ channels }) => channels.has(channel)).map(({ user }) => user.name);

  it("are there for those who have declared a name, from when they first have to do with the network", async () => {
    from("a");
    const nameless = await stage.session(["/lobby"]);
    await stage.ask(publish(nameless, "/lobby", 1));
    const alice = await enter("alice");
    expect(puppets.all).toEqual([]);
    await stage.ask(subscribe(alice, ["/lobby", "/desk"]));
    expect(presentIn("/lobby")).toEqual(["alice"]);
    expect(presentIn("/desk")).toEqual(["alice"]);
    expect(stage.network.published).toEqual([1]);
  });

  it("say what their browser publishes, in its order, and nothing goes by the shared connections", async () => {
    const alice = await enter("alice", "/lobby");
    const batch = [1, 2, 3].map((data) => publish(alice, "/lobby", data));
    expect(await stage.ask(...batch)).toMatchObject([{ successful: true }, { successful: true }, { successful: true }]);
    expect(puppets.all[0]?.published).toEqual([1, 2, 3].map((data) => ({ channel: "/lobby", data })));
    expect(stage.network.published).toEqual([]);
  });

  it("say nothing while the network is away: it waits, as it does without them", async () => {
    const alice = await enter("alice", "/lobby");
    stage.network.inbox?.down("gone");
    const poll = stage.dispatcher.post(publish(alice, "/lobby", 1));
    await stage.advance(1_000);
    expect(puppets.all[0]?.published).toEqual([]);
    stage.network.inbox?.up();
    await stage.advance();
    expect(poll.messages).toMatchObject([{ successful: true }]);
  });

  it("are one for the tabs of one browser, and stay in a channel until the last of them has left it", async () => {
    from("a");
    const one = await enter("alice", "/lobby");
    const other = await enter("alice", "/lobby");
    expect(puppets.all).toHaveLength(1);
    await stage.ask(unsubscribe(one, "/lobby"));
    expect(presentIn("/lobby")).toEqual(["alice"]);
    await stage.ask(disconnect(other));
    expect(presentIn("/lobby")).toEqual([]);
  });

  it("are two for two browsers that declare one name, and for pages without a cookie", async () => {
    from("a");
    await enter("alice", "/lobby");
    from("b");
    await enter("alice", "/lobby");
    expect(puppets.all).toHaveLength(2);
    await stage[Symbol.asyncDispose]();
    stage = await Stage.start();
    puppets = new FakePuppets(5);
    stage.network.puppets = puppets;
    await enter("alice", "/lobby");
    await enter("alice", "/lobby");
    expect(puppets.all).toHaveLength(2);
  });

  it("linger after the last session, so that a page which is loaded again finds itself there", async () => {
    from("a");
    await stage.ask(disconnect(await enter("alice", "/lobby")));
    await stage.advance(LINGER_MS - 500);
    await enter("alice", "/lobby");
    await stage.advance(2 * LINGER_MS);
    expect(puppets.all).toMatchObject([{ isReleased: false }]);
    await stage.ask(disconnect(await enter("alice", "/lobby")));
    expect(stage.bridge.census.puppets).toBe(1);
  });

  it("go some time after the last session", async () => {
    await stage.ask(disconnect(await enter("alice", "/lobby")));
    await stage.advance(LINGER_MS - 100);
    expect(puppets.present).toHaveLength(1);
    await stage.advance(1_200);
    expect(puppets.present).toEqual([]);
    expect(stage.bridge.census.puppets).toBe(0);
  });

  it("stay for a while where they only speak, and then leave", async () => {
    const alice = await enter("alice");
    await stage.ask(publish(alice, "/lobby", 1));
    await stage.advance(LEAVE_MS - 500);
    expect(presentIn("/lobby")).toEqual(["alice"]);
    await stage.advance(1_600);
    expect(presentIn("/lobby")).toEqual([]);
  });

  it("are in as many channels as a session may be, and publish in no more", async () => {
    const alice = await enter("alice", "/a", "/b");
    await stage.ask(publish(alice, "/c", 1));
    const [reply] = await stage.ask(publish(alice, "/d", 1));
    expect(reply?.["error"]).toMatch(/^429:channels of a user,3:/);
    expect(await stage.ask(subscribe(alice, "/d"))).toMatchObject([{ successful: true }]);
    expect(presentIn("/d")).toEqual([]);
    expect(stage.faults.counts().get("bridge.puppetChannels")).toBe(2);
  });

  it("are as many as may be; who comes later shares the bridge's connections for as long as it lives", async () => {
    from("a");
    const alice = await enter("alice", "/lobby");
    from("b");
    await enter("bob", "/lobby");
    from("c");
    const carol = await enter("carol", "/lobby");
    expect(stage.faults.counts().get("bridge.puppets")).toBe(1);
    from("a");
    await stage.ask(disconnect(alice));
    await stage.advance(LINGER_MS + 1_000);
    from("c");
    await stage.ask(publish(carol, "/lobby", "by the bridge"));
    expect(stage.network.published).toEqual(["by the bridge"]);
    expect(stage.network.publishes[0]?.publication?.from).toBe("carol");
    expect(puppets.all).toHaveLength(2);
  });

  it("make room when they only linger", async () => {
    from("a");
    await stage.ask(disconnect(await enter("alice", "/lobby")));
    from("b");
    await enter("bob", "/lobby");
    from("c");
    await enter("carol", "/lobby");
    expect(puppets.present.map(({ user }) => user.name)).toEqual(["bob", "carol"]);
  });

  it("are whom people see: only browsers without one are present as browsers", async () => {
    const watcher = await stage.session(["/presence/lobby"]);
    from("a");
    const alice = await enter("alice", "/lobby");
    await enter("bob", "/lobby");
    await enter("carol", "/lobby");
    await stage.ask(unsubscribe(alice, "/lobby"));
    stage.dispatcher.context = NO_CONTEXT;
    await stage.advance(1_000);
    const told = dataOf(await stage.ask(connect(watcher, { advice: { timeout: 0 } })));
    expect(told).toMatchObject([{ joined: { name: "carol", network: "web" } }]);
  });

  it("whose words come back unsent hold up nobody else, and their browser is told", async () => {
    from("a");
    const alice = await enter("alice", "/lobby");
    const [puppet] = puppets.all;
    if (puppet) puppet.failure = new NetworkError("unavailable", "no place for alice");
    const [reply] = await stage.ask(publish(alice, "/lobby", 1));
    expect(reply?.["error"]).toBe("503:/lobby:no place for alice");
    const bob = await stage.session(["/lobby"]);
    expect(await stage.ask(publish(bob, "/lobby", 2))).toMatchObject([{ successful: true }]);
  });

  it("are gone when the bridge stops", async () => {
    await enter("alice", "/lobby");
    await stage.bridge[Symbol.asyncDispose]();
    expect(puppets.present).toEqual([]);
  });
});
