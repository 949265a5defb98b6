import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startErgo } from "../support/ergo.ts";
import { startIrcNetwork } from "../support/irc-networks.ts";
import { publication } from "../support/publication.ts";
import { RawIrc } from "../support/raw-irc.ts";
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
});
