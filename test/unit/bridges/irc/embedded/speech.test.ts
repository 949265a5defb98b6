import { beforeEach, describe, expect, it } from "vitest";
import { FakeServer, type FakePeer } from "./fake-socket.ts";

const time = "2026-11-21T00:00:00.000Z";

describe("speech", () => {
  let server: FakeServer;
  let ann: FakePeer;
  let bob: FakePeer;
  beforeEach(async () => {
    server = new FakeServer();
    ann = await server.login("ann", "", "#a");
    bob = await server.login("bob", "message-tags server-time echo-message", "#a");
    await ann.heard();
    await bob.heard();
  });

  it("reaches the members of a channel, each with the tags it asked for, and not the speaker", async () => {
    expect(await ann.say("PRIVMSG #A :hello  caf\u00e9 ")).toEqual([]);
    expect(await bob.heard()).toEqual([`@msgid=m1;time=${time} :ann!~ann@localhost PRIVMSG #a :hello  caf\u00e9 `]);
  });

  it("echoes to a speaker who asked for it, with the msgid that others see", async () => {
    const cas = await server.login("cas", "message-tags", "#a");
    await bob.heard();
    await cas.heard();
    expect(await bob.say("@+x=1;typ=2 NOTICE #a :hi")).toEqual([
      `@msgid=m1;time=${time};+x=1 :bob!~bob@localhost NOTICE #a :hi`,
    ]);
    expect(await cas.heard()).toEqual(["@msgid=m1;+x=1 :bob!~bob@localhost NOTICE #a :hi"]);
    expect(await ann.heard()).toEqual([":cas!~cas@localhost JOIN #a", ":bob!~bob@localhost NOTICE #a :hi"]);
  });

  it("carries TAGMSG only to those with message-tags, and drops tags of a client without", async () => {
    expect(await bob.say("@+typing=active TAGMSG #a")).toHaveLength(1);
    expect(await ann.heard()).toEqual([]);
    await ann.say("@+x=1 PRIVMSG #a :no tags", "@+x=1 TAGMSG bob");
    expect(await bob.heard()).toEqual([
      `@msgid=m2;time=${time} :ann!~ann@localhost PRIVMSG #a :no tags`,
      `@msgid=m3;time=${time} :ann!~ann@localhost TAGMSG bob`,
    ]);
  });

  it("relays 4,094 bytes of client tags whole", async () => {
    const tags = `+tailspin/d=${"x".repeat(4_082)}`;
    expect(await bob.say(`@${tags} PRIVMSG #a :hi`)).toEqual([
      `@msgid=m1;time=${time};${tags} :bob!~bob@localhost PRIVMSG #a :hi`,
    ]);
    expect(await bob.say(`@${tags}y PRIVMSG #a :hi`)).toEqual([":test.server 417 bob :Input line was too long"]);
  });

  it("reaches a channel from outside, unless +n", async () => {
    const cas = await server.login("cas");
    expect(await cas.say("PRIVMSG #a :from outside")).toEqual([]);
    expect(await ann.heard()).toEqual([":cas!~cas@localhost PRIVMSG #a :from outside"]);
    await ann.say("MODE #a +n");
    expect(await cas.say("PRIVMSG #a :again")).toEqual([":test.server 404 cas #a :Cannot send to channel"]);
  });

  it("says why nothing was sent", async () => {
    expect(await ann.say("PRIVMSG", "PRIVMSG #a", "PRIVMSG #a :", "PRIVMSG #no :x", "NOTICE nobody :x")).toEqual([
      ":test.server 411 ann :No recipient given (PRIVMSG)",
      ":test.server 412 ann :No text to send",
      ":test.server 412 ann :No text to send",
      ":test.server 403 ann #no :No such channel",
      ":test.server 401 ann nobody :No such nick",
    ]);
  });

  it("bounds the targets of one line", async () => {
    const heard = await ann.say("PRIVMSG bob,#a,bob,#a,bob,#a :x");
    expect(heard).toEqual([":test.server 407 ann bob :Too many targets; this one and those after it were ignored"]);
    expect(await bob.heard()).toHaveLength(4);
  });

  it("relays a text that fills a line of 512 bytes, and refuses a longer one instead of cutting it", async () => {
    const room = 512 - 2 - ":ann!~ann@localhost PRIVMSG #a :".length;
    expect(await ann.say(`PRIVMSG #a :${"x".repeat(room)}`)).toEqual([]);
    expect((await bob.heard())[0]?.endsWith(`:${"x".repeat(room)}`)).toBe(true);
    expect((await ann.say(`PRIVMSG #a :${"x".repeat(room + 1)}`))[0]).toMatch(
      /^:test\.server 417 ann :Nothing was sent/,
    );
    expect(await bob.heard()).toEqual([]);
  });

  it("answers with the away text, to PRIVMSG only", async () => {
    expect(await bob.say("AWAY :lunch")).toEqual([":test.server 306 bob :You have been marked as being away"]);
    expect(await ann.say("PRIVMSG bob :x", "NOTICE bob :x")).toEqual([":test.server 301 ann bob :lunch"]);
    expect(await bob.say("AWAY")).toContain(":test.server 305 bob :You are no longer marked as being away");
  });

  it("passes bytes that are not UTF-8 through unchanged", async () => {
    const cas = await server.login("cas", "", "#a");
    await cas.heard();
    ann.connection.receive(Buffer.concat([Buffer.from("PRIVMSG #a :"), Buffer.from([0xff, 0xc3, 0x0a])]));
    await ann.heard();
    expect(cas.socket.writes.join("")).toBe(":ann!~ann@localhost PRIVMSG #a :\u00ff\u00c3\r\n");
  });
});
