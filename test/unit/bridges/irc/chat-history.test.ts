import { ircLineParser } from "irc-framework";
import { beforeEach, describe, expect, it } from "vitest";
import { ChatHistory } from "../../../../bridges/irc/chat-history.ts";
import type { IrcLine } from "../../../../bridges/irc/irc-line.ts";
import { ircSchema } from "../../../../bridges/irc/index.ts";

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 0);
const count = (lines: readonly IrcLine[]): number => lines.length;

/** What a server with CHATHISTORY answers; it keeps the messages m3 … m9, one a second, and gives three at once. */
function answer(question: string): IrcLine[] | "unknown" {
  const [, direction = "", , position = "", most = ""] = question.split(" ");
  const kept = [3, 4, 5, 6, 7, 8, 9];
  const timeOf = (number: number): number => START_MS + number * 1_000;
  const [, kind, value = ""] = /^(msgid|timestamp)=(.*)$/.exec(position) ?? [];
  const at = kind === "msgid" ? Number(value.slice(1)) : (Date.parse(value) - START_MS) / 1_000;
  if (kind === "msgid" && !kept.includes(at)) return "unknown";
  const limit = Number(most);
  const chosen = {
    AFTER: kept.filter((number) => number > at).slice(0, limit),
    BEFORE: kept.filter((number) => number < at).slice(-limit),
    AROUND: kept.filter((number) => number === at),
    LATEST: kept.slice(-limit),
  }[direction];
  if (chosen === undefined) throw new Error(question);
  return chosen.map((number) =>
    ircLineParser(`@time=${new Date(timeOf(number)).toISOString()};msgid=m${number} :a!b@c PRIVMSG #a :${number}`),
  );
}

describe("ChatHistory", () => {
  let nowMs: number;
  let sent: string[];
  let isSilent: boolean;
  let history: ChatHistory;
  const ids = (lines: readonly IrcLine[]): string => lines.map(({ tags }) => tags["msgid"]).join(" ");
  beforeEach(() => {
    nowMs = 0;
    sent = [];
    isSilent = false;
    history = new ChatHistory({
      config: ircSchema.parse({ historyTimeoutMs: 1_000 }),
      maxPerAnswer: () => 3,
      now: () => nowMs,
      send: (line) => {
        sent.push(line);
        if (isSilent) return;
        queueMicrotask(() => {
          const lines = answer(line);
          if (lines === "unknown") history.onLine(ircLineParser("FAIL CHATHISTORY INVALID_MSGREFTYPE #a :no such id"));
          else history.onBatch("#a", lines);
        });
      },
    });
  });

  it("asks on until it has one more than was wanted, and makes sure that the message is still there", async () => {
    const asked = await history.ask("#a", { since: { id: "m4" }, limit: 4 }, count);
    expect([ids(asked.lines), asked.isContiguous]).toEqual(["m5 m6 m7 m8 m9", true]);
    expect(sent).toEqual([
      "CHATHISTORY AFTER #a msgid=m4 3",
      "CHATHISTORY AFTER #a msgid=m7 3",
      "CHATHISTORY AROUND #a msgid=m4 1",
    ]);
  });

  it("falls back on the time when the message is not kept, which proves something only when older ones are", async () => {
    const late = await history.ask("#a", { since: { id: "m1", timeMs: START_MS + 1_000 }, limit: 100 }, count);
    expect([ids(late.lines), late.isContiguous]).toEqual(["m3 m4 m5 m6 m7 m8 m9", false]);
    const early = await history.ask("#a", { since: { id: "x", timeMs: START_MS + 8_000 }, limit: 100 }, count);
    expect([ids(early.lines), early.isContiguous]).toEqual(["m8 m9", true]);
  });

  it("gives the newest ones where no position is known", async () => {
    const lost = await history.ask("#a", { since: { id: "m1" }, limit: 2 }, count);
    expect([ids(lost.lines), lost.isContiguous]).toEqual(["m8 m9", false]);
    const newest = await history.ask("#a", { since: null, limit: 2 }, count);
    expect([ids(newest.lines), newest.isContiguous]).toEqual(["m8 m9", true]);
  });

  it("never writes an id that would not be one word", async () => {
    await history.ask("#a", { since: { id: "m4\r\nQUIT" }, limit: 2 }, count);
    expect(sent).toEqual(["CHATHISTORY LATEST #a * 2"]);
  });

  it("gives up in time, and does not take the late answer for the next one", async () => {
    isSilent = true;
    const unavailable = { name: "NetworkError", kind: "unavailable" };
    const first = history.ask("#a", { since: null, limit: 2 }, count);
    nowMs = 1_000;
    history.sweep(nowMs);
    await expect(first).rejects.toMatchObject(unavailable);
    await expect(history.ask("#a", { since: null, limit: 2 }, count)).rejects.toMatchObject(unavailable);
    history.onBatch("#a", []);
    isSilent = false;
    expect(ids((await history.ask("#a", { since: null, limit: 1 }, count)).lines)).toBe("m9");
  });
});
