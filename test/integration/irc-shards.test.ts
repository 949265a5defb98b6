import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeIrcd, type FakeClient, type Script } from "../unit/bridges/irc/fake-ircd.ts";
import { IrcBench } from "../support/irc-bench.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { replaceOnce, startVariant } from "../support/server-variants.ts";

/** A server that refuses further channels. */
function atMost(limit: number): Script {
  const joined = new Map<string, Set<string>>();
  return ({ nick, send }, command, line) => {
    const channel = line.split(" ")[1] ?? "";
    const channels = joined.get(nick) ?? new Set();
    joined.set(nick, channels);
    if (command === "PART") channels.delete(channel);
    if (command !== "JOIN") return false;
    if (channels.size >= limit) send(`:srv 405 ${nick} ${channel} :You have joined too many channels`);
    else channels.add(channel);
    return !channels.has(channel);
  };
}

const WAIT = { timeout: 10_000, interval: 5 };

describe("channels over several receiving connections", () => {
  let ircd: FakeIrcd;
  beforeEach(async () => {
    ircd = await FakeIrcd.start();
  });
  afterEach(() => ircd[Symbol.asyncDispose]());

  const joinsOf = (nick: string): string[] =>
    ircd.lines.filter((line) => line.startsWith(`${nick} JOIN `)).map((line) => line.split(" ")[2] ?? "");

  it.each(["CHANLIMIT=#&:2", "MAXCHANNELS=2"])(
    "opens another when the server allows no more on one (%s)",
    async (told) => {
      ircd.supported = told;
      ircd.script = atMost(2);
      await using bench = new IrcBench(ircd.port, { maxReceivers: 3 });
      await bench.inbox.isUp();
      const names = ["/a", "/b", "/c", "/d", "/e", "/f"];
      expect(await Promise.all(names.map((name) => bench.join(name)))).toEqual(names.map(() => "accepted"));
      expect([joinsOf("tailspin1"), joinsOf("tailspin1r2"), joinsOf("tailspin1r3")]).toEqual([
        ["#a", "#b"],
        ["#c", "#d"],
        ["#e", "#f"],
      ]);
      expect(await Promise.all(names.map((name) => bench.say(name, name)))).toEqual(names.map(() => "accepted"));
      expect(bench.inbox.messages.map(({ channel }) => channel).toSorted()).toEqual(names);
      expect(bench.network.members("/e")).toEqual([{ id: "irc:ann", name: "ann" }]);

      expect(await bench.join("/g")).toMatch(/^refused: the server allows no more channels: 3 .*irc\.maxReceivers/);
      expect(await bench.join("/g")).toMatch(/^refused: /);
      expect(bench.warnings.map(({ msg }) => msg)).toEqual(["no room for more channels on this network"]);
      await bench.network.leave("/a");
      ircd.lines.length = 0;
      expect(await bench.join("/g")).toBe("accepted");
      expect(joinsOf("tailspin1")).toEqual(["#g"]);
    },
  );

  it("has more than was told on its last connections, where the server does not refuse it", async () => {
    ircd.supported = "CHANLIMIT=#:2";
    await using bench = new IrcBench(ircd.port, { maxReceivers: 2 });
    await bench.inbox.isUp();
    const names = ["/a", "/b", "/c", "/d", "/e", "/f"];
    for (const name of names) expect(await bench.join(name)).toBe("accepted");
    expect(joinsOf("tailspin1")).toEqual(["#a", "#b", "#e"]);
    expect(joinsOf("tailspin1r2")).toEqual(["#c", "#d", "#f"]);
    expect(bench.warnings).toEqual([]);
  });

  it("learns the limit from a refusal where the server does not tell it", async () => {
    ircd.script = atMost(1);
    await using bench = new IrcBench(ircd.port, { maxReceivers: 2 });
    await bench.inbox.isUp();
    expect(await bench.join("/a")).toBe("accepted");
    expect(await bench.join("/b")).toBe("accepted");
    expect(joinsOf("tailspin1r2")).toEqual(["#b"]);
    expect(await bench.join("/c")).toMatch(/^refused: the server allows no more channels/);
    expect(await bench.say("/b", "hello")).toBe("accepted");
  });

  it("touches only the channels of the connection that is lost", async () => {
    ircd.supported = "CHANLIMIT=#:1";
    await using bench = new IrcBench(ircd.port);
    await bench.inbox.isUp();
    expect([await bench.join("/a"), await bench.join("/b")]).toEqual(["accepted", "accepted"]);
    const held: FakeClient[] = [];
    let isHeld = true;
    ircd.script = (client, command) => {
      if (!isHeld || client.nick !== "tailspin1r2" || command !== "USER") return false;
      held.push(client);
      return true;
    };
    ircd.client("tailspin1r2").socket.destroy();
    await vi.waitFor(() => expect([bench.warnings.length, held.length]).toEqual([1, 1]), WAIT);
    expect(await bench.say("/a", "one")).toBe("accepted");
    expect(await bench.say("/b", "two")).toMatch(/^unavailable: the channel's connection is away/);
    isHeld = false;
    for (const { socket } of held) socket.destroy();
    await vi.waitFor(async () => expect(await bench.say("/b", "three")).toBe("accepted"), WAIT);
    expect(bench.inbox.gaps.map(({ channel }) => channel)).toEqual(["/b"]);
    expect(bench.inbox.downs).toEqual([]);
  });

  it("tells one down and one up when all are lost, and up when all are in their channels again", async () => {
    ircd.supported = "CHANLIMIT=#:1";
    await using bench = new IrcBench(ircd.port);
    await bench.inbox.isUp();
    expect([await bench.join("/a"), await bench.join("/b")]).toEqual(["accepted", "accepted"]);
    for (const { socket } of ircd.clients) socket.destroy();
    await bench.inbox.isUp(2);
    const since = bench.inbox.calls.slice(bench.inbox.calls.indexOf("down") + 1);
    const gaps = ["gap /a", "gap /b", "presence /a members", "presence /b members"];
    expect(since.slice(0, -1).toSorted()).toEqual(gaps);
    expect(bench.inbox.downs).toHaveLength(1);
  });

  it.each(["ngircd", "inspircd"] as const)("does so on a real %s with a limit of three", async (name) => {
    await using variant = await startVariant(name, (text) =>
      name === "ngircd"
        ? replaceOnce(text, "MaxJoins = 0", "MaxJoins = 3")
        : replaceOnce(text, `maxchans="60000"`, `maxchans="3"`),
    );
    await using bench = new IrcBench(variant.server.port);
    await bench.inbox.isUp();
    const names = Array.from({ length: 8 }, (_, index) => `/room${index}`);
    expect(await Promise.all(names.map((channel) => bench.join(channel)))).toEqual(names.map(() => "accepted"));
    expect(await Promise.all(names.map((channel) => bench.say(channel, "x")))).toEqual(names.map(() => "accepted"));
    await using bob = await RawIrc.login(variant.server, "bob", "#room7");
    bob.say("#room7", "hello");
    await vi.waitFor(() => expect(bench.inbox.messages.at(-1)?.data).toEqual({ text: "hello" }), WAIT);
    expect(bob.lines.some((line) => / 353 .*tailspin1r3/.test(line))).toBe(true);
    expect(bench.network.members("/room7").map(({ name: nick }) => nick)).toEqual(["bob"]);
    await variant.server.kill();
    await vi.waitFor(() => expect(bench.inbox.downs).toHaveLength(1), WAIT);
    await variant.server.start();
    await bench.inbox.isUp(2);
    expect(bench.inbox.gaps.map(({ channel }) => channel).toSorted()).toEqual(names);
    expect(await bench.say("/room7", "back")).toBe("accepted");
  });
});
