import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startIrcNetwork, type StartedIrc } from "../support/irc-networks.ts";
import { publication } from "../support/publication.ts";
import { FakeIrcd } from "../unit/bridges/irc/fake-ircd.ts";

const WAIT = { timeout: 5_000, interval: 5 };

describe("speaking in browsers' names", () => {
  let ircd: FakeIrcd;
  let bridge: StartedIrc;
  let refusal: string | null;
  const start = async (settings: object = {}): Promise<void> => {
    bridge = await startIrcNetwork({ host: "127.0.0.1", port: ircd.port }, { node: 1, senders: 1, ...settings });
    for (const channel of ["/a", "/b"]) await bridge.network.join(channel);
  };
  const say = (data: unknown, from: string | null, channel = "/a") =>
    bridge.network.publish(channel, publication(data, from));
  const written = () =>
    ircd.lines.filter((line) => / (RELAYMSG|PRIVMSG|BATCH) /.test(line)).map((line) => line.replace(/^\S+ /, ""));
  const heard = () => bridge.inbox.messages.map(({ from, data }) => [from, data]);

  beforeEach(async () => {
    ircd = await FakeIrcd.start();
    ircd.capabilities = "batch message-tags draft/relaymsg=/";
    refusal = null;
    ircd.script = (client, command, line) => {
      if (command !== "RELAYMSG") return false;
      const [, tags = "", to = "", nick = "", text = ""] = /^(?:@(\S+) )?RELAYMSG (\S+) (\S+) :(.*)$/.exec(line) ?? [];
      if (refusal !== null) client.send(`:srv FAIL RELAYMSG ${refusal} :No`);
      else ircd.show(nick, `PRIVMSG ${to} :${text}`, `@draft/relaymsg=${client.nick}${tags === "" ? "" : ";"}${tags} `);
      return true;
    };
  });
  afterEach(async () => {
    await bridge[Symbol.asyncDispose]();
    await ircd[Symbol.asyncDispose]();
  });

  it("is done where the server has it, and read back as the browser's name", async () => {
    await start();
    const long = { items: "x".repeat(6_000) };
    await say({ text: "hello" }, "alice");
    await say({ text: "waves", action: true }, "alice");
    await say({ text: "hi", more: 1 }, "alice");
    await say(long, "alice");
    await say({ text: "<mallory> hi" }, "bob");
    await say({ text: "nobody" }, null);
    await say({ text: "not a nick" }, "Ålice 🎷");
    await say({ text: "too long a nick" }, "a".repeat(27));
    expect(heard()).toEqual([
      ["alice", { text: "hello" }],
      ["alice", { text: "waves", action: true }],
      ["alice", { text: "hi", more: 1 }],
      ["alice", long],
      ["bob", { text: "<mallory> hi" }],
      ["tailspin1s1", { text: "nobody" }],
      ["Ålice 🎷", { text: "not a nick" }],
      ["a".repeat(27), { text: "too long a nick" }],
    ]);
    const lines = written();
    expect(lines.slice(0, 2)).toEqual(["RELAYMSG #a alice/web :hello", "RELAYMSG #a alice/web :\x01ACTION waves\x01"]);
    expect(lines.slice(-3)).toEqual([
      "PRIVMSG #a :nobody",
      "PRIVMSG #a :<Ålice 🎷> not a nick",
      `PRIVMSG #a :<${"a".repeat(27)}> too long a nick`,
    ]);
    expect(bridge.inbox.gaps).toEqual([]);
  });

  it("goes back to names before the text when the server says no, for good, and loses nothing", async () => {
    refusal = "PRIVS_NEEDED";
    await start();
    const texts = ["one", "two", "three"];
    const channels = ["/a", "/b", "/a"];
    await Promise.all(texts.map((text, index) => say({ text }, "alice", channels[index])));
    await say({ items: "x".repeat(6_000) }, "alice");
    refusal = null;
    await say({ text: "four" }, "alice");
    expect(heard().filter(([, data]) => "text" in (data as object))).toEqual(
      [...texts, "four"].map((text) => ["alice", { text }]),
    );
    expect(written().filter((line) => line.startsWith("RELAYMSG"))).toHaveLength(1);
    expect(bridge.inbox.messages).toHaveLength(5);
    // A new connection may be allowed more.
    ircd.client("tailspin1s1").socket.destroy();
    await vi.waitFor(
      () => expect(ircd.lines.filter((line) => line.includes("NICK tailspin1s1"))).toHaveLength(2),
      WAIT,
    );
    await vi.waitFor(() => say({ text: "five" }, "alice"), WAIT);
    expect(written().at(-1)).toBe("RELAYMSG #a alice/web :five");
  });

  it("begins a long message again that was refused with its first line", async () => {
    refusal = "NOT_ENABLED";
    await start();
    const long = { items: "x".repeat(6_000) };
    await Promise.all([say(long, "alice"), say({ text: "after" }, "alice")]);
    expect(heard()).toEqual([
      ["alice", long],
      ["alice", { text: "after" }],
    ]);
  });

  it("knows by its label whose message was refused, though refusals name no channel", async () => {
    ircd.capabilities += " labeled-response";
    const relay = ircd.script;
    const held: (() => void)[] = [];
    let isHolding = false;
    ircd.script = (client, command, line) => {
      if (!isHolding || command !== "RELAYMSG") return relay(client, command, line);
      const label = /[@;]label=(\w+)/.exec(line)?.[1];
      if (line.includes("mallory/web")) {
        client.send(`${label === undefined ? "" : `@label=${label} `}:srv FAIL RELAYMSG BANNED :No`);
        for (const release of held.splice(0)) setImmediate(release);
      } else held.push(() => void relay(client, command, line.replace(/^@label=\w+ /, "")));
      return true;
    };
    await start();
    for (const channel of ["/a", "/b"]) await say({ text: "proof" }, "alice", channel);
    isHolding = true;
    const results = await Promise.allSettled([
      say({ text: "good" }, "alice", "/a"),
      say({ text: "bad" }, "mallory", "/b"),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(results[1]).toMatchObject({ reason: { kind: "refused" } });
  });

  it("does not say in another way what somebody is banned from saying", async () => {
    refusal = "BANNED";
    await start();
    await expect(say({ text: "hello" }, "alice")).rejects.toMatchObject({ kind: "refused", message: "No (FAIL)" });
    refusal = null;
    await say({ text: "me" }, "bob");
    expect(written()).toEqual(["RELAYMSG #a alice/web :hello", "RELAYMSG #a bob/web :me"]);
  });

  it("keeps the order where the rest is let in only from inside the channel", async () => {
    const relay = ircd.script;
    ircd.script = (client, command, line) => {
      if (command !== "PRIVMSG" || ircd.lines.some((one) => one === `${client.nick} JOIN #a`))
        return relay(client, command, line);
      client.send(`:srv 404 ${client.nick} #a :Cannot send to channel`);
      return true;
    };
    await start();
    const froms = ["alice", null, "alice", "alice", null, "Ålice", "alice"];
    await Promise.all(froms.map((from, n) => say({ n }, from)));
    expect(heard()).toEqual(froms.map((from, n) => [from ?? "tailspin1s1", { n }]));
    expect(bridge.inbox.messages).toHaveLength(froms.length);
  });

  it("is not done where it is off, or the suffix has no separator of the server's", async () => {
    await start({ relayNames: false });
    await say({ text: "hello" }, "alice");
    await using other = await startIrcNetwork({ host: "127.0.0.1", port: ircd.port }, { node: 2, relaySuffix: "_web" });
    await other.network.join("/a");
    await other.network.publish("/a", publication({ text: "hello" }, "alice"));
    expect(written()).toEqual(["PRIVMSG #a :<alice> hello", "PRIVMSG #a :<alice> hello"]);
  });

  it("reads what others relay: other bridges' browsers by their names, strangers as they are", async () => {
    await start();
    ircd.show("carol/web", "PRIVMSG #a :hi", "@draft/relaymsg=tailspin7s1 ");
    ircd.show("dave/other", "PRIVMSG #a :hi", "@draft/relaymsg=tailspin7s1 ");
    ircd.show("erin/web", "PRIVMSG #a :<mallory> hi", "@draft/relaymsg=matterbridge ");
    ircd.show("alice/web", "PRIVMSG #a :~abcd 1/2 {", "@draft/relaymsg=tailspin7s1 ");
    ircd.show("alice/web", "PRIVMSG #a :~efgh 1/1 [1]", "@draft/relaymsg=tailspin8s1 ");
    ircd.show("alice/web", "PRIVMSG #a :~abcd 2/2 }", "@draft/relaymsg=tailspin7s1 ");
    await vi.waitFor(() => expect(bridge.inbox.messages).toHaveLength(5), WAIT);
    expect(heard()).toEqual([
      ["carol", { text: "hi" }],
      ["dave/other", { text: "hi" }],
      ["erin/web", { text: "<mallory> hi" }],
      ["alice", [1]],
      ["alice", {}],
    ]);
  });
});

describe("becoming an operator", () => {
  it("is asked for at once by the bridge's connections, and not needed", async () => {
    await using ircd = await FakeIrcd.start();
    const answers = [
      "381 tailspin1 :You are now an operator",
      "464 tailspin1 :Password incorrect",
      "491 tailspin1 :No",
    ];
    ircd.script = (client, command) => {
      if (command === "OPER") client.send(`:srv ${answers.shift()}`);
      return command === "OPER";
    };
    const oper = { name: "bridge", password: "let-me" };
    await using bridge = await startIrcNetwork({ host: "127.0.0.1", port: ircd.port }, { node: 1, oper });
    await bridge.network.join("/a");
    await bridge.network.publish("/a", publication({ text: "hello" }));
    expect(ircd.lines.filter((line) => line.endsWith(" OPER bridge let-me"))).toHaveLength(3);
    expect(bridge.inbox.downs).toEqual([]);
  });
});
