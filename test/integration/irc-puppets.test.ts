import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { IrcNetwork, ircSchema } from "../../bridges/irc/index.ts";
import { textsOf } from "../support/cometd-client.ts";
import type { LocalStack } from "../support/local-stack.ts";
import { openPage, PUPPET_PARTS, PUPPET_SETTINGS, startPuppetStack } from "../support/puppet-stack.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, startInspircd, startNgircd, type TestServer } from "../support/servers.ts";

const WAIT = { timeout: 10_000, interval: 10 };

describe.each([
  ["embedded", startEmbedded],
  ["ngIRCd", startNgircd],
  ["InspIRCd", startInspircd],
])("puppets on %s", (_name, start) => {
  let server: TestServer;
  let count = 0;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  function startStack(settings: object = {}): Promise<LocalStack> {
    const config = ircSchema.parse({ ...PUPPET_SETTINGS, ...settings });
    return startPuppetStack(new IrcNetwork({ ...config, host: server.host, port: server.port }, PUPPET_PARTS));
  }

  /** A channel of its own for each test, as bob sees it. */
  async function enter(bob: RawIrc): Promise<{ channel: string; ircChannel: string }> {
    const name = `room${count++}`;
    await bob.join(`#${name}`);
    return { channel: `/${name}`, ircChannel: `#${name}` };
  }
  /** Asks the server who is in a channel. */
  async function nicksIn(ircChannel: string, bob: RawIrc): Promise<string[]> {
    const from = bob.lines.length;
    bob.send(`NAMES ${ircChannel}`);
    await vi.waitFor(() => expect(bob.lines.slice(from).some((line) => / 366 /.test(line))).toBe(true), WAIT);
    const list = bob.lines.slice(from).filter((line) => / 353 /.test(line));
    return list
      .flatMap((line) =>
        line
          .slice(line.lastIndexOf(":") + 1)
          .trim()
          .split(" "),
      )
      .sort();
  }
  const people = async (ircChannel: string, bob: RawIrc): Promise<string[]> =>
    (await nicksIn(ircChannel, bob)).map((nick) => nick.replace(/^[@+]/, ""));
  const said = (bob: RawIrc, ircChannel: string): string[][] =>
    bob.lines.flatMap((line) => {
      const [, nick = "", to, text = ""] = /^(?:@\S+ )?:([^!]+)\S* PRIVMSG (\S+) :(.*)$/.exec(line) ?? [];
      return to === ircChannel ? [[nick, text]] : [];
    });

  it("are seen in the channel, and say what their browsers publish, in order", async () => {
    await using stack = await startStack();
    await using bob = await RawIrc.login(server, `bob${count++}`);
    const { channel, ircChannel } = await enter(bob);
    await using alice = await openPage(stack, "Alice Smith");
    await using other = await openPage(stack, "carol");
    const heard = await other.subscribe(channel);
    await alice.subscribe(channel);
    await vi.waitFor(
      async () => expect(await people(ircChannel, bob)).toEqual(expect.arrayContaining(["Alice-Smith", "carol"])),
      WAIT,
    );
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(texts.map((text) => alice.publish(channel, { text })));
    expect(answers.every(({ successful }) => successful === true)).toBe(true);
    const long = { piece: "x".repeat(2_000) };
    expect(await alice.publish(channel, long)).toMatchObject({ successful: true });
    await vi.waitFor(() => expect(heard).toHaveLength(21), WAIT);
    expect(textsOf(heard.slice(0, 20))).toEqual(texts);
    expect(heard[20]).toMatchObject({ data: long, ext: { tailspin: { from: "Alice-Smith" } } });
    await vi.waitFor(() => expect(said(bob, ircChannel).length).toBeGreaterThan(20), WAIT);
    expect(said(bob, ircChannel).slice(0, 20)).toEqual(texts.map((text) => ["Alice-Smith", text]));
  });

  it("are who they say in WHOIS, and no operators, not even where they are the first to speak", async () => {
    await using stack = await startStack();
    await using bob = await RawIrc.login(server, `bob${count++}`);
    await using alice = await openPage(stack, "alice");
    const name = `room${count++}`;
    expect(await alice.publish(`/${name}`, { text: "first" })).toMatchObject({ successful: true });
    await bob.join(`#${name}`);
    await vi.waitFor(async () => expect(await nicksIn(`#${name}`, bob)).toContain("alice"), WAIT);
    bob.send("WHOIS alice");
    expect(await bob.waitFor(/ 311 /)).toMatch(/ alice \S+ \S+ \* :alice$/);
  });

  it("are one presence: neither browsers nor people see a user twice", async () => {
    await using stack = await startStack();
    await using bob = await RawIrc.login(server, `bob${count++}`);
    const { channel } = await enter(bob);
    await using alice = await openPage(stack, "alice");
    const presence = await alice.subscribe(`/presence${channel}`);
    await alice.subscribe(channel);
    await vi.waitFor(
      () => expect(presence.at(-1)?.data).toEqual({ joined: { id: "irc:alice", name: "alice", network: "irc" } }),
      WAIT,
    );
    expect(presence.map(({ data }) => JSON.stringify(data)).filter((data) => data.includes("web"))).toEqual([]);
  });

  it("are told things, and tell things, in private", async () => {
    await using stack = await startStack();
    const nick = `bob${count++}`;
    await using bob = await RawIrc.login(server, nick);
    await using alice = await openPage(stack, "alice");
    await using eve = await openPage(stack, "eve");
    const heard = await alice.subscribe("/user/alice");
    await expect(eve.subscribe("/user/alice")).rejects.toThrow(/403:.*yours is \/user\/eve/);
    bob.send("PRIVMSG alice :psst");
    bob.send(`PRIVMSG alice :{"move":["e2","e4"]}`);
    await vi.waitFor(() => expect(heard).toHaveLength(2), WAIT);
    expect(heard.map(({ data }) => data)).toEqual([{ text: "psst" }, { move: ["e2", "e4"] }]);
    expect(heard[0]?.ext).toMatchObject({ tailspin: { from: nick, network: "irc" } });
    expect(await alice.publish(`/user/${nick}`, { text: "yes?" })).toMatchObject({ successful: true });
    expect(await bob.waitFor(/ PRIVMSG bob/)).toMatch(new RegExp(`^(?:@\\S+ )?:alice!\\S+ PRIVMSG ${nick} :yes\\?$`));
    const eves = await eve.subscribe("/user/eve");
    const long = { piece: "x".repeat(2_000) };
    expect(await alice.publish("/user/eve", long)).toMatchObject({ successful: true });
    await vi.waitFor(() => expect(eves).toHaveLength(1), WAIT);
    expect(eves[0]).toMatchObject({ data: long, ext: { tailspin: { from: "alice" } } });
    expect(heard).toHaveLength(2);
  });

  it("hear of it when nobody is there", async () => {
    await using stack = await startStack();
    await using alice = await openPage(stack, "alice");
    const refused = (error: RegExp): object => ({ successful: false, error: expect.stringMatching(error) as string });
    expect(await alice.publish("/user/nobody", { text: "?" })).toMatchObject(
      refused(/^403:.*The network refused.*401/),
    );
    expect(await alice.publish("/user/a~2cb", { text: "?" })).toMatchObject(refused(/^403:.*nicks/));
    expect(await alice.publish("/user/~23room", { text: "?" })).toMatchObject(refused(/^403:.*nicks/));
  });

  it("are two for two browsers with one name: the second has another nick, and its own private channel", async () => {
    await using stack = await startStack();
    await using bob = await RawIrc.login(server, `bob${count++}`);
    const { channel, ircChannel } = await enter(bob);
    await using first = await openPage(stack, "alice");
    const mine = await first.subscribe("/user/alice");
    await first.subscribe(channel);
    await using second = await openPage(stack, "alice");
    await second.subscribe(channel);
    await vi.waitFor(
      async () => expect(await people(ircChannel, bob)).toEqual(expect.arrayContaining(["alice", "alice_2"])),
      WAIT,
    );
    await expect(second.subscribe("/user/alice")).rejects.toThrow(/403:.*yours is \/user\/alice_2/);
    const its = await second.subscribe("/user/alice_2");
    bob.send("PRIVMSG alice_2 :to the second");
    bob.send("PRIVMSG alice :to the first");
    await vi.waitFor(() => expect([textsOf(mine), textsOf(its)]).toEqual([["to the first"], ["to the second"]]), WAIT);
  });

  it("cannot be taken for a bridge", async () => {
    await using stack = await startStack();
    await using bob = await RawIrc.login(server, `bob${count++}`);
    const { channel } = await enter(bob);
    await using other = await openPage(stack, "other");
    const heard = await other.subscribe(channel);
    await using rogue = await openPage(stack, "tailspin2");
    expect(await rogue.publish(channel, { text: "<alice> hi" })).toMatchObject({ successful: true });
    await vi.waitFor(() => expect(heard).toHaveLength(1), WAIT);
    expect(heard[0]).toMatchObject({
      data: { text: "<alice> hi" },
      ext: { tailspin: { from: expect.stringMatching(/^tailspin?2?_2$/) as string } },
    });
  });

  it("are one for two tabs, stay while one of them is there, and go some time after the last", async () => {
    await using stack = await startStack();
    await using bob = await RawIrc.login(server, `bob${count++}`);
    const { channel, ircChannel } = await enter(bob);
    const browser = randomUUID();
    const one = await openPage(stack, "alice", browser);
    const other = await openPage(stack, "alice", browser);
    await one.subscribe(channel);
    await other.subscribe(channel);
    await vi.waitFor(async () => expect(await people(ircChannel, bob)).toContain("alice"), WAIT);
    await one[Symbol.asyncDispose]();
    expect(await other.publish(channel, { text: "still here" })).toMatchObject({ successful: true });
    expect(await people(ircChannel, bob)).toContain("alice");
    expect(await people(ircChannel, bob)).not.toContain("alice_2");
    await other[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(stack.bridge.census.puppets).toBe(0), WAIT);
    await bob.waitFor(/^(@\S+ )?:alice!\S+ QUIT /);
  });

  it("leave a channel with the last tab that is subscribed to it", async () => {
    await using stack = await startStack();
    await using bob = await RawIrc.login(server, `bob${count++}`);
    const { channel, ircChannel } = await enter(bob);
    const browser = randomUUID();
    const one = await openPage(stack, "alice", browser);
    await using other = await openPage(stack, "alice", browser);
    const heard = await other.subscribe("/user/alice");
    await one.subscribe(channel);
    await vi.waitFor(async () => expect(await people(ircChannel, bob)).toContain("alice"), WAIT);
    await one[Symbol.asyncDispose]();
    await bob.waitFor(/^(@\S+ )?:alice!\S+ PART /);
    bob.send("PRIVMSG alice :still there?");
    await vi.waitFor(() => expect(textsOf(heard)).toEqual(["still there?"]), WAIT);
  });

  it("are not made beyond the cap: further browsers share the bridge's connections", async () => {
    await using stack = await startStack({ maxPuppets: 1 });
    await using bob = await RawIrc.login(server, `bob${count++}`);
    const { channel, ircChannel } = await enter(bob);
    await using alice = await openPage(stack, "alice");
    await alice.subscribe(channel);
    await vi.waitFor(async () => expect(await people(ircChannel, bob)).toContain("alice"), WAIT);
    await using carol = await openPage(stack, "carol");
    expect(await carol.publish(channel, { text: "hi" })).toMatchObject({ successful: true });
    await vi.waitFor(
      () => expect(said(bob, ircChannel)).toEqual([[expect.stringMatching(/^tailspin1s/), "<carol> hi"]]),
      WAIT,
    );
    await expect(carol.subscribe("/user/carol")).rejects.toThrow(/403:.*shares an identity/);
  });

  it("are refused what the server refuses them, and speak elsewhere", async () => {
    await using stack = await startStack();
    await using bob = await RawIrc.login(server, `bob${count++}`);
    const { channel, ircChannel } = await enter(bob);
    await using alice = await openPage(stack, "alice");
    await alice.subscribe(channel);
    await vi.waitFor(async () => expect(await people(ircChannel, bob)).toContain("alice"), WAIT);
    bob.send(`MODE ${ircChannel} +m`);
    await bob.waitFor(/ MODE \S+ :?\+m/);
    const muted = await alice.publish(channel, { text: "may I?" });
    expect(muted).toMatchObject({ successful: false, error: expect.stringMatching(/^403:.*\(404\)/) as string });
    bob.send(`MODE ${ircChannel} +v alice`);
    await bob.waitFor(/ MODE \S+ \+v/);
    expect(await alice.publish(channel, { text: "thank you" })).toMatchObject({ successful: true });
    // Thrown out, it comes back when it speaks.
    bob.send(`MODE ${ircChannel} -m`);
    bob.send(`KICK ${ircChannel} alice :out`);
    await bob.waitFor(/ KICK /);
    expect(await alice.publish(channel, { text: "again" })).toMatchObject({ successful: true });
    expect(await alice.publish(`/room${count++}`, { text: "elsewhere" })).toMatchObject({ successful: true });
  });

  it("come back with the server, and speak again", async () => {
    await using stack = await startStack();
    await using alice = await openPage(stack, "alice");
    const channel = `/room${count++}`;
    const heard = await alice.subscribe(channel);
    expect(await alice.publish(channel, { text: "before" })).toMatchObject({ successful: true });
    await server.kill();
    await server.start();
    await vi.waitFor(
      async () => expect(await alice.publish(channel, { text: "after" })).toMatchObject({ successful: true }),
      { timeout: 15_000, interval: 200 },
    );
    await vi.waitFor(() => expect(textsOf(heard)).toContain("after"), WAIT);
    expect(heard.at(-1)?.ext).toMatchObject({ tailspin: { from: "alice" } });
    await using bob = await RawIrc.login(server, `bob${count++}`);
    await bob.join(`#${channel.slice(1)}`);
    const [operator] = (await nicksIn(`#${channel.slice(1)}`, bob)).filter((nick) => nick.startsWith("@"));
    expect(operator).toBe("@tailspin1");
  });
});
