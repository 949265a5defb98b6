// oxlint-disable-next-line typescript/triple-slash-reference -- the package has no types, and ours cannot be imported
/// <reference path="../../../../bridges/xmpp/xmpp.d.ts" />
import { xml, type Element } from "@xmpp/client";
import { beforeEach, describe, expect, it } from "vitest";
import { Archive } from "../../../../bridges/xmpp/archive.ts";
import { findLost, readHistory } from "../../../../bridges/xmpp/history.ts";
import { InFlight } from "../../../../bridges/xmpp/in-flight.ts";
import { xmppSchema } from "../../../../bridges/xmpp/index.ts";
import { bridgeNickTest } from "../../../../bridges/xmpp/nicks.ts";
import { encodePayload } from "../../../../bridges/xmpp/payload.ts";
import { RequestError } from "../../../../bridges/xmpp/requests.ts";
import { NS } from "../../../../bridges/xmpp/stanzas.ts";

const ROOM = "lobby@muc";
const SECOND_MS = 1_000;

/** An archive in memory, as a server has it: one entry a second, from the first second on. */
class FakeArchive {
  readonly entries: Element[] = [];
  firstKept = 0;
  /** Its ids are positions in time: it begins after any, whether it has it or not. */
  isIndifferent = false;
  refusal: RequestError | null = null;
  questions = 0;
  #ids = 0;
  readonly archive = new Archive(
    (_type, to, child) => this.#answer(to, child),
    () => `q${(this.#ids += 1)}`,
  );

  say(text: string, originId?: string): string {
    const nick = originId === undefined ? "bob" : "tailspin1";
    const payload = encodePayload({ data: { text }, from: null, originId: originId ?? "" }) ?? [];
    return this.add(xml("message", { from: `${ROOM}/${nick}` }, ...payload));
  }

  add(message: Element): string {
    this.entries.push(message);
    return String(this.entries.length);
  }

  #answer(to: string, query: Element): Promise<Element> {
    this.questions += 1;
    if (this.refusal !== null) return Promise.reject(this.refusal);
    const set = query.getChild("set", NS.rsm);
    const max = Number(set?.getChildText("max"));
    const after = set?.getChildText("after");
    const before = set?.getChildText("before");
    const start = query
      .getChild("x")
      ?.getChildren("field")
      .find(({ attrs }) => attrs["var"] === "start");
    if (!this.isIndifferent && typeof after === "string" && Number(after) <= this.firstKept) {
      return Promise.reject(new RequestError("item-not-found", "no such id"));
    }
    const startMs = start === undefined ? 0 : Date.parse(start.getChildText("value") ?? "");
    const matching = this.entries
      .map((message, index) => ({ message, id: index + 1, timeMs: (index + 1) * SECOND_MS }))
      .filter(({ id }) => id > this.firstKept && id > Number(after ?? 0) && (!before || id < Number(before)))
      .filter(({ timeMs }) => timeMs >= startMs);
    const page = before === undefined || before === null ? matching.slice(0, max) : matching.slice(-max);
    for (const { message, id, timeMs } of page) {
      const delay = xml("delay", { xmlns: NS.delay, stamp: new Date(timeMs).toISOString() });
      const forwarded = xml("forwarded", { xmlns: NS.forward }, delay, message);
      const attributes = { xmlns: NS.mam, queryid: query.attrs["queryid"], id: String(id) };
      const result = xml("result", attributes, forwarded);
      // What others send that looks like an answer is none.
      this.archive.onMessage(xml("message", { from: "mallory@muc" }, xml("result", attributes, forwarded)));
      if (!this.archive.onMessage(xml("message", { from: to }, result))) throw new Error("not taken for an answer");
    }
    const complete = page.length === matching.length ? "true" : undefined;
    return Promise.resolve(xml("iq", { type: "result" }, xml("fin", { xmlns: NS.mam, complete })));
  }
}

