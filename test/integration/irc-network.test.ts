import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IrcNetwork, ircSchema } from "../../bridges/irc/index.ts";
import { RecordingInbox } from "../contract/network/inbox.ts";
import { FakeIrcd } from "../unit/bridges/irc/fake-ircd.ts";
import { publication } from "../support/publication.ts";

const WAIT = { timeout: 5_000, interval: 5 };

describe("IrcNetwork", () => {
  let ircd: FakeIrcd;
  let network: IrcNetwork;
  let inbox: RecordingInbox;
  let logged: { level: number; msg: string; reason?: string }[];

  const start = (settings: object = {}): void => {
    const config = ircSchema.parse({ reconnectMinMs: 5, reconnectMaxMs: 20, senders: 1, ...settings });
    let count = 0;
    logged = [];
    inbox = new RecordingInbox();
    network = new IrcNetwork(
      { ...config, host: "127.0.0.1", port: ircd.port },
      {
        node: 1,
        log: pino({}, { write: (line: string) => void logged.push(JSON.parse(line) as (typeof logged)[number]) }),
        now: Date.now,
        random: Math.random,
        newId: () => `id-${count++}`,
      },
    );
    network.start(inbox);
  };
  const startIn = async (channel: string, settings: object = {}): Promise<void> => {
    start(settings);
    await inbox.isUp();
    await network.join(channel);
  };
  const say = (text: string, channel = "/a"): Promise<string> =>
    network.publish(channel, publication({ text })).then(
      () => "accepted",
      (error: unknown) => (error instanceof Error && "kind" in error ? `${String(error.kind)}: ${error.message}` : "?"),
    );
  const texts = (): unknown[] => inbox.messages.map(({ data }) => data);

  beforeEach(async () => {
    ircd = await FakeIrcd.start();
  });
  afterEach(async () => {
    await network[Symbol.asyncDispose]();
    await ircd[Symbol.asyncDispose]();
  });

  it("takes another nick when its own is in use or not allowed, and still knows itself", async () => {
    ircd.script = (client, command, line) => {
      if (command !== "NICK" || !["NICK tailspin1", "NICK tailspin1s1"].includes(line)) return false;
      client.send(`:srv ${line.endsWith("s1") ? 432 : 433} * ${line.slice(5)} :No`);
      return true;
    };
    // The real server registers only after a nick that it took.
    const refuse = ircd.script;
    ircd.script = (client, command, line) => {
      if (command === "NICK" && refuse(client, command, line) === true) return true;
      if (command === "USER" && client.nick === "*") return true;
      if (command !== "NICK") return false;
      client.nick = line.slice(5);
      client.send(`:srv 001 ${client.nick} :Welcome`);
      return true;
    };
    await startIn("/a");
    expect([...ircd.clients].map(({ nick }) => nick).toSorted()).toEqual(["tailsp1s1", "tailspin1_"]);
    expect(await say("hello")).toBe("accepted");
    expect(network.members("/a")).toEqual([{ id: "irc:ann", name: "ann" }]);
  });

  it("acknowledges what it hears of itself, so that a server with Nagle's algorithm goes on, and nothing that others say", async () => {
    await startIn("/a");
    ircd.show("ann", "PRIVMSG #a :hello");
    await vi.waitFor(() => expect(texts()).toEqual([{ text: "hello" }]), WAIT);
    expect(await say("hello, ann")).toBe("accepted");
    await vi.waitFor(() => expect(ircd.lines).toContain("tailspin1 PONG :heard"), WAIT);
    expect(ircd.lines.filter((line) => line.includes("PONG :heard"))).toHaveLength(1);
  });

  it("tells once that a server cannot be used, and goes on trying", async () => {
    let isOpen = false;
    let tries = 0;
    ircd.script = (client, command) => {
      if (isOpen || command !== "USER") return false;
      tries += 1;
      client.send("ERROR :go away");
      client.socket.end();
      return true;
    };
    start();
    await vi.waitFor(() => expect(tries).toBeGreaterThan(6), WAIT);
    isOpen = true;
    await inbox.isUp();
    expect(logged.filter(({ level }) => level >= 40)).toMatchObject([{ level: 40, reason: "go away" }]);
    expect(inbox.downs).toEqual([]);
  });

  it("gives up a server that does not register it in time", async () => {
    let connections = 0;
    ircd.script = (_client, command) => {
      if (command === "USER") connections += 1;
      return true;
    };
    start({ registrationTimeoutMs: 40 });
    await vi.waitFor(() => expect(connections).toBeGreaterThan(4), WAIT);
    expect(logged.at(-1)?.reason).toMatch(/did not register us in time/);
  });

  it("lives on malformed lines, and leaves a server whose line does not end", async () => {
    await startIn("/a");
    const { socket } = ircd.client("tailspin1");
    const odd = ["CAP", ":", "@", "@a=b", ":x", ":x JOIN", "PRIVMSG", ":a!b@c PRIVMSG", "353", "366", "BATCH", "001"];
    for (const line of [
      ...odd,
      "KICK",
      "NICK",
      ":tailspin1 NICK",
      "005",
      "PONG",
      "FAIL",
      "433",
      "\0\xff",
      "CAP * NAK",
    ]) {
      socket.write(`${line}\r\n`);
    }
    expect(await say("still here")).toBe("accepted");
    expect(inbox.downs).toEqual([]);
    ircd.client("tailspin1").socket.write("x".repeat(20_000));
    await inbox.isUp(2);
    expect(inbox.gaps.map(({ channel }) => channel)).toEqual(["/a"]);
  });

  it("knows from a later echo that the server dropped a message", async () => {
    ircd.script = (_client, command, line) => command === "PRIVMSG" && line.endsWith(":one");
    await startIn("/a");
    const results = await Promise.all([say("one"), say("two")]);
    expect(results).toEqual(["refused: the server dropped it", "accepted"]);
  });

  it("takes a line that the server changed for the one it sent", async () => {
    ircd.script = (client, command, line) => {
      if (command === "PRIVMSG") ircd.show(client.nick, line.replace("damn", "****"));
      return command === "PRIVMSG";
    };
    await startIn("/a");
    expect(await say("damn it")).toBe("accepted");
    expect(texts()).toEqual([{ text: "**** it" }]);
  });

  it("finds the message that a refusal is about, though an earlier one is still on its way", async () => {
    ircd.script = (client, command, line) => {
      if (command !== "PRIVMSG") return false;
      if (line.endsWith(":no")) client.send(`:srv 404 ${client.nick} #a :Cannot send to channel`);
      else ircd.show(client.nick, line);
      return true;
    };
    await startIn("/a");
    const results = await Promise.all(["yes", "no", "ok", "no"].map((text) => say(text)));
    expect(results.map((result) => result.slice(0, 8))).toEqual(["accepted", "refused:", "accepted", "refused:"]);
    expect(results[1]).toContain("Cannot send to channel");
  });

  it("accepts what comes back after its sending connection died, and else says unknown", async () => {
    let killed = 0;
    ircd.script = (client, command, line) => {
      if (command !== "PRIVMSG" || killed > 1) return false;
      killed += 1;
      client.socket.destroy();
      if (line.endsWith(":heard")) setTimeout(() => ircd.show("tailspin1s1", line), 50);
      return true;
    };
    await startIn("/a");
    expect(await say("heard")).toBe("accepted");
    expect(await say("lost")).toMatch(/^unknown: /);
    expect(await say("again")).toBe("accepted");
    expect(inbox.downs).toEqual([]);
  });

  it("goes by another sending connection while a channel's own is away", async () => {
    await startIn("/a", { senders: 2 });
    expect(await say("before")).toBe("accepted");
    const first = ircd.lines.find((line) => line.includes("PRIVMSG"))?.split(" ")[0] ?? "";
    ircd.script = (client, command) => command === "USER" && client.nick === first;
    ircd.client(first).socket.destroy();
    await vi.waitFor(
      () => expect(logged.some(({ msg }) => msg.startsWith("sending connection lost"))).toBe(true),
      WAIT,
    );
    expect(await say("after")).toBe("accepted");
    expect(inbox.downs).toEqual([]);
  });

  it("says unknown of what was sent when the receiving connection is lost, and unavailable of the rest", async () => {
    ircd.script = (_client, command) => command === "PRIVMSG";
    await startIn("/a", { maxInFlightBytes: 30 });
    const results = Promise.all([say("sent"), say("waits"), say("waits too")]);
    await vi.waitFor(() => expect(ircd.lines.some((line) => line.includes("PRIVMSG"))).toBe(true), WAIT);
    ircd.client("tailspin1").socket.destroy();
    expect((await results).map((result) => result.split(":")[0])).toEqual(["unknown", "unavailable", "unavailable"]);
    ircd.script = () => false;
    await inbox.isUp(2);
    expect(await say("back")).toBe("accepted");
  });

  it("keeps what is on its way, and what waits, within bounds", async () => {
    let echo = false;
    const held: (() => void)[] = [];
    ircd.script = (client, command, line) => {
      if (command !== "PRIVMSG" || echo) return false;
      held.push(() => ircd.show(client.nick, line));
      return true;
    };
    await startIn("/a", { maxInFlightBytes: 1_000, maxQueuedBytes: 4_000 });
    const results = Promise.all(Array.from({ length: 60 }, (_, number) => say(`${number} `.padEnd(90, "x"))));
    await vi.waitFor(() => expect(held.length).toBeGreaterThan(5), WAIT);
    await network.join("/b");
    expect(held.length).toBeLessThan(10);
    echo = true;
    for (const release of held) release();
    const counts = Object.groupBy(await results, (result) => result);
    expect(counts["accepted"]?.length).toBeGreaterThan(40);
    expect(counts["unavailable: too much is waiting to be sent"]?.length).toBeGreaterThan(5);
    expect(Object.keys(counts)).toHaveLength(2);
  });

  it("writes the real name of a channel with a cut name into its topic", async () => {
    const long = `/${"long/".repeat(10)}name`;
    await startIn(long);
    await vi.waitFor(() => expect(ircd.lines.some((line) => line.endsWith(` :${long}`))).toBe(true), WAIT);
    expect(ircd.lines.find((line) => line.includes(" TOPIC "))).toMatch(/^tailspin1 TOPIC #long\.\S{26} :/);
    expect(await say("hello", long)).toBe("accepted");
    expect(inbox.messages[0]?.channel).toBe(long);
  });

  it("does not deliver what the server replays", async () => {
    await startIn("/a");
    const receiver = ircd.client("tailspin1");
    receiver.send("BATCH +7 chathistory #a");
    receiver.send("@batch=7 :ann!u@h PRIVMSG #a :long ago");
    receiver.send("BATCH -7");
    receiver.send("@time=2026-01-02T03:04:05.678Z;msgid=m1 :ann!u@h NOTICE #A :now");
    await vi.waitFor(() => expect(inbox.messages).toHaveLength(1), WAIT);
    const timeMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    expect(inbox.messages).toEqual([{ channel: "/a", data: { text: "now" }, from: "ann", timeMs, id: "m1" }]);
  });

  it("tells a gap when a long message breaks off", async () => {
    await startIn("/a", { chunkTimeoutMs: 100 });
    ircd.show("tailspin2s1", "PRIVMSG #a :~abcd 1/2 [1");
    ircd.show("tailspin2s1", "PRIVMSG #a :hello");
    ircd.show("tailspin2s1", "PRIVMSG #a :~abce 2/2 ]");
    ircd.show("tailspin2s1", "PRIVMSG #a :<bob> ~abcf 1/2 [1");
    await vi.waitFor(() => expect(inbox.gaps).toHaveLength(3), WAIT);
    expect(inbox.gaps.map(({ reason }) => reason)).toEqual([
      "a long message from tailspin2s1 broke off",
      "the beginning of a long message from tailspin2s1 was not seen",
      "the end of a long message from tailspin2s1 did not come",
    ]);
    expect(texts()).toEqual([{ text: "hello" }]);
  });

  it("fails a join that the server does not answer", async () => {
    ircd.script = (_client, command) => command === "JOIN";
    start({ joinTimeoutMs: 50 });
    await inbox.isUp();
    await expect(network.join("/a")).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("keeps trying to come back to a channel that it was banned from, and tells the gap", async () => {
    let isBanned = false;
    ircd.script = (client, command) => {
      if (command !== "JOIN" || !isBanned) return false;
      client.send(`:srv 474 ${client.nick} #a :Cannot join channel (+b)`);
      return true;
    };
    await startIn("/a", { rejoinIntervalMs: 100 });
    isBanned = true;
    ircd.show("op", "KICK #a tailspin1 :bye");
    await vi.waitFor(() => expect(inbox.gaps).toHaveLength(1), WAIT);
    expect(inbox.gaps[0]?.reason).toBe("kicked by op: bye; cannot join again: Cannot join channel (+b) (474)");
    expect(await say("out")).toBe(
      "refused: not in the channel: kicked by op: bye; cannot join again: Cannot join channel (+b) (474)",
    );
    isBanned = false;
    await vi.waitFor(async () => expect(await say("in")).toBe("accepted"), WAIT);
  });
});
