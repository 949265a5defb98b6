import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeIrcd, type FakeClient } from "../unit/bridges/irc/fake-ircd.ts";
import { IrcBench } from "../support/irc-bench.ts";

const WAIT = { timeout: 10_000, interval: 5 };
/** A mark comes, or is given up for another reason. */
const FOR_EVER = { markTimeoutMs: 3_600_000 };
const MARKER = "tailspin1m";

describe("the connection that marks places in channels", () => {
  let ircd: FakeIrcd;
  /** Who else is in every channel. */
  let others: string;
  /** What becomes of a JOIN of the connection that marks. */
  let onMark: (client: FakeClient, ircChannel: string, user: string) => void;
  const users = new Map<FakeClient, string>();

  /** All in the channel see somebody come. */
  const show = (client: FakeClient, ircChannel: string, user: string): void => {
    const line = `:${client.nick}!~${user}@h JOIN :${ircChannel}`;
    for (const receiver of ircd.clients) if (/^tailspin1(?:m?|r\d)$/.test(receiver.nick)) receiver.send(line);
  };
  const linesOf = (command: string): string[] =>
    ircd.lines.filter((line) => line.startsWith(`${MARKER} ${command} `)).map((line) => line.slice(MARKER.length + 1));
  const started = async (settings: object = {}): Promise<IrcBench> => {
    const bench = new IrcBench(ircd.port, { ...FOR_EVER, ...settings });
    await bench.inbox.isUp();
    return bench;
  };
  const lastId = ({ inbox }: IrcBench): string | undefined => inbox.messages.at(-1)?.id;

  beforeEach(async () => {
    ircd = await FakeIrcd.start();
    others = "ann tailspin2";
    onMark = show;
    users.clear();
    ircd.script = (client, command, line) => {
      const [, first = ""] = line.split(" ");
      if (command === "USER") users.set(client, first);
      if (command !== "JOIN") return false;
      if (client.nick.startsWith(MARKER)) onMark(client, first, users.get(client) ?? "");
      else {
        client.send(`:${client.nick}!~tailspin@h JOIN :${first}`);
        client.send(`:irc.srv 353 ${client.nick} = ${first} :${others} ${client.nick}`);
        client.send(`:irc.srv 366 ${client.nick} ${first} :End of names`);
      }
      return true;
    };
  });
  afterEach(() => ircd[Symbol.asyncDispose]());

  it("joins and leaves a channel in which another bridge is, and who joins waits until that is seen", async () => {
    const late: (() => void)[] = [];
    onMark = (...mark) => late.push(() => show(...mark));
    await using bench = await started({ keys: { "/a": "sesame" } });
    let outcome = "";
    const joined = bench.join("/a").then((told) => (outcome = told));
    await vi.waitFor(() => expect(linesOf("PART")).toEqual(["PART #a"]), WAIT);
    expect(linesOf("JOIN")).toEqual(["JOIN #a sesame"]);
    // What is said already comes, with an id of this bridge's own.
    ircd.show("ann", "PRIVMSG #a :early");
    await vi.waitFor(() => expect(bench.inbox.json).toEqual(['{"text":"early"}']), WAIT);
    expect([outcome, lastId(bench)]).toEqual(["", "id-0"]);
    for (const showIt of late) showIt();
    await joined;
    expect(outcome).toBe("accepted");
    expect(await bench.say("/a", "hello")).toBe("accepted");
    expect(lastId(bench)).toMatch(/^[\w-]{16}-1$/);
  });

  it.each([
    ["nobody else is a bridge", "ann tailspin1s1 tailspinner1", ""],
    ["messages have the server's ids", "ann tailspin2", "message-tags"],
  ])("is not made where %s", async (_why, present, capabilities) => {
    others = present;
    ircd.capabilities = capabilities;
    await using bench = await started();
    expect([await bench.join("/a"), await bench.join("/b")]).toEqual(["accepted", "accepted"]);
    expect(await bench.say("/a", "hello")).toBe("accepted");
    expect(ircd.lines.filter((line) => line.includes(MARKER))).toEqual([]);
  });

  it("marks no channel twice under one user name, and many under one", async () => {
    await using bench = await started();
    const names = ["/a", "/b", "/c"];
    expect(await Promise.all(names.map((name) => bench.join(name)))).toEqual(names.map(() => "accepted"));
    expect(linesOf("USER")).toHaveLength(1);
    for (const name of names) {
      await bench.network.leave(name);
      expect(await bench.join(name)).toBe("accepted");
    }
    expect(linesOf("JOIN")).toEqual(["JOIN #a", "JOIN #b", "JOIN #c", "JOIN #a", "JOIN #b", "JOIN #c"]);
    const used = linesOf("USER").map((line) => line.split(" ")[1]);
    expect(new Set(used).size).toBe(2);
  });

  it("marks again what it had on its way when it was cut off, under another user name", async () => {
    onMark = (client) => {
      onMark = show;
      client.socket.destroy();
    };
    await using bench = await started();
    expect(await bench.join("/a")).toBe("accepted");
    await vi.waitFor(() => expect(linesOf("JOIN")).toEqual(["JOIN #a", "JOIN #a"]), WAIT);
    expect(new Set(linesOf("USER")).size).toBe(2);
    await vi.waitFor(async () => {
      expect(await bench.say("/a", "hello")).toBe("accepted");
      expect(lastId(bench)).toMatch(/^[\w-]{16}-\d+$/);
    }, WAIT);
  });

  it("is waited for a bounded time", async () => {
    onMark = () => undefined;
    await using bench = await started({ markTimeoutMs: 20 });
    expect(await bench.join("/a")).toBe("accepted");
    expect(linesOf("JOIN")).toEqual(["JOIN #a"]);
  });

  it("is waited for no more once the server does not let it in, which the operator is told; it marks when it is let in", async () => {
    let isIn = false;
    const { script } = ircd;
    ircd.script = (client, command, line) => {
      if (isIn || command !== "USER" || !client.nick.startsWith(MARKER)) return script(client, command, line);
      client.send("ERROR :Too many connections from your host");
      client.socket.end();
      return true;
    };
    await using bench = await started({ refusedIntervalMs: 20 });
    expect([await bench.join("/a"), await bench.join("/b")]).toEqual(["accepted", "accepted"]);
    expect(bench.warnings).toMatchObject([
      { msg: "the connection that marks places is lost, trying again", hint: expect.stringMatching(/receivers \+ 1/) },
    ]);
    await bench.network.leave("/b");
    isIn = true;
    await vi.waitFor(() => expect(linesOf("PART")).toEqual(["PART #a"]), WAIT);
  });

  it("ends with the bridge, while a join waits for it", async () => {
    onMark = () => undefined;
    const bench = await started();
    const joined = bench.join("/a");
    await vi.waitFor(() => expect(linesOf("PART")).toHaveLength(1), WAIT);
    await bench[Symbol.asyncDispose]();
    expect(await joined).toBe("accepted");
    await vi.waitFor(() => expect(ircd.clients.size).toBe(0), WAIT);
  });
});