describe("history", () => {
  let fake: FakeArchive;
  const config = xmppSchema.parse({ historyPageSize: 3, maxHistoryPages: 4 });
  const parts = () => ({ config, archive: fake.archive, isBridge: bridgeNickTest("tailspin") });
  const read = (since: Parameters<typeof readHistory>[3]["since"], limit = 100) =>
    readHistory(parts(), "/lobby", ROOM, { since, limit });
  const textsOf = (page: Awaited<ReturnType<typeof readHistory>>) =>
    page.messages.map(({ data }) => (data as { text: string }).text);

  beforeEach(() => {
    fake = new FakeArchive();
    for (let number = 1; number <= 8; number += 1) fake.say(`${number}`);
  });

  it("reads what came after a message, over several pages of the archive", async () => {
    const page = await read({ id: "2" });
    expect(textsOf(page)).toEqual(["3", "4", "5", "6", "7", "8"]);
    expect(page).toMatchObject({ isContiguous: true, hasMore: false });
    expect(page.messages[0]).toEqual({
      channel: "/lobby",
      data: { text: "3" },
      from: "bob",
      timeMs: 3 * SECOND_MS,
      id: "3",
    });
  });

  it("says that there is more", async () => {
    const page = await read({ id: "2" }, 2);
    expect(textsOf(page)).toEqual(["3", "4"]);
    expect(page).toMatchObject({ isContiguous: true, hasMore: true });
  });

  it("reads the newest ones", async () => {
    expect(textsOf(await read(null, 5))).toEqual(["4", "5", "6", "7", "8"]);
    expect(await read(null, 5)).toMatchObject({ isContiguous: false, hasMore: false });
    expect(await read(null, 8)).toMatchObject({ isContiguous: true, hasMore: false });
    expect(textsOf(await read(null, 100))).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
    expect(await read(null, 100)).toMatchObject({ isContiguous: true, hasMore: false });
  });

  it("passes over what is not a message", async () => {
    for (let count = 0; count < 5; count += 1) {
      fake.add(xml("message", { from: ROOM }, xml("subject", null, "news")));
    }
    fake.say("last");
    expect(textsOf(await read({ id: "8" }, 1))).toEqual(["last"]);
    expect(textsOf(await read(null, 1))).toEqual(["last"]);
  });

  it("claims a time to be covered only when the archive reaches back beyond it", async () => {
    expect(await read({ timeMs: 3_500 })).toMatchObject({ isContiguous: true, messages: { length: 5 } });
    fake.firstKept = 4;
    expect(await read({ timeMs: 3_500 })).toMatchObject({ isContiguous: false, messages: { length: 4 } });
  });

  it("claims nothing when it does not know the message any more, and goes by its time", async () => {
    fake.firstKept = 4;
    expect(await read({ id: "2" })).toEqual({ messages: [], isContiguous: false, hasMore: false });
    const page = await read({ id: "2", timeMs: 2_000 });
    expect(textsOf(page)).toEqual(["5", "6", "7", "8"]);
    expect(page.isContiguous).toBe(false);
  });

  it("does not believe an archive that begins after an id that it no longer has", async () => {
    fake.isIndifferent = true;
    expect(await read({ id: "4" })).toMatchObject({ isContiguous: true, messages: { length: 4 } });
    expect(await read({ id: "8" })).toEqual({ messages: [], isContiguous: true, hasMore: false });
    fake.firstKept = 4;
    expect(await read({ id: "4" })).toEqual({ messages: [], isContiguous: false, hasMore: false });
    expect(await read({ id: "2", timeMs: 6_000 })).toMatchObject({ isContiguous: false, messages: { length: 3 } });
  });

  it("has nothing of a room without an archive, and tells a refusal", async () => {
    fake.refusal = new RequestError("feature-not-implemented", "no archive");
    for (const since of [null, { id: "2" }, { timeMs: 1 }]) {
      expect(await read(since)).toEqual({ messages: [], isContiguous: false, hasMore: false });
    }
    fake.refusal = new RequestError("forbidden", "not you");
    await expect(read(null)).rejects.toMatchObject({ name: "NetworkError", kind: "refused", message: "not you" });
  });

  it("asks a bounded number of times", async () => {
    for (let count = 0; count < 100; count += 1) fake.add(xml("message", { from: ROOM }, xml("subject", null, "x")));
    await expect(read({ id: "8" })).rejects.toMatchObject({ kind: "unavailable" });
    expect(await read(null)).toEqual({ messages: [], isContiguous: false, hasMore: false });
    expect(fake.questions).toBe(2 * config.maxHistoryPages);
  });

  describe("of lost messages", () => {
    async function lose(afterId: string | null, ...origins: string[]) {
      const inFlight = new InFlight(config);
      const fates = origins.map(async (originId, index) => {
        await inFlight.add(`s${index}`, { room: ROOM, nick: "us", originId, bytes: 10, deadlineMs: 1_000 });
      });
      inFlight.onDisconnected(() => afterId);
      return { inFlight, fates, lost: inFlight.lostIn(ROOM) };
    }

    it("finds those that arrived, and is certain of the others when it has read on to the end", async () => {
      fake.say("mine", "o1");
      fake.say("somebody else's", "o9");
      const { lost } = await lose("8", "o1", "o2");
      const { found, isCertain } = await findLost(parts(), ROOM, lost);
      expect([...found].map(({ originId }) => originId)).toEqual(["o1"]);
      expect(isCertain).toBe(true);
    });

    it("reads all of the archive where no message had been seen before", async () => {
      const { lost } = await lose(null, "o1");
      expect(await findLost(parts(), ROOM, lost)).toEqual({ found: new Set(), isCertain: true });
      for (let count = 0; count < 20; count += 1) fake.say("more");
      expect(await findLost(parts(), ROOM, lost)).toEqual({ found: new Set(), isCertain: false });
    });

    it("is not certain without an archive, or when that has forgotten where to begin", async () => {
      const { lost } = await lose("2", "o1");
      fake.firstKept = 4;
      expect(await findLost(parts(), ROOM, lost)).toEqual({ found: new Set(), isCertain: false });
      fake.refusal = new RequestError("feature-not-implemented", "no archive");
      expect(await findLost(parts(), ROOM, lost)).toEqual({ found: new Set(), isCertain: false });
    });
  });
});
