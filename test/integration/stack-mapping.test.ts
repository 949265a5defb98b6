import { describe, expect, it, vi } from "vitest";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded } from "../support/servers.ts";
import { TierProcess } from "../support/stack.ts";
import { WholeStack } from "../support/whole-stack.ts";

const RULES = [
  { channels: "/support", name: "#Help" },
  // These two would have the names of others.
  { channels: "/team/help", access: "none" },
  { channels: "/team/lobby", access: "none" },
  { channels: "/team/*", stripPrefix: true },
  { channels: "/news/*", access: "read-only" },
  { channels: "/drop/*", access: "publish-only" },
  { channels: "/lobby" },
  { channels: "/**", access: "none" },
];

describe("a stack with a mapping", () => {
  it("meets people under the names that the mapping gives, and refuses what it does not allow", async () => {
    const bridgeFlags = ["--mapping", JSON.stringify(RULES)];
    await using stack = await WholeStack.start({ startServer: startEmbedded, dispatchers: 1, bridgeFlags });
    await using irc = await RawIrc.login(stack.ircd, "bob");
    for (const name of ["#help", "#red", "#lobby", "#news.today", "#drop.box"]) await irc.join(name);
    await using alice = await CometdClient.open(stack.url, { transport: "websocket", name: "alice" });

    for (const [channel, name] of [
      ["/support", "#help"],
      ["/team/red", "#red"],
      ["/lobby", "#lobby"],
    ] as const) {
      const heard = await alice.subscribe(channel);
      expect(await alice.publish(channel, { text: `to ${channel}` })).toMatchObject({ successful: true });
      await irc.waitFor(new RegExp(` PRIVMSG ${name} :<alice> to ${channel}`, "i"));
      irc.say(name, "and back");
      await vi.waitFor(() => expect(textsOf(heard)).toEqual([`to ${channel}`, "and back"]), 5_000);
      expect(heard.map((message) => message.channel)).toEqual([channel, channel]);
    }

    const news = await alice.subscribe("/news/today");
    expect(await alice.publish("/news/today", { text: "fake" })).toMatchObject({
      successful: false,
      error: "403:/news/today:This channel is read-only",
    });
    irc.say("#news.today", "true");
    await vi.waitFor(() => expect(textsOf(news)).toEqual(["true"]), 5_000);
    await expect(alice.subscribe("/drop/box")).rejects.toThrow(/publish-only/);
    expect(await alice.publish("/drop/box", { text: "in" })).toMatchObject({ successful: true });
    await irc.waitFor(/ PRIVMSG #drop\.box :<alice> in/);
    for (const closed of ["/help", "/red", "/team/lobby", "/other"]) {
      await expect(alice.subscribe(closed)).rejects.toThrow(/403:.*does not carry/);
    }
  });
});

describe("tailspin map", () => {
  const env = { TAILSPIN_MAPPING: JSON.stringify(RULES) };
  const mapped = async (...names: string[]) => {
    await using tier = TierProcess.launch(["map", ...names], env);
    const { code } = await tier.exited;
    return { code, output: tier.output.join("\n"), errors: tier.log.join("\n") };
  };

  it("tells where channels go, what foreign names are, and why", async () => {
    expect(await mapped("/team/red", "#HELP")).toEqual({
      code: 0,
      errors: "",
      output: [
        "/team/red",
        "  network  irc",
        "  name     #red",
        "  access   browsers subscribe and publish",
        "  because  rule 4 matches: /team/*, which strips /team, and irc is the default network",
        "",
        "/support",
        "  network  irc",
        "  name     #Help",
        "  access   browsers subscribe and publish",
        "  because  rule 1 matches: /support, which gives it this name, and irc is the default network",
      ].join("\n"),
    });
  });

  it("ends with 2 and a line for each name that is none", async () => {
    const { code, output, errors } = await mapped("/lobby", "chat room", "/meta/connect", "/a/*", "/halo", "/a b");
    expect([code, output]).toEqual([2, ""]);
    expect(errors.split("\n")).toEqual([
      "tailspin: 5 faults in the names:",
      expect.stringContaining('"chat room": is no channel'),
      expect.stringContaining("/meta/connect: meta channels"),
      expect.stringContaining('"/a/*": is a pattern'),
      expect.stringContaining("/halo: shows the stack itself"),
      expect.stringContaining('"/a b": is no channel: A channel is'),
    ]);
  });

  it("ends with 2 and every fault of the mapping, with its place", async () => {
    await using tier = TierProcess.launch([
      "up",
      "--mapping",
      '[{"channels":"/a","network":"xmpp"},{"channels":"/b","name":"b"}]',
    ]);
    expect(await tier.exited).toEqual({ code: 2, signal: null });
    expect(tier.log).toEqual([
      "tailspin: 2 faults in the configuration:",
      expect.stringMatching(/--mapping\[0\]\.network: .*needs xmpp\.jid or xmpp\.component; configured: irc/),
      expect.stringMatching(/--mapping\[1\]\.name: .*is no name for irc: it must begin with #/),
    ]);
  });
});
