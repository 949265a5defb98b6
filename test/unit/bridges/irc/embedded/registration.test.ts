import { beforeEach, describe, expect, it } from "vitest";
import { FakeServer } from "./fake-socket.ts";

describe("registration", () => {
  let server: FakeServer;
  beforeEach(() => {
    server = new FakeServer();
  });

  it("welcomes with 001 to 005 and a MOTD that says what the server is", async () => {
    const lines = await server.connect().say("PASS x", "NICK ann", "USER ann 0 * :Ann");
    const numerics = lines.map((line) => line.split(" ")[1]);
    expect(numerics.slice(0, 5)).toEqual(["001", "002", "003", "004", "005"]);
    expect(numerics.at(-1)).toBe("376");
    expect(lines.join("\n")).toContain("embedded IRC server, for development");
    const support = lines.filter((line) => line.includes(" 005 "));
    for (const token of ["NETWORK=TailSpin", "CASEMAPPING=ascii", "CHANNELLEN=64", "NICKLEN=30", "LINELEN=512"]) {
      expect(support.join(" ")).toContain(` ${token} `);
    }
    for (const line of support) expect(line.split(" :")[0]?.split(" ").length).toBeLessThanOrEqual(3 + 13);
  });

  it("waits for CAP END after CAP LS, and grants a request whole or not at all", async () => {
    const peer = server.connect();
    expect(await peer.say("CAP LS 302", "NICK ann", "USER ann 0 * :Ann")).toEqual([
      ":test.server CAP * LS :message-tags server-time echo-message",
    ]);
    expect(await peer.say("CAP REQ :server-time sasl")).toEqual([":test.server CAP ann NAK :server-time sasl"]);
    expect(await peer.say("CAP REQ :server-time echo-message")).toEqual([
      ":test.server CAP ann ACK :server-time echo-message",
    ]);
    expect(await peer.say("CAP REQ -echo-message", "CAP LIST", "CAP NONSENSE")).toEqual([
      ":test.server CAP ann ACK :-echo-message",
      ":test.server CAP ann LIST :server-time",
      ":test.server 410 ann NONSENSE :Invalid CAP command",
    ]);
    expect((await peer.say("CAP END"))[0]).toContain(" 001 ann ");
  });

  it("refuses nicks that are missing, wrong or taken, whatever their case", async () => {
    await server.login("ann");
    expect(await server.connect().say("NICK", "NICK 1x", "NICK ANN")).toEqual([
      ":test.server 431 * :No nickname given",
      ":test.server 432 * 1x :Erroneous nickname",
      ":test.server 433 * ANN :Nickname is already in use",
    ]);
  });

  it("answers what is too early, too late, too short or unknown", async () => {
    expect(await server.connect().say("JOIN #a", "USER a", "BOGUS x", "PING")).toEqual([
      ":test.server 451 * :You have not registered",
      ":test.server 461 * USER :Not enough parameters",
      ":test.server 421 * BOGUS :Unknown command",
      ":test.server 409 * :No origin specified",
    ]);
    const ann = await server.login("ann");
    expect(await ann.say("USER a 0 * :b", "PASS x", "__PROTO__", "PING :a b")).toEqual([
      ":test.server 462 ann :You may not register again",
      ":test.server 462 ann :You may not register again",
      ":test.server 421 ann __PROTO__ :Unknown command",
      ":test.server PONG test.server :a b",
    ]);
  });

  it("answers lines that are too long or hold a NUL, and counts them", async () => {
    const ann = await server.login("ann");
    expect(await ann.say("x".repeat(511), "x".repeat(9_999), "PRIVMSG ann :a\0b")).toEqual([
      ":test.server 417 ann :Input line was too long",
      ":test.server 417 ann :Input line was too long",
      ":test.server 400 ann * :A line must not contain NUL; it was ignored",
    ]);
    expect(server.realm.counters).toMatchObject({ linesTooLong: 2, linesRefused: 3 });
  });

  it("tells a change of nick to all who see it, and frees the old one", async () => {
    const ann = await server.login("ann", "", "#a", "#b");
    const bob = await server.login("bob", "", "#a", "#b");
    await ann.heard();
    expect(await ann.say("NICK Anna")).toEqual([":ann!~ann@localhost NICK :Anna"]);
    expect(await bob.heard()).toEqual([":ann!~ann@localhost NICK :Anna"]);
    expect(await bob.say("NICK ann")).toContain(":bob!~bob@localhost NICK :ann");
    expect(server.realm.findClient("ANNA")?.nick).toBe("Anna");
  });

  it("removes a client that quits, and tells its peers once", async () => {
    const ann = await server.login("ann", "", "#a", "#b");
    const bob = await server.login("bob", "", "#a", "#b");
    expect(await ann.say("QUIT :good night", "JOIN #c")).toContain("ERROR :Quit: good night");
    expect((await bob.heard()).filter((line) => line.includes("QUIT"))).toEqual([
      ":ann!~ann@localhost QUIT :Quit: good night",
    ]);
    expect([ann.socket.hasEnded, server.realm.clients.size]).toEqual([true, 1]);
  });

  it("times out who does not register, asks who is silent, and drops who stays so", async () => {
    const slow = server.connect();
    const ann = await server.login("ann");
    server.nowMs += 10_000;
    server.realm.sweep();
    expect(await slow.heard()).toEqual(["ERROR :Registration timed out"]);
    server.nowMs += 50_000;
    server.realm.sweep();
    expect(await ann.heard()).toEqual(["PING :test.server"]);
    server.nowMs += 29_000;
    await ann.say("PONG :test.server");
    server.nowMs += 59_000;
    server.realm.sweep();
    expect(await ann.heard()).toEqual([]);
    server.nowMs += 1_000;
    server.realm.sweep();
    server.nowMs += 30_000;
    server.realm.sweep();
    expect(await ann.heard()).toEqual(["PING :test.server", "ERROR :Ping timeout"]);
    expect(server.realm.counters).toMatchObject({ registrationsTimedOut: 1, pingsTimedOut: 1 });
  });
});
