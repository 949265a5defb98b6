import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startIrcNetwork } from "../support/irc-networks.ts";
import { FakeIrcd } from "../unit/bridges/irc/fake-ircd.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, startInspircd, startNgircd, type TestServer } from "../support/servers.ts";

const WAIT = { timeout: 10_000, interval: 5 };
const ODD = 'a; b\\c {"x":["ä €"]} = \r\n end ';

describe.each([
  ["inspircd", startInspircd],
  ["embedded", startEmbedded],
])("announcements on %s", (_name, startServer) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("reach the other bridges of the channel, not ourselves, and people do not see them", async () => {
    await using ann = await RawIrc.connect(server.host, server.port);
    await ann.register("ann", ["server-time"]);
    await ann.join("#a");
    await using one = await startIrcNetwork(server);
    await using two = await startIrcNetwork(server);
    await using three = await startIrcNetwork(server);
    for (const { network } of [one, two, three]) await network.join("/a");
    await three.network.join("/b");
    expect(one.network.announce("/a", ODD)).toBe(true);
    expect(one.network.announce("/a", "x".repeat(3_800))).toBe(true);
    expect(three.network.announce("/b", "elsewhere")).toBe(true);
    const peer = `tailspin${one.node}`;
    for (const { inbox } of [two, three]) {
      await vi.waitFor(() => expect(inbox.announcements).toHaveLength(2), WAIT);
      expect(inbox.announcements[0]).toEqual({ channel: "/a", peer, text: ODD });
    }
    await ann.taken();
    expect(one.inbox.announcements).toEqual([]);
    expect(ann.lines.filter((line) => / TAGMSG #/.test(line))).toEqual([]);
    expect([one, two, three].flatMap(({ inbox }) => inbox.messages)).toEqual([]);
  });

  it("are not sent where they do not fit, or we are not", async () => {
    await using one = await startIrcNetwork(server);
    expect(one.network.announce("/a", "not in it")).toBe(false);
    await one.network.join("/a");
    for (const text of ["", "x".repeat(3_801), ";".repeat(1_901), "€".repeat(1_267), "\0", "\ud800"]) {
      expect(one.network.announce("/a", text)).toBe(false);
    }
    await one.network[Symbol.asyncDispose]();
    expect(one.network.announce("/a", "closed")).toBe(false);
  });

  it("are taken from bridges that are in the channel only", async () => {
    await using eve = await RawIrc.connect(server.host, server.port);
    await eve.register("eve", ["message-tags"]);
    await eve.join("#taken");
    eve.send("MODE #taken -n");
    await using spy = await RawIrc.connect(server.host, server.port);
    await spy.register("tailspin888", ["message-tags"]);
    await using one = await startIrcNetwork(server);
    await one.network.join("/taken");
    eve.send("@+tailspin/p=no TAGMSG #taken");
    spy.send("@+tailspin/p=outside TAGMSG #taken");
    await spy.taken();
    await spy.join("#taken");
    spy.send("@+other=1 TAGMSG #taken");
    spy.send("@+tailspin/p=inside TAGMSG #taken");
    await vi.waitFor(() => expect(one.inbox.announcements).not.toEqual([]), WAIT);
    expect(one.inbox.announcements).toEqual([{ channel: "/taken", peer: "tailspin888", text: "inside" }]);
  });

  it("end with their bridge: when it leaves, is thrown out, renamed, or gone", async () => {
    await using op = await RawIrc.login(server, "op", "#end");
    await using one = await startIrcNetwork(server);
    await one.network.join("/end");
    const left = (): string[] => one.inbox.calls.filter((call) => call.startsWith("peerLeft"));
    const ends = ["PART #end", "NICK tailspin905", "QUIT :bye"];
    for (const [index, line] of ends.entries()) {
      await using peer = await RawIrc.connect(server.host, server.port);
      await peer.register(`tailspin90${index}`, ["message-tags"]);
      await peer.join("#end");
      peer.send("@+tailspin/p=here TAGMSG #end");
      peer.send(line);
      await vi.waitFor(() => expect(left()).toHaveLength(index + 1), WAIT);
      expect(left().at(-1)).toBe(`peerLeft /end tailspin90${index}`);
    }
    await using kicked = await RawIrc.connect(server.host, server.port);
    await kicked.register("tailspin904", ["message-tags"]);
    await kicked.join("#end");
    kicked.send("@+tailspin/p=here TAGMSG #end");
    await kicked.taken();
    op.send("KICK #end tailspin904 :out");
    await vi.waitFor(() => expect(left()).toHaveLength(4), WAIT);
  });

  it("end as well for a bridge that left while we were away", async () => {
    await using op = await RawIrc.login(server, "op2", "#away");
    await using one = await startIrcNetwork(server);
    await one.network.join("/away");
    await using stays = await startIrcNetwork(server);
    await stays.network.join("/away");
    await using goes = await startIrcNetwork(server);
    await goes.network.join("/away");
    for (const { network } of [stays, goes]) expect(network.announce("/away", "here")).toBe(true);
    await vi.waitFor(() => expect(one.inbox.announcements).toHaveLength(2), WAIT);
    const kicks = [one, goes].map(({ node }) => `KICK #away tailspin${node} :out\r\n`);
    // Both in one write: the one that asks sees nothing of the other's leaving.
    op.sendBytes(`MODE #away +b tailspin${goes.node}!*@*\r\n${kicks.join("")}`);
    await vi.waitFor(() => expect(one.inbox.calls).toContain(`peerLeft /away tailspin${goes.node}`), WAIT);
    expect(one.inbox.calls).not.toContain(`peerLeft /away tailspin${stays.node}`);
  });

  it("are wanted again by both sides when a bridge was away", async () => {
    await using op = await RawIrc.login(server, "op3", "#back");
    await using one = await startIrcNetwork(server);
    await using two = await startIrcNetwork(server);
    await two.network.join("/back");
    await one.network.join("/back");
    const [first, second] = [`peerJoined /back tailspin${one.node}`, `peerJoined /back tailspin${two.node}`];
    await vi.waitFor(() => expect(two.inbox.calls).toContain(first), WAIT);
    // Who comes for the first time has announced nothing that the others could have forgotten.
    expect(one.inbox.calls).not.toContain(second);
    op.send(`KICK #back tailspin${one.node} :out`);
    await vi.waitFor(() => expect(one.inbox.calls).toContain(second), WAIT);
    expect(two.inbox.calls.filter((call) => call.startsWith("peer"))).toEqual([first, first]);
  });
});

describe("announcements and the nicks of bridges", () => {
  it("are not about connections that only send, nor about ourselves; a new nick of ours is a newcomer", async () => {
    await using ircd = await FakeIrcd.start();
    ircd.supported = "CHANLIMIT=#:1";
    await using bridge = await startIrcNetwork({ host: "127.0.0.1", port: ircd.port }, { node: 1 });
    await bridge.network.join("/a");
    await bridge.network.join("/b");
    const told = (): readonly string[] => bridge.inbox.calls.filter((call) => call.startsWith("peer"));
    for (const nick of ["tailspin2s1", "tailspin2s0", "ann", "tailspin1r2"]) ircd.show(nick, "JOIN #a");
    ircd.show("TailSpin2", "JOIN :#A");
    await vi.waitFor(() => expect(told()).toHaveLength(1), WAIT);
    ircd.show("tailspin2r2", "JOIN #b");
    const came = ["peerJoined /a tailspin2", "peerJoined /b tailspin2r2"];
    await vi.waitFor(() => expect(told()).toEqual(came), WAIT);
    ircd.show("tailspin1", "NICK :tailspin1_");
    await vi.waitFor(() => expect(told()).toEqual([...came, "peerJoined /a tailspin2"]), WAIT);
  });
});

describe("announcements on ngircd", () => {
  it("cannot be carried", async () => {
    await using server = await startNgircd();
    await using one = await startIrcNetwork(server);
    await one.network.join("/a");
    expect(one.network.announce("/a", "hello")).toBe(false);
  });
});
