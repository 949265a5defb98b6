import { beforeEach, describe, expect, it } from "vitest";
import { FakeServer, type FakePeer } from "./fake-socket.ts";

describe("people", () => {
  let server: FakeServer;
  let ann: FakePeer;
  let bob: FakePeer;
  beforeEach(async () => {
    server = new FakeServer();
    ann = await server.login("ann", "", "#a");
    bob = await server.login("bob", "", "#b");
    await ann.heard();
    await bob.heard();
  });

  it("answers WHO for a channel, a nick and a mask, and hides who is +i", async () => {
    const row = (channel: string, nick: string, flags: string): string =>
      `:test.server 352 bob ${channel} ~${nick} localhost test.server ${nick} ${flags} :0 ${nick}`;
    expect(await bob.say("WHO #a", "WHO ann", "WHO")).toEqual([
      row("#a", "ann", "H@"),
      ":test.server 315 bob #a :End of WHO list",
      row("*", "ann", "H"),
      ":test.server 315 bob ann :End of WHO list",
      row("*", "ann", "H"),
      row("*", "bob", "H"),
      ":test.server 315 bob * :End of WHO list",
    ]);
    expect(await ann.say("MODE ann +i", "MODE ann", "MODE ann +x", "MODE bob +i")).toEqual([
      ":ann!~ann@localhost MODE ann +i",
      ":test.server 221 ann +i",
      ":test.server 501 ann :Unknown MODE flag",
      ":test.server 502 ann :Cannot change mode for other users",
    ]);
    expect(await bob.say("WHO *")).toEqual([row("*", "bob", "H"), ":test.server 315 bob * :End of WHO list"]);
  });

  it("answers WHOIS and WHOWAS", async () => {
    server.nowMs += 5_000;
    const signOn = server.nowMs / 1_000 - 5;
    expect(await bob.say("WHOIS ann", "WHOIS server nobody", "WHOWAS ann")).toEqual([
      ":test.server 311 bob ann ~ann localhost * :ann",
      ":test.server 319 bob ann :@#a",
      ":test.server 312 bob ann test.server :TailSpin's embedded development server",
      `:test.server 317 bob ann 5 ${signOn} :seconds idle, signon time`,
      ":test.server 318 bob ann :End of WHOIS list",
      ":test.server 401 bob nobody :No such nick",
      ":test.server 318 bob nobody :End of WHOIS list",
      ":test.server 406 bob ann :This server keeps no record of former nicks",
      ":test.server 369 bob ann :End of WHOWAS",
    ]);
  });

  it("answers USERHOST and ISON", async () => {
    await ann.say("AWAY :lunch");
    expect(await bob.say("USERHOST ann nobody BOB", "ISON ann nobody BOB", "ISON nobody")).toEqual([
      ":test.server 302 bob :ann=-~ann@localhost bob=+~bob@localhost",
      ":test.server 303 bob :ann bob",
      ":test.server 303 bob :",
    ]);
  });

  it("answers LIST for all, for names and for masks, with a bound", async () => {
    expect(await bob.say("LIST", "LIST #A,#x", "LIST *b,1,2,3,4,5")).toEqual([
      ":test.server 321 bob Channel :Users  Name",
      ":test.server 322 bob #a 1 :",
      ":test.server 322 bob #b 1 :",
      ":test.server 323 bob :End of LIST",
      ":test.server 321 bob Channel :Users  Name",
      ":test.server 322 bob #a 1 :",
      ":test.server 323 bob :End of LIST",
      ":test.server 407 bob 4 :Too many targets; this one and those after it were ignored",
      ":test.server 321 bob Channel :Users  Name",
      ":test.server 322 bob #b 1 :",
      ":test.server 323 bob :End of LIST",
    ]);
  });

  it("answers VERSION, TIME, LUSERS and MOTD", async () => {
    const lines = await bob.say("VERSION", "TIME", "LUSERS", "MOTD");
    const numerics = lines.map((line) => line.split(" ")[1]);
    expect(numerics.slice(0, 5)).toEqual(["351", "391", "251", "254", "255"]);
    expect(numerics.slice(5).filter((number) => number !== "372")).toEqual(["375", "376"]);
  });
});
