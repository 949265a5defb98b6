import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { XmppNetwork, xmppSchema } from "../../bridges/xmpp/index.ts";
import { textsOf } from "../support/cometd-client.ts";
import type { LocalStack } from "../support/local-stack.ts";
import { openPage, PUPPET_PARTS, PUPPET_SETTINGS, startPuppetStack } from "../support/puppet-stack.ts";
import { RawRoom } from "../support/raw-room.ts";
import { RawXmpp } from "../support/raw-xmpp.ts";
import { startProsody, type TestServer } from "../support/servers.ts";
import { childOf, textOf, type XmlElement } from "../support/xml-stream.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";

const [DOMAIN = ""] = XMPP_SERVICE.componentDomains;
const WAIT = { timeout: 10_000, interval: 10 };

describe("puppets on XMPP", () => {
  let server: TestServer;
  let count = 0;
  beforeAll(async () => {
    server = await startProsody();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  function startStack(): Promise<LocalStack> {
    const config = xmppSchema.parse({
      component: DOMAIN,
      secret: XMPP_SERVICE.componentSecret,
      host: server.host,
      port: server.otherPorts["component"],
      mucService: XMPP_SERVICE.mucDomain,
      tls: "none",
      ...PUPPET_SETTINGS,
    });
    return startPuppetStack(new XmppNetwork(config, PUPPET_PARTS));
  }

  /** A channel of its own for each test, and its room as bob sees it. */
  async function enter(bob: RawXmpp): Promise<{ channel: string; room: RawRoom }> {
    const name = `room${count++}`;
    const room = new RawRoom(bob, `${name}@${XMPP_SERVICE.mucDomain}`, "bob");
    await room.join();
    return { channel: `/${name}`, room };
  }
  /** The nicks that have come into a room, and not left it. */
  const nicksIn = ({ jid }: RawRoom, { stanzas }: RawXmpp): string[] => {
    const nicks = new Set<string>();
    for (const { name, attributes } of stanzas) {
      const [bare, nick = ""] = (attributes["from"] ?? "").split("/");
      if (name !== "presence" || bare !== jid || nick === "") continue;
      if (attributes["type"] === "unavailable") nicks.delete(nick);
      else nicks.add(nick);
    }
    return [...nicks].sort();
  };
  const affiliationOf = (presence: XmlElement): string | undefined => {
    const x = childOf(presence, "x", "http://jabber.org/protocol/muc#user");
    return x && childOf(x, "item")?.attributes["affiliation"];
  };
  const isPrivate = ({ name, attributes }: XmlElement): boolean => name === "message" && attributes["type"] === "chat";

  it("are seen in the room, and say what their browsers publish, in order", async () => {
    await using stack = await startStack();
    await using bob = await RawXmpp.login(server);
    const { channel, room } = await enter(bob);
    await using alice = await openPage(stack, "Alice Smith");
    await using other = await openPage(stack, "carol");
    const heard = await other.subscribe(channel);
    await alice.subscribe(channel);
    await vi.waitFor(() => expect(nicksIn(room, bob)).toEqual(["Alice Smith", "bob", "carol", "tailspin1"]), WAIT);
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(texts.map((text) => alice.publish(channel, { text })));
    expect(answers.every(({ successful }) => successful === true)).toBe(true);
    expect(await alice.publish(channel, { move: ["e2", "e4"] })).toMatchObject({ successful: true });
    await vi.waitFor(() => expect(heard).toHaveLength(21), WAIT);
    expect(textsOf(heard.slice(0, 20))).toEqual(texts);
    expect(heard[20]).toMatchObject({ data: { move: ["e2", "e4"] }, ext: { tailspin: { from: "Alice Smith" } } });
    await vi.waitFor(() => expect(room.heard).toHaveLength(21), WAIT);
    expect(room.texts.slice(0, 20)).toEqual(texts);
    expect(new Set(room.heard.map(({ attributes }) => attributes["from"]))).toEqual(
      new Set([`${room.jid}/Alice Smith`]),
    );
  });

  it("are one presence: neither browsers nor people see a user twice", async () => {
    await using stack = await startStack();
    await using bob = await RawXmpp.login(server);
    const { channel, room } = await enter(bob);
    await using alice = await openPage(stack, "alice");
    const presence = await alice.subscribe(`/presence${channel}`);
    await alice.subscribe(channel);
    const id = `xmpp:${room.jid}/alice`;
    await vi.waitFor(
      () => expect(presence.at(-1)?.data).toEqual({ joined: { id, name: "alice", network: "xmpp" } }),
      WAIT,
    );
    expect(presence.map(({ data }) => JSON.stringify(data)).filter((data) => data.includes("web"))).toEqual([]);
  });

  it("are told things, and tell things, in private", async () => {
    await using stack = await startStack();
    await using bob = await RawXmpp.login(server);
    await using alice = await openPage(stack, "alice");
    const heard = await alice.subscribe("/user/alice");
    bob.send(`<message to="alice@${DOMAIN}" type="chat" id="p1"><body>psst</body></message>`);
    await vi.waitFor(() => expect(textsOf(heard)).toEqual(["psst"]), WAIT);
    const [bare = ""] = bob.jid.split("/");
    expect(heard[0]?.ext).toMatchObject({ tailspin: { from: bare, network: "xmpp" } });
    const back = `/user/${bare.replaceAll(".", "~2e")}`;
    expect(await alice.publish(back, { text: "yes?" })).toMatchObject({ successful: true });
    const answer = await bob.waitFor(isPrivate, "a private message");
    expect(answer.attributes["from"]).toBe(`alice@${DOMAIN}/tailspin`);
    expect(textOf(childOf(answer, "body"))).toBe("yes?");
  });

  it("are told things by people in rooms, who need not show their addresses, and answer there", async () => {
    await using stack = await startStack();
    await using bob = await RawXmpp.login(server);
    const { channel, room } = await enter(bob);
    await using alice = await openPage(stack, "alice");
    await alice.subscribe(channel);
    const heard = await alice.subscribe("/user/alice");
    await vi.waitFor(() => expect(nicksIn(room, bob)).toContain("alice"), WAIT);
    bob.send(`<message to="${room.jid}/alice" type="chat"><body>you there?</body></message>`);
    await vi.waitFor(() => expect(textsOf(heard)).toEqual(["you there?"]), WAIT);
    expect(heard[0]?.ext).toMatchObject({ tailspin: { from: `${room.jid}/bob` } });
    const back = `/user/${`${room.jid}/bob`.replaceAll(".", "~2e").replaceAll("/", "~2f")}`;
    expect(await alice.publish(back, { text: "yes" })).toMatchObject({ successful: true });
    expect(textOf(childOf(await bob.waitFor(isPrivate, "an answer"), "body"))).toBe("yes");
    const nobody = back.replace(/bob$/, "nobody");
    expect(await alice.publish(nobody, { text: "?" })).toMatchObject({
      successful: false,
      error: expect.stringMatching(/^403:.*The network refused/),
    });
  });

  it("hear of it when nobody is there, and so do people who write to nobody", async () => {
    await using stack = await startStack();
    await using bob = await RawXmpp.login(server);
    await using alice = await openPage(stack, "alice");
    const answer = await alice.publish("/user/nobody@localhost", { text: "hello?" });
    expect(answer).toMatchObject({ successful: false, error: expect.stringMatching(/^403:.*The network refused/) });
    expect(await alice.publish("/user/bob", { text: "hello?" })).toMatchObject({
      successful: false,
      error: expect.stringMatching(/^403:.*addresses such as/),
    });
    bob.send(`<message to="dave@${DOMAIN}" type="chat" id="p2"><body>psst</body></message>`);
    const bounced = await bob.waitFor(({ attributes }) => attributes["id"] === "p2", "an answer");
    expect(bounced.attributes["type"]).toBe("error");
  });

  it("are two for two browsers with one name: the second has another name, and its own private channel", async () => {
    await using stack = await startStack();
    await using bob = await RawXmpp.login(server);
    const { channel, room } = await enter(bob);
    await using first = await openPage(stack, "alice");
    const mine = await first.subscribe("/user/alice");
    await first.subscribe(channel);
    await using second = await openPage(stack, "alice");
    await second.subscribe(channel);
    await vi.waitFor(() => expect(nicksIn(room, bob)).toEqual(["alice", "alice-2", "bob", "tailspin1"]), WAIT);
    await expect(second.subscribe("/user/alice")).rejects.toThrow(/403:.*yours is/);
    const its = await second.subscribe(`/user/alice-2@${DOMAIN.replaceAll(".", "~2e")}`);
    bob.send(`<message to="alice-2@${DOMAIN}" type="chat"><body>to the second</body></message>`);
    bob.send(`<message to="alice@${DOMAIN}" type="chat"><body>to the first</body></message>`);
    await vi.waitFor(() => expect(textsOf(mine)).toEqual(["to the first"]), WAIT);
    expect(textsOf(its)).toEqual(["to the second"]);
  });

  it("cannot be taken for a bridge", async () => {
    await using stack = await startStack();
    await using bob = await RawXmpp.login(server);
    const { channel, room } = await enter(bob);
    await using rogue = await openPage(stack, "tailspin2");
    await rogue.subscribe(channel);
    await vi.waitFor(() => expect(nicksIn(room, bob)).toEqual(["bob", "tailspin1", "tailspin2-2"]), WAIT);
  });

  it("are one for two tabs, stay while one of them is there, and go some time after the last", async () => {
    await using stack = await startStack();
    await using bob = await RawXmpp.login(server);
    const { channel, room } = await enter(bob);
    const browser = randomUUID();
    const one = await openPage(stack, "alice", browser);
    const other = await openPage(stack, "alice", browser);
    await one.subscribe(channel);
    await other.subscribe(channel);
    await vi.waitFor(() => expect(nicksIn(room, bob)).toEqual(["alice", "bob", "tailspin1"]), WAIT);
    await one[Symbol.asyncDispose]();
    expect(await other.publish(channel, { text: "still here" })).toMatchObject({ successful: true });
    await vi.waitFor(() => expect(room.texts).toEqual(["still here"]), WAIT);
    expect(nicksIn(room, bob)).toContain("alice");
    await other[Symbol.asyncDispose]();
    // It has spoken, so it stays until it has lingered.
    await vi.waitFor(() => expect(stack.bridge.census.puppets).toBe(0), WAIT);
    await vi.waitFor(() => expect(nicksIn(room, bob)).toEqual(["bob", "tailspin1"]), WAIT);
  });

  it("own no room, not even where they are the first to speak", async () => {
    await using stack = await startStack();
    await using alice = await openPage(stack, "alice");
    const name = `room${count++}`;
    expect(await alice.publish(`/${name}`, { text: "first" })).toMatchObject({ successful: true });
    await using bob = await RawXmpp.login(server);
    const room = new RawRoom(bob, `${name}@${XMPP_SERVICE.mucDomain}`, "bob");
    await room.join();
    await vi.waitFor(() => expect(nicksIn(room, bob)).toEqual(["alice", "bob", "tailspin1"]), WAIT);
    const owners = bob.stanzas.filter((stanza) => stanza.name === "presence" && affiliationOf(stanza) === "owner");
    expect(owners.map(({ attributes }) => attributes["from"])).toEqual([`${room.jid}/tailspin1`]);
  });

  it("come back with the server, and speak again", async () => {
    await using stack = await startStack();
    await using alice = await openPage(stack, "alice");
    const channel = `/room${count++}`;
    const heard = await alice.subscribe(channel);
    expect(await alice.publish(channel, { text: "before" })).toMatchObject({ successful: true });
    await server.kill();
    await server.start();
    await vi.waitFor(
      async () => expect(await alice.publish(channel, { text: "after" })).toMatchObject({ successful: true }),
      {
        timeout: 15_000,
        interval: 200,
      },
    );
    await vi.waitFor(() => expect(textsOf(heard)).toContain("after"), WAIT);
    expect(heard.at(-1)?.ext).toMatchObject({ tailspin: { from: "alice" } });
  });
});
