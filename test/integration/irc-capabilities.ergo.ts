import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { IrcNetwork, ircSchema } from "../../bridges/irc/index.ts";
import type { NetworkError } from "../../bridges/network.ts";
import { RecordingInbox } from "../contract/network/inbox.ts";
import { ERGO_OPER, startErgo } from "../support/ergo.ts";
import { startIrcNetwork } from "../support/irc-networks.ts";
import { publication } from "../support/publication.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { replaceOnce } from "../support/server-variants.ts";
import type { TestServer } from "../support/test-server.ts";

const WAIT = { timeout: 10_000, interval: 10 };

describe("what Ergo offers", () => {
  let server: TestServer;
  let count = 0;
  beforeAll(async () => {
    server = await startErgo();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  it("accounts: of people who are logged in, now and in history", async () => {
    await using bob = await RawIrc.login(server, "robert");
    await using eve = await RawIrc.login(server, "eve");
    const name = `room${count++}`;
    for (const person of [bob, eve]) await person.join(`#${name}`);
    bob.say("NickServ", "REGISTER secret-of-robert");
    await bob.waitFor(/ 900 | now logged in|Account created/i);
    await using one = await startIrcNetwork(server);
    await one.network.join(`/${name}`);
    bob.say(`#${name}`, "logged in");
    await bob.taken();
    eve.say(`#${name}`, "not logged in");
    await vi.waitFor(() => expect(one.inbox.messages).toHaveLength(2), WAIT);
    const accounts = [
      ["robert", "robert"],
      ["eve", undefined],
    ];
    expect(one.inbox.messages.map(({ from, account }) => [from, account])).toEqual(accounts);
    const page = await one.network.history(`/${name}`, { since: null, limit: 10 });
    expect(page.messages.map(({ from, account }) => [from, account])).toEqual(accounts);
  });

  it("messages over several lines: ours, and people's, as they were, now and in history", async () => {
    const name = `room${count++}`;
    await using bob = await RawIrc.connect(server.host, server.port);
    await bob.register("bob", ["batch", "message-tags", "draft/multiline"]);
    await bob.join(`#${name}`);
    await using one = await startIrcNetwork(server);
    await using two = await startIrcNetwork(server);
    for (const { network } of [one, two]) await network.join(`/${name}`);
    const texts = [
      "roses are red\n\n  violets are blue \nend",
      "word ".repeat(500).trim(),
      "é".repeat(1_500),
      `${" ".repeat(900)}\n`.repeat(3) + "x",
      "many\n".repeat(99) + "lines",
      "more\n".repeat(100) + "lines",
      "y".repeat(5_000),
    ].map((text) => `a${text}`);
    for (const text of texts) await one.network.publish(`/${name}`, publication({ text }, "alice"));
    const rich = { text: "with\nmore", more: 1 };
    await one.network.publish(`/${name}`, publication(rich, "alice"));
    for (const line of [
      `BATCH +q draft/multiline #${name}`,
      `@batch=q PRIVMSG #${name} :one`,
      `@batch=q PRIVMSG #${name} :two`,
      `@batch=q;draft/multiline-concat PRIVMSG #${name} : and a half`,
      "BATCH -q",
    ])
      bob.send(line);
    const expected = [...texts.map((text) => ({ text })), rich, { text: "one\ntwo and a half" }];
    for (const { inbox } of [one, two]) {
      await vi.waitFor(() => expect(inbox.messages).toHaveLength(expected.length), WAIT);
      expect(inbox.messages.map(({ data }) => data)).toEqual(expected);
      expect(inbox.messages.map(({ from }) => from)).toEqual([...expected.slice(1).map(() => "alice"), "bob"]);
      expect(inbox.gaps).toEqual([]);
    }
    const page = await two.network.history(`/${name}`, { since: null, limit: 100 });
    expect(page.messages.map(({ data, from, id }) => ({ data, from, id }))).toEqual(
      one.inbox.messages.map(({ data, from, id }) => ({ data, from, id })),
    );
    // A person's client gets them whole, too; what is more than the server allows is in marked pieces.
    const batches = bob.lines.filter((line) => line.includes(" BATCH +"));
    expect(batches).toHaveLength(6);
    expect(bob.lines.some((line) => line.includes(":<alice> aroses are red"))).toBe(true);
    expect(bob.lines.some((line) => /:<alice> ~\w{4} 1\/\d+ /.test(line))).toBe(true);
  });

  it("browsers' names: to an operator, and read back by all, now and in history", async () => {
    const name = `room${count++}`;
    await using bob = await RawIrc.login(server, `bob${count++}`, `#${name}`);
    await using one = await startIrcNetwork(server, { oper: ERGO_OPER });
    await using two = await startIrcNetwork(server);
    for (const { network } of [one, two]) await network.join(`/${name}`);
    const said = [
      [{ text: "hello" }, "alice"],
      [{ text: "waves", action: true }, "alice"],
      [{ text: "hi", more: 1 }, "A[b]\\c`_^{|}-9"],
      [{ text: "<mallory> hi" }, "bob"],
      [{ items: "x".repeat(6_000) }, "alice"],
      [{ text: "over\nlines" }, "alice"],
      [{ text: "not a nick" }, "Ålice 🎷"],
      [{ text: "last" }, "alice"],
    ] as const;
    await Promise.all(said.map(([data, from]) => one.network.publish(`/${name}`, publication(data, from))));
    for (const { inbox } of [one, two]) {
      await vi.waitFor(() => expect(inbox.messages).toHaveLength(said.length), WAIT);
      expect(inbox.messages.map(({ data, from }) => [data, from])).toEqual(said);
      expect(inbox.messages.every(({ account }) => account === undefined)).toBe(true);
    }
    const page = await two.network.history(`/${name}`, { since: null, limit: 100 });
    expect(page.messages.map(({ data, from, id }) => ({ data, from, id }))).toEqual(
      one.inbox.messages.map(({ data, from, id }) => ({ data, from, id })),
    );
    await bob.waitFor(new RegExp(`^:alice/web!\\S+ PRIVMSG #${name} :hello$`));
    await bob.waitFor(new RegExp(`^:alice/web!\\S+ PRIVMSG #${name} :last$`));
    expect(one.inbox.presences).toEqual([]);
  });

  it("browsers' names: not to anybody, who then says them before the text", async () => {
    const name = `room${count++}`;
    await using bob = await RawIrc.login(server, `bob${count++}`, `#${name}`);
    await using one = await startIrcNetwork(server);
    await one.network.join(`/${name}`);
    const texts = Array.from({ length: 20 }, (_, n) => `text ${n}`);
    await Promise.all(texts.map((text) => one.network.publish(`/${name}`, publication({ text }, "alice"))));
    expect(one.inbox.messages.map(({ data, from }) => [data, from])).toEqual(texts.map((text) => [{ text }, "alice"]));
    await bob.waitFor(new RegExp(` PRIVMSG #${name} :<alice> text 19$`));
  });

  it("browsers' names: a banned one is not said in another way", async () => {
    const name = `room${count++}`;
    await using bob = await RawIrc.login(server, `bob${count++}`, `#${name}`);
    bob.send(`MODE #${name} +b m:alice/web!*@*`);
    await bob.waitFor(/ MODE /);
    await using two = await startIrcNetwork(server, { oper: ERGO_OPER });
    await two.network.join(`/${name}`);
    await expect(two.network.publish(`/${name}`, publication({ text: "no" }, "alice"))).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringMatching(/banned/i) as unknown,
    });
    await two.network.publish(`/${name}`, publication({ text: "yes" }, "carol"));
    expect(two.inbox.messages.map(({ from }) => from)).toEqual(["carol"]);
  });

  it("labels: the refused message is the banned one's, and not one of another channel", async () => {
    const [one, two] = [`room${count++}`, `room${count++}`];
    await using bob = await RawIrc.login(server, `bob${count++}`, `#${one}`, `#${two}`);
    await using bridge = await startIrcNetwork(server, { oper: ERGO_OPER, senders: 1 });
    const say = (name: string, text: string, from: string) =>
      bridge.network.publish(`/${name}`, publication({ text }, from));
    for (const name of [one, two]) {
      await bridge.network.join(`/${name}`);
      await say(name, "proof", "alice");
    }
    bob.send(`MODE #${two} +b m:mallory/web!*@*`);
    await bob.waitFor(/ MODE /);
    const turns = Array.from({ length: 30 }, (_, n) => n);
    const results = await Promise.allSettled(
      turns.map((n) => (n % 3 === 1 ? say(two, `bad ${n}`, "mallory") : say(one, `good ${n}`, "alice"))),
    );
    const outcomes = results.map((result) =>
      result.status === "rejected" ? (result.reason as NetworkError).kind : "accepted",
    );
    expect(outcomes).toEqual(turns.map((n) => (n % 3 === 1 ? "refused" : "accepted")));
    expect(bridge.inbox.messages).toHaveLength(22);
  });

  it("logs in with an account where its connections may have nicks of their own, and else says what to change", async () => {
    const sasl = { mechanism: "plain", account: "bridges", password: "secret-of-bridges" } as const;
    const register = async (where: TestServer): Promise<void> => {
      await using owner = await RawIrc.login(where, sasl.account);
      owner.say("NickServ", `REGISTER ${sasl.password}`);
      await owner.waitFor(/ 900 | now logged in|Account created/i);
      owner.send("QUIT");
      await owner.closed();
    };
    await using free = await startErgo((text) =>
      replaceOnce(text, "nick-equals-account: true", "nick-equals-account: false"),
    );
    for (const one of [server, free]) await register(one);
    await using bridge = await startIrcNetwork(free, { sasl });
    for (const channel of ["/a", "/b", "/c"]) {
      await bridge.network.join(channel);
      await bridge.network.publish(channel, publication({ text: "hello" }, "alice"));
    }
    expect(bridge.inbox.messages.map(({ from, account }) => [from, account])).toEqual(
      Array(3).fill(["alice", undefined]),
    );
    const logged: { reason?: string; hint?: string }[] = [];
    const config = ircSchema.parse({ sasl, refusedIntervalMs: 60_000 });
    const log = pino({}, { write: (line: string) => void logged.push(JSON.parse(line) as { reason?: string }) });
    const parts = { node: 1, log, now: Date.now, random: Math.random, newId: () => "id" };
    await using forced = new IrcNetwork({ ...config, host: server.host, port: server.port }, parts);
    forced.start(new RecordingInbox());
    await vi.waitFor(() => expect(logged.length).toBeGreaterThan(0), WAIT);
    expect(logged[0]?.reason).toBe("the server calls us bridges, after our account, and not tailspin1");
    expect(logged[0]?.hint).toMatch(/force-nick-equals-account: false/);
  });
});
