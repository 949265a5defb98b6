import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startIrcNetwork, type StartedIrc } from "../support/irc-networks.ts";
import { publication } from "../support/publication.ts";
import { FakeIrcd } from "../unit/bridges/irc/fake-ircd.ts";

const WAIT = { timeout: 5_000, interval: 5 };
const POEM = "roses are red\n\nviolets are blue";

describe("messages over several lines", () => {
  let ircd: FakeIrcd;
  let bridge: StartedIrc;
  let isRefused: boolean;
  beforeEach(async () => {
    ircd = await FakeIrcd.start();
    ircd.capabilities = "batch message-tags draft/multiline=max-bytes=2000,max-lines=20";
    isRefused = false;
    let opening = "";
    ircd.script = (client, command, line) => {
      const isPiece = line.startsWith("@batch=m");
      if (command !== "BATCH" && !isPiece) return false;
      if (command === "BATCH" && line.endsWith("-m") && isRefused) {
        client.send(":srv FAIL BATCH MULTILINE_INVALID :Invalid multiline batch");
      } else if (!isRefused) {
        if (line.includes("BATCH +m")) opening = line;
        const [, tags = "", rest = ""] = /^(@\S+ )?(.*)$/.exec(line) ?? [];
        const id = opening === line ? "@msgid=m7;time=2026-01-01T00:00:00.000Z" : "";
        ircd.show(client.nick, rest, tags === "" ? (id === "" ? "" : `${id} `) : tags);
      }
      return true;
    };
    bridge = await startIrcNetwork({ host: "127.0.0.1", port: ircd.port });
    await bridge.network.join("/a");
  });
  afterEach(async () => {
    await bridge[Symbol.asyncDispose]();
    await ircd[Symbol.asyncDispose]();
  });
  const written = () =>
    ircd.lines.filter((line) => /BATCH|PRIVMSG/.test(line)).map((line) => line.replace(/^\S+ /, ""));

  it("are sent as one, accepted when they come back, and read as one", async () => {
    await bridge.network.publish("/a", publication({ text: POEM }, "alice"));
    expect(written()).toEqual([
      "BATCH +m draft/multiline #a",
      "@batch=m PRIVMSG #a :<alice> roses are red",
      "@batch=m PRIVMSG #a :",
      "@batch=m PRIVMSG #a :violets are blue",
      "BATCH -m",
    ]);
    expect(bridge.inbox.messages).toMatchObject([
      { data: { text: POEM }, from: "alice", id: "m7", timeMs: Date.UTC(2026, 0, 1) },
    ]);
  });

  it("are sent in turn with others, and longer ones in marked pieces", async () => {
    const data = [{ text: "one" }, { text: POEM }, { text: "x ".repeat(2_000).trim() }, { text: "two" }];
    await Promise.all(data.map((one) => bridge.network.publish("/a", publication(one))));
    expect(bridge.inbox.messages.map((message) => message.data)).toEqual(data);
    expect(written().some((line) => line.startsWith("PRIVMSG #a :~"))).toBe(true);
  });

  it("are refused with the server's words", async () => {
    isRefused = true;
    const published = bridge.network.publish("/a", publication({ text: POEM }));
    await expect(published).rejects.toMatchObject({ kind: "refused", message: "Invalid multiline batch (FAIL)" });
    isRefused = false;
    await bridge.network.publish("/a", publication({ text: POEM }));
    expect(bridge.inbox.messages).toHaveLength(1);
  });

  it("of people are heard as one", async () => {
    ircd.show("bob", "BATCH +q draft/multiline #a", "@msgid=b1;account=robert ");
    ircd.show("bob", "PRIVMSG #a :one", "@batch=q ");
    ircd.show("ann", "PRIVMSG #a :meanwhile");
    ircd.show("bob", "PRIVMSG #a :two", "@batch=q ");
    ircd.show("bob", "PRIVMSG #a : and a half", "@batch=q;draft/multiline-concat ");
    ircd.show("bob", "BATCH -q");
    await vi.waitFor(() => expect(bridge.inbox.messages).toHaveLength(2), WAIT);
    expect(bridge.inbox.messages).toMatchObject([
      { data: { text: "meanwhile" }, from: "ann" },
      { data: { text: "one\ntwo and a half" }, from: "bob", account: "robert", id: "b1" },
    ]);
  });
});
