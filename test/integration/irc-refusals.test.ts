import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nickCandidates } from "../../bridges/irc/nicks.ts";
import { FakeIrcd, type FakeClient } from "../unit/bridges/irc/fake-ircd.ts";
import { IrcBench } from "../support/irc-bench.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startInspircd, startNgircd } from "../support/servers.ts";

const WAIT = { timeout: 10_000, interval: 5 };
const SASL = { sasl: { mechanism: "plain", account: "bot", password: "secret" } };

describe("what a server refuses", () => {
  let ircd: FakeIrcd;
  beforeEach(async () => {
    ircd = await FakeIrcd.start();
  });
  afterEach(() => ircd[Symbol.asyncDispose]());

  /** A server that registers only after CAP END, and judges logins. */
  const withSasl = (offers: string, judge: (client: FakeClient, line: string) => void): void => {
    ircd.script = (client, command, line) => {
      if (line === "CAP LS 302") client.send(`:srv CAP * LS :${offers}`);
      else if (line.startsWith("CAP REQ")) client.send(`:srv CAP * ACK ${line.slice(8)}`);
      else if (command === "AUTHENTICATE" && !/ (?:PLAIN|EXTERNAL)$/.test(line)) judge(client, line);
      else if (command === "AUTHENTICATE") client.send("AUTHENTICATE +");
      else if (line === "CAP END") client.send(`:srv 001 ${client.nick} :Welcome`);
      else if (command !== "USER") return false;
      return true;
    };
  };

  it("logs in by SASL PLAIN before it registers", async () => {
    withSasl("sasl=PLAIN,EXTERNAL", (client, line) => {
      const isRight = Buffer.from(line.slice(13), "base64").toString() === "bot\0bot\0secret";
      client.send(`:srv ${isRight ? 903 : 904} ${client.nick} :SASL`);
    });
    await using bench = new IrcBench(ircd.port, SASL);
    await bench.inbox.isUp();
    expect(ircd.lines.filter((line) => line.endsWith("CAP END"))).toHaveLength(2);
  });

  it.each([
    ["a wrong password", "sasl=PLAIN", / failed: Invalid credentials \(904\)/],
    ["a server without SASL", "multi-prefix", / failed: the server has no SASL/],
    ["a server without capabilities", "", / failed: the server welcomed us without it/],
    ["an unknown mechanism", "sasl=SCRAM-SHA-256", / failed: the server does not know the mechanism/],
  ])("does not go on without its account after %s, and does not hammer", async (_what, offers, reason) => {
    withSasl(offers, (client) => client.send(`:srv 904 ${client.nick} :Invalid credentials`));
    await using bench = new IrcBench(ircd.port, SASL);
    await vi.waitFor(() => expect(bench.warnings).toHaveLength(1), WAIT);
    expect(bench.warnings[0]).toMatchObject({ reason: expect.stringMatching(reason) as string });
    expect(bench.warnings[0]?.hint).toContain("irc.sasl");
    expect(bench.inbox.calls).toEqual([]);
    expect(ircd.lines.filter((line) => line.endsWith("CAP LS 302")).length).toBeLessThanOrEqual(2);
  });

  it("does not go on where all connections of its account have one nick", async () => {
    withSasl("sasl=PLAIN", (client) => client.send(`:srv 903 ${client.nick} :SASL`));
    const judged = ircd.script;
    ircd.script = (client, command, line) => {
      if (line !== "CAP END") return judged(client, command, line);
      client.nick = "bot";
      client.send(":srv 001 bot :Welcome");
      return true;
    };
    await using bench = new IrcBench(ircd.port, SASL);
    await vi.waitFor(() => expect(bench.warnings).toHaveLength(1), WAIT);
    expect(bench.warnings[0]).toMatchObject({
      reason: expect.stringMatching(/calls us bot, after our account, and not tailspin1/) as string,
      hint: expect.stringMatching(/nicks of their own/) as string,
    });
    expect(bench.inbox.calls).toEqual([]);
  });

  it.each(["403", "405", "437", "471", "473", "474", "475", "477", "479"])(
    "tells %s once, and in the error of every subscribe",
    async (numeric) => {
      ircd.script = (client, command) => {
        if (command === "JOIN") client.send(`:srv ${numeric} ${client.nick} #a :Not you`);
        return command === "JOIN";
      };
      await using bench = new IrcBench(ircd.port, { maxReceivers: 1 });
      await bench.inbox.isUp();
      const words = `refused: Not you (${numeric})`;
      for (let attempt = 0; attempt < 3; attempt += 1) expect(await bench.join("/a")).toBe(words);
      expect(bench.warnings).toHaveLength(1);
      expect(bench.warnings[0]?.hint).toBeTruthy();
    },
  );

  it("tells a refused message once, with the server's words in each error", async () => {
    ircd.script = (client, command) => {
      if (command !== "PRIVMSG") return false;
      client.send(`:srv 404 ${client.nick} #a :Cannot send to channel (+m)`);
      return true;
    };
    await using bench = new IrcBench(ircd.port);
    await bench.inbox.isUp();
    await bench.join("/a");
    for (const text of ["one", "two"]) expect(await bench.say("/a", text)).toContain("Cannot send to channel (+m)");
    expect(bench.warnings).toMatchObject([{ msg: "message refused by the server" }]);
    expect(bench.warnings[0]?.hint).toContain("voice");
  });

  it("tells a flood disconnect with the limits to lift, and a kill with who did it", async () => {
    await using bench = new IrcBench(ircd.port);
    await bench.inbox.isUp();
    const end = (line: string): void => {
      const client = ircd.client("tailspin1");
      client.send(line);
      client.socket.end();
    };
    end("ERROR :Closing link: (tailspin@127.0.0.1) [Excess Flood]");
    await bench.inbox.isUp(2);
    expect(bench.warnings[0]?.hint).toMatch(/MaxPenaltyTime = 0.*commandrate/);
    end(":oper!o@h KILL tailspin1 :enough");
    await vi.waitFor(() => expect(bench.inbox.downs).toHaveLength(2), WAIT);
    expect(bench.inbox.downs[1]).toBe("killed by oper: enough");
  });

  it("asks for its nick again when a server renames it, and takes the answer for nothing else", async () => {
    await using bench = new IrcBench(ircd.port, { pingIntervalMs: 20, rejoinIntervalMs: 30 });
    await bench.inbox.isUp();
    await bench.join("/a");
    const sender = ircd.client("tailspin1s1");
    let refusals = 0;
    ircd.script = (client, command, line) => {
      if (command !== "NICK") return false;
      refusals += 1;
      if (refusals < 3) client.send(`:srv 433 ${client.nick} ${line.slice(5)} :Nickname is already in use.`);
      else {
        client.send(`:${client.nick}!u@h NICK ${line.slice(5)}`);
        client.nick = line.slice(5);
      }
      return true;
    };
    sender.send(":tailspin1s1!u@h NICK 1AAAAAAAB");
    sender.nick = "1AAAAAAAB";
    // Any of ours will do.
    await vi.waitFor(() => expect(nickCandidates("tailspin", "1s1")).toContain(sender.nick), WAIT);
    expect(await bench.say("/a", "hello")).toBe("accepted");
    expect(bench.warnings).toMatchObject([{ msg: "renamed by the server, asking for our nick again" }]);
  });

  it.each([
    ["ngircd", startNgircd],
    ["inspircd", startInspircd],
  ])("joins a channel with a key on a real %s, senders included", async (_name, start) => {
    await using server = await start();
    await using op = await RawIrc.login(server, "op", "#locked", "#other");
    for (const name of ["#locked", "#other"]) {
      op.send(`MODE ${name} +nk sesame`);
      await op.waitFor(/ MODE \S+ :?\+/);
    }
    await using bench = new IrcBench(server.port, { keys: { "/locked": "sesame", "/other": "wrong" } });
    await bench.inbox.isUp();
    expect(await bench.join("/locked")).toBe("accepted");
    expect(await bench.say("/locked", "hello")).toBe("accepted");
    expect(await bench.join("/other")).toMatch(/^refused: .*\(475\)/);
    expect(bench.warnings[0]?.hint).toContain("irc.keys");
  });
});
