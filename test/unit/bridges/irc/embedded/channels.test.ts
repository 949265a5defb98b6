import { beforeEach, describe, expect, it } from "vitest";
import { FakeServer, type FakePeer } from "./fake-socket.ts";

describe("channels", () => {
  let server: FakeServer;
  let ann: FakePeer;
  let bob: FakePeer;
  beforeEach(async () => {
    server = new FakeServer();
    ann = await server.login("ann", "", "#a");
    bob = await server.login("bob");
  });

  it("tells a join to all, and the names to the one who joins", async () => {
    await ann.heard();
    expect(await bob.say("JOIN #A,#b")).toEqual([
      ":bob!~bob@localhost JOIN #a",
      ":test.server 353 bob = #a :@ann bob",
      ":test.server 366 bob #a :End of NAMES list",
      ":bob!~bob@localhost JOIN #b",
      ":test.server 353 bob = #b :@bob",
      ":test.server 366 bob #b :End of NAMES list",
    ]);
    expect(await ann.heard()).toEqual([":bob!~bob@localhost JOIN #a"]);
  });

  it("has no modes at first, and disappears with its last member", async () => {
    expect(await ann.say("MODE #a")).toContain(":test.server 324 ann #a +");
    await bob.say("JOIN #a");
    expect(await ann.say("PART #a :bye", "PART #a", "PART #no")).toEqual([
      ":bob!~bob@localhost JOIN #a",
      ":ann!~ann@localhost PART #a :bye",
      ":test.server 442 ann #a :You are not on that channel",
      ":test.server 403 ann #no :No such channel",
    ]);
    await bob.say("JOIN 0");
    expect(server.realm.channels.size).toBe(0);
  });

  it("bounds channels per client and on the server, and refuses wrong names", async () => {
    server = new FakeServer({ maxChannelsPerClient: 2, maxChannels: 3 });
    ann = await server.login("ann", "", "#a", "#b");
    expect(await ann.say("JOIN #c,b,:x")).toEqual([
      ":test.server 405 ann #c :You have joined too many channels",
      ":test.server 403 ann b :No such channel",
      ":test.server 403 ann x :No such channel",
    ]);
    bob = await server.login("bob", "", "#c");
    expect(await bob.say("JOIN #d")).toEqual([":test.server 437 bob #d :No more channels can be made on this server"]);
  });

  it("keeps out by +i, +k, +l and +b, and lets in who is invited", async () => {
    const cannot = (number: string, letter: string): string =>
      `:test.server ${number} bob #a :Cannot join channel (+${letter})`;
    await ann.say("MODE #a +i");
    expect(await bob.say("JOIN #a")).toEqual([cannot("473", "i")]);
    await ann.say("MODE #a -i+k secret");
    expect(await bob.say("JOIN #a", "JOIN #a wrong")).toEqual([cannot("475", "k"), cannot("475", "k")]);
    await ann.say("MODE #a -k+l * 1");
    expect(await bob.say("JOIN #a")).toEqual([cannot("471", "l")]);
    await ann.say("MODE #a -l+b bob");
    expect(await bob.say("JOIN #a")).toEqual([cannot("474", "b")]);
    await ann.heard();
    expect(await ann.say("INVITE bob #a")).toEqual([":test.server 341 ann bob #a"]);
    expect((await bob.say("JOIN #a")).slice(0, 2)).toEqual([
      ":ann!~ann@localhost INVITE bob #a",
      ":bob!~bob@localhost JOIN #a",
    ]);
    expect(await bob.say("PRIVMSG #a :banned")).toEqual([":test.server 404 bob #a :Cannot send to channel"]);
  });

  it("lets only operators and voiced members speak under +m", async () => {
    await bob.say("JOIN #a");
    await ann.say("MODE #a +m");
    await bob.heard();
    expect(await bob.say("PRIVMSG #a :x")).toEqual([":test.server 404 bob #a :Cannot send to channel"]);
    await ann.say("MODE #a +v bob");
    expect(await bob.say("PRIVMSG #a :x", "NAMES #a")).toEqual([
      ":ann!~ann@localhost MODE #a +v bob",
      ":test.server 353 bob = #a :@ann +bob",
      ":test.server 366 bob #a :End of NAMES list",
    ]);
  });

  it("announces only what changed, four changes a line, and answers what is wrong", async () => {
    await ann.heard();
    expect(
      await ann.say("MODE #a +ntn-n+isZZ", "MODE #a +k a,b", "MODE #a +l 0", "MODE #a +o", "MODE #a +o bob"),
    ).toEqual([
      ":test.server 472 ann Z :is unknown mode char to me",
      ":ann!~ann@localhost MODE #a +n+t-n+i",
      ":ann!~ann@localhost MODE #a +s",
      ":test.server 696 ann #a k a,b :Invalid mode parameter",
      ":test.server 696 ann #a l 0 :Invalid mode parameter",
      ":test.server 461 ann MODE :Not enough parameters",
      ":test.server 441 ann bob #a :They are not on that channel",
    ]);
    expect(await bob.say("MODE #a +o bob")).toEqual([":test.server 482 bob #a :You are not a channel operator"]);
  });

  it("lists bans to anybody, and bounds them", async () => {
    server = new FakeServer({ maxBans: 1 });
    ann = await server.login("ann", "", "#a");
    await ann.heard();
    expect(await ann.say("MODE #a +bb x y@z", "MODE #a b", "MODE #a -b x!*@*")).toEqual([
      ":test.server 478 ann #a *!y@z :Channel ban list is full",
      ":ann!~ann@localhost MODE #a +b x!*@*",
      `:test.server 367 ann #a x!*@* ann ${server.nowMs / 1_000}`,
      ":test.server 368 ann #a :End of channel ban list",
      ":ann!~ann@localhost MODE #a -b x!*@*",
    ]);
  });

  it("lets anybody set the topic, unless +t, and cuts it where 005 says", async () => {
    await bob.say("JOIN #a");
    await ann.heard();
    await bob.heard();
    expect(await bob.say("TOPIC #a", `TOPIC #a :${"x".repeat(400)}`)).toEqual([
      ":test.server 331 bob #a :No topic is set",
      `:bob!~bob@localhost TOPIC #a :${"x".repeat(300)}`,
    ]);
    await ann.say("MODE #a +t");
    await bob.heard();
    expect(await bob.say("TOPIC #a :mine")).toEqual([":test.server 482 bob #a :You are not a channel operator"]);
    expect(await (await server.login("cas")).say("JOIN #a")).toContain(`:test.server 332 cas #a :${"x".repeat(300)}`);
  });

  it("lets operators kick", async () => {
    await bob.say("JOIN #a");
    await bob.heard();
    expect(await bob.say("KICK #a ann")).toEqual([":test.server 482 bob #a :You are not a channel operator"]);
    await ann.say("KICK #a bob,nobody :enough");
    expect(await bob.heard()).toEqual([":ann!~ann@localhost KICK #a bob :enough"]);
    expect(server.realm.findClient("bob")?.channels.size).toBe(0);
  });

  it("hides a secret channel from outsiders", async () => {
    await ann.say("MODE #a +s");
    expect(await bob.say("LIST", "NAMES #a", "WHO #a", "TOPIC #a")).toEqual([
      ":test.server 321 bob Channel :Users  Name",
      ":test.server 323 bob :End of LIST",
      ":test.server 366 bob #a :End of NAMES list",
      ":test.server 315 bob #a :End of WHO list",
      ":test.server 442 bob #a :You are not on that channel",
    ]);
    expect((await bob.say("WHOIS ann")).join()).not.toContain(" 319 ");
  });

  it("splits the names of a full channel over lines that fit", async () => {
    for (let index = 0; index < 60; index += 1) await server.login(`${"n".repeat(20)}${index}`, "", "#a");
    await ann.heard();
    const lines = (await ann.say("NAMES #a")).filter((line) => line.includes(" 353 "));
    expect(lines.length).toBeGreaterThan(2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(510);
    expect(lines.flatMap((line) => line.split(" :")[1]?.split(" ") ?? [])).toHaveLength(61);
  });
});
