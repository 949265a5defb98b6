import { describe, expect, it } from "vitest";
import { RawIrc } from "../support/raw-irc.ts";
import { RawRoom } from "../support/raw-room.ts";
import { RawXmpp } from "../support/raw-xmpp.ts";
import { IRC_SERVERS, XMPP_SERVERS, type TestServer } from "../support/servers.ts";
import { childOf, textOf } from "../support/xml-stream.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";

const LOBBY = `lobby@${XMPP_SERVICE.mucDomain}`;

/** How somebody talks on a kind of server. */
interface Talk {
  connect(server: TestServer): Promise<AsyncDisposable>;
  /** Two people meet, and one hears the other. */
  meet(server: TestServer): Promise<void>;
  /** Resolves when the server has answered. @throws Error after the time given */
  ask(client: AsyncDisposable, timeoutMs: number): Promise<unknown>;
}

const irc: Talk = {
  connect: (server) => RawIrc.login(server, "zoe"),
  async meet(server) {
    await using ann = await RawIrc.login(server, "ann", "#lobby");
    await using bob = await RawIrc.login(server, "bob", "#lobby");
    bob.say("#lobby", "hello");
    expect(await ann.waitFor(/PRIVMSG/)).toMatch(/bob!.* PRIVMSG #lobby :hello$/);
  },
  async ask(client, timeoutMs) {
    if (!(client instanceof RawIrc)) throw new Error("not an IRC client");
    client.send("PING :are-you-there");
    return client.waitFor(/PONG .*are-you-there/, timeoutMs);
  },
};

const xmpp: Talk = {
  connect: (server) => RawXmpp.login(server),
  async meet(server) {
    await using ann = await RawXmpp.login(server);
    await using bob = await RawXmpp.login(server);
    const room = new RawRoom(bob, LOBBY, "bob");
    await new RawRoom(ann, LOBBY, "ann").join();
    await room.join();
    room.say("hello <& é 𝄞");
    const heard = await ann.waitFor((stanza) => childOf(stanza, "body") !== undefined, "what bob says");
    expect(heard.attributes["from"]).toBe(`${LOBBY}/bob`);
    expect(textOf(childOf(heard, "body"))).toBe("hello <& é 𝄞");
  },
  async ask(client, timeoutMs) {
    if (!(client instanceof RawXmpp)) throw new Error("not an XMPP client");
    client.send(`<iq type="get" id="there" to="${XMPP_SERVICE.guestDomain}"><ping xmlns="urn:xmpp:ping"/></iq>`);
    return client.waitFor(({ attributes }) => attributes["id"] === "there", "the answer", timeoutMs);
  },
};

const servers = [
  ...Object.entries(IRC_SERVERS).map(([name, start]) => [name, start, irc] as const),
  ...Object.entries(XMPP_SERVERS).map(([name, start]) => [name, start, xmpp] as const),
];

describe.each(servers)("the test server %s", (name, start, talk) => {
  it("carries a message, and keeps its address over stop, kill and start", async () => {
    await using server = await start();
    const { port } = server;
    expect(server.name).toBe(name);
    await talk.meet(server);
    await server.stop();
    await expect(talk.connect(server)).rejects.toThrow("could not connect");
    await server.start();
    await talk.meet(server);
    await server.kill();
    await expect(talk.connect(server)).rejects.toThrow("could not connect");
    await server.start();
    await talk.meet(server);
    expect(server.port).toBe(port);
  });

  it("answers nothing while it is frozen, and everything after", async () => {
    await using server = await start();
    await using client = await talk.connect(server);
    await server.freeze();
    await expect(talk.ask(client, 300)).rejects.toThrow("not within 300 ms");
    await server.thaw();
    await talk.ask(client, 5_000);
  });

  it("is gone when it is disposed of", async () => {
    const server = await start();
    await server[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await expect(talk.connect(server)).rejects.toThrow("could not connect");
  });
});

describe.each(Object.entries(XMPP_SERVERS))("the XMPP server %s", (_, start) => {
  it("keeps what was said in a room when it is killed", async () => {
    await using server = await start();
    expect(server.capabilities).toContain("http://jabber.org/protocol/muc");
    await xmpp.meet(server);
    await server.kill();
    await server.start();
    await using ann = await RawXmpp.login(server);
    await new RawRoom(ann, LOBBY, "ann").join();
    await ann.ask("set", LOBBY, `<query xmlns="urn:xmpp:mam:2"/>`);
    const archived = ann.stanzas.filter((stanza) => childOf(stanza, "result", "urn:xmpp:mam:2") !== undefined);
    expect(archived).toHaveLength(1);
    expect(JSON.stringify(archived)).toContain("hello <& é 𝄞");
  });

  it("lets the bridges' account in, no other one, and nobody makes one", async () => {
    await using server = await start();
    await using bridge = await RawXmpp.login(server, XMPP_SERVICE.account);
    expect(bridge.jid).toMatch(/^bridge@localhost\//);
    await expect(RawXmpp.login(server, { user: "bridge", password: "wrong" })).rejects.toThrow("not let in");
    await expect(RawXmpp.login(server, { user: "mallory", password: "x" })).rejects.toThrow("not let in");
    const register = `<query xmlns="jabber:iq:register"><username>mallory</username><password>x</password></query>`;
    await expect(bridge.ask("set", XMPP_SERVICE.domain, register)).rejects.toThrow("refused");
  });
});
