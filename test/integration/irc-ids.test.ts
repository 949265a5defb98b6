import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { agreed, between, expectOneMeaning, expectSame } from "../support/common-ids.ts";
import { Gate } from "../support/gate.ts";
import { IrcBench } from "../support/irc-bench.ts";
import { startIrcNetwork as start, type StartedIrc } from "../support/irc-networks.ts";
import { startLinkedNgircd } from "../support/linked-ngircd.ts";
import { publication } from "../support/publication.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { replaceOnce, startVariant } from "../support/server-variants.ts";
import { Talk } from "../support/talk.ts";
import { startNgircd, type TestServer } from "../support/servers.ts";

const WAIT = { timeout: 20_000, interval: 5 };
/** A mark comes, or is given up for another reason. */
const FOR_EVER = { markTimeoutMs: 3_600_000 };

describe("message ids of ngIRCd, which has none", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startNgircd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("are the same over cut connections, kicks and members-only channels, whatever is said", async () => {
    await using bob = await RawIrc.login(server, "bob", "#steady");
    await using gate = await Gate.start(server);
    await using one = await start(server);
    await using two = await start(gate);
    await using three = await start(server);
    const all = [one, two, three] as const;
    for (const { network } of all) await network.join("/steady");
    await using talk = chatter(bob, "#steady");
    const first = await agreed("/steady", all);
    let cuts = 0;
    const cut = async (): Promise<void> => {
      gate.shut();
      gate.open();
      cuts += 1;
      await two.inbox.isUp(cuts + 1);
    };
    let kicks = 0;
    const kick = async (): Promise<void> => {
      bob.send(`KICK #steady tailspin${two.node} :out`);
      kicks += 1;
      await vi.waitFor(() => {
        // It is told when the bridge is back.
        const told = two.inbox.gaps.filter(({ reason }) => reason.startsWith("kicked"));
        expect(told).toHaveLength(kicks);
      }, WAIT);
    };
    const close = (): void => bob.send("MODE #steady +n");
    for (const disturb of [cut, kick, close, kick, cut]) {
      await disturb();
      const begin = await agreed("/steady", all);
      await talk.goesOn();
      await Promise.all(all.map(({ network, node }) => network.publish("/steady", publication({ node }, "alice"))));
      const end = await agreed("/steady", all);
      expectSame(between("/steady", begin, end, all), true);
    }
    await talk.ends();
    const last = await agreed("/steady", all);
    expectSame(between("/steady", first, last, [one, three]), true);
    expectOneMeaning(all);
    // Connections that mark are nobody that people see.
    for (const { inbox } of all) {
      const names = inbox.presences.flatMap((change) => ("member" in change ? change.member.name : []));
      expect(names.filter((name) => name.startsWith("tailspin"))).toEqual([]);
    }
  });

  it("are the same again after the server was killed", async () => {
    await using variant = await startVariant("ngircd", (text) => text);
    await using one = await start(variant.server);
    await using two = await start(variant.server);
    for (const name of ["/a", "/b"]) for (const { network } of [one, two]) await network.join(name);
    await agreed("/a", [one, two]);
    await variant.server.kill();
    await variant.server.start();
    await Promise.all([one, two].map(({ inbox }) => inbox.isUp(2)));
    for (const name of ["/a", "/b"]) {
      const begin = await agreed(name, [one, two]);
      await two.network.publish(name, publication({ text: "hello" }));
      const end = await agreed(name, [one, two]);
      expectSame(between(name, begin, end, [one, two]), true);
    }
    expectOneMeaning([one, two]);
  });

  it("are the same where channels are spread over several connections", async () => {
    await using variant = await startVariant("ngircd", (text) => replaceOnce(text, "MaxJoins = 0", "MaxJoins = 3"));
    await using one = await start(variant.server, FOR_EVER);
    await using two = await start(variant.server, FOR_EVER);
    const names = Array.from({ length: 8 }, (_, index) => `/room${index}`);
    for (const name of names) await one.network.join(name);
    for (const name of names.toReversed()) await two.network.join(name);
    await Promise.all(names.map((name) => two.network.publish(name, publication({ name }))));
    await vi.waitFor(() => expect(one.inbox.messages).toHaveLength(names.length), WAIT);
    const idsOf = ({ inbox }: StartedIrc): readonly string[] =>
      inbox.messages.map(({ channel, id }) => `${channel} ${id}`).toSorted();
    expect(idsOf(one)).toEqual(idsOf(two));
    expect(new Set(one.inbox.messages.map(({ id }) => id)).size).toBe(names.length);
  });

  it("are the same on one of two linked servers, and mean nothing on the other", async () => {
    await using servers = await startLinkedNgircd();
    await using ann = await RawIrc.login(servers.a, "ann", "#linked");
    await using bob = await RawIrc.login(servers.b, "bob", "#linked");
    await using one = await start(servers.a);
    await using two = await start(servers.a);
    await using other = await start(servers.b);
    const all = [one, two, other] as const;
    for (const { network } of all) await network.join("/linked");
    // A server hears of it later than we do.
    const begin = await agreed("/linked", [one, two]);
    await using near = chatter(ann, "#linked");
    await using far = chatter(bob, "#linked");
    await near.goesOn();
    await far.goesOn();
    await Promise.all([near.ends(), far.ends()]);
    const end = await agreed("/linked", [one, two]);
    expectSame(between("/linked", begin, end, [one, two]), true);
    const heard = one.inbox.messages.length;
    await vi.waitFor(() => expect(other.inbox.messages.length).toBeGreaterThanOrEqual(heard), WAIT);
    const ids = new Set(one.inbox.messages.map(({ id }) => id));
    expect(other.inbox.messages.filter(({ id }) => ids.has(id))).toEqual([]);
    expectOneMeaning(all);
  });

  it("are each bridge's own where the connection that marks is not let in, and the operator hears of it", async () => {
    await using op = await RawIrc.login(server, "op", "#closed");
    await using one = await start(server, FOR_EVER);
    await one.network.join("/closed");
    await using two = new IrcBench(server.port, { node: 901, ...FOR_EVER });
    await two.inbox.isUp();
    op.send("MODE #closed +i");
    op.send("INVITE tailspin901 #closed");
    await op.taken();
    expect(await two.join("/closed")).toBe("accepted");
    for (let n = 0; n < 3; n += 1) op.say("#closed", `${n}`);
    await vi.waitFor(() => expect([one, two].map(({ inbox }) => inbox.messages.length)).toEqual([3, 3]), WAIT);
    expect(new Set([one, two].flatMap(({ inbox }) => inbox.messages.map(({ id }) => id))).size).toBe(6);
    const hint = expect.stringMatching(/\+I/);
    expect(two.warnings).toMatchObject([{ msg: "no place could be marked in a channel", channel: "/closed", hint }]);
  });

  it("are each bridge's own where the server does not show user names, and the operator hears of it", async () => {
    const change = (text: string): string => replaceOnce(text, "[Options]", "[Options]\n    CloakUserToNick = yes");
    await using variant = await startVariant("ngircd", change);
    await using one = await start(variant.server, FOR_EVER);
    await using two = new IrcBench(variant.server.port, { node: 902, ...FOR_EVER });
    await two.inbox.isUp();
    await one.network.join("/cloaked");
    expect(await two.join("/cloaked")).toBe("accepted");
    expect(await two.say("/cloaked", "hello")).toBe("accepted");
    await vi.waitFor(() => expect(one.inbox.messages).toHaveLength(1), WAIT);
    expect(one.inbox.messages[0]?.id).not.toBe(two.inbox.messages[0]?.id);
    const hint = expect.stringMatching(/CloakUserToNick/);
    expect(two.warnings).toMatchObject([{ msg: "no place could be marked in a channel", hint }]);
  });

  it("are never those of earlier messages where somebody pretends to be a mark that was there before", async () => {
    await using one = await start(server);
    await using two = await start(server);
    await using mallory = await RawIrc.connect(server.host, server.port);
    mallory.send("NICK tailspin99m");
    mallory.send("USER 0abcdefg 0 * :mallory");
    await mallory.waitFor(/ (376|422) /);
    for (const { network } of [one, two]) await network.join("/pretended");
    for (let round = 0; round < 4; round += 1) {
      await mallory.join("#pretended");
      for (let n = 0; n < 3; n += 1) mallory.say("#pretended", `${round} ${n}`);
      mallory.send("PART #pretended");
      await one.network.publish("/pretended", publication({ round }));
    }
    await vi.waitFor(() => expect(two.inbox.messages).toHaveLength(16), WAIT);
    expect(one.inbox.json).toEqual(two.inbox.json);
    expectOneMeaning([one, two]);
    await two.network.leave("/pretended");
    await two.network.join("/pretended");
    const begin = await agreed("/pretended", [one, two]);
    const end = await agreed("/pretended", [one, two]);
    expectSame(between("/pretended", begin, end, [one, two]), true);
  });
});

/** Somebody who says all kinds of things. */
function chatter(irc: RawIrc, ircChannel: string): Talk {
  return new Talk((n) => {
    // A text, a request that is for nobody to read, a notice, and what only looks like a piece of something.
    irc.say(ircChannel, `line ${n}`);
    irc.say(ircChannel, "\x01VERSION\x01");
    irc.send(`NOTICE ${ircChannel} :notice ${n}`);
    irc.say(ircChannel, `~abcd 1/2 ${n}`);
    irc.say(ircChannel.toUpperCase(), `loud ${n}`);
    return irc.taken();
  });
}
