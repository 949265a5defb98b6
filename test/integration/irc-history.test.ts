import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { HistoryPage } from "../../bridges/network.ts";
import { startIrcNetwork as start } from "../support/irc-networks.ts";
import { publication } from "../support/publication.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, startInspircd, startNgircd, type TestServer } from "../support/servers.ts";

const WAIT = { timeout: 10_000, interval: 5 };
const texts = ({ messages }: Pick<HistoryPage, "messages">): unknown[] => messages.map(({ data }) => data);

describe("history of InspIRCd", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startInspircd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("has what was said while we were away, with the same ids, and proves that nothing is missing", async () => {
    await using ann = await RawIrc.login(server, "ann", "#past");
    await using before = await start(server, { node: 701 });
    await before.network.join("/past");
    const long = { text: "many words ".repeat(400), list: [1, 2, { deep: " x " }] };
    const exact = { text: "readable", more: [1, 2] };
    ann.say("#past", "one");
    await before.network.publish("/past", publication({ text: "two" }, "alice"));
    const last = before.inbox.messages.at(-1);
    await before.network[Symbol.asyncDispose]();

    await using other = await start(server);
    await other.network.join("/past");
    ann.say("#past", "\x01ACTION waves\x01");
    await ann.taken();
    await other.network.publish("/past", publication(exact, "bob"));
    await other.network.publish("/past", publication(long));
    await using again = await start(server, { node: 701 });
    await again.network.join("/past");
    const page = await again.network.history("/past", { since: { id: last?.id ?? "" }, limit: 100 });
    expect(texts(page)).toEqual([{ text: "waves", action: true }, exact, long]);
    expect(page).toMatchObject({ isContiguous: true, hasMore: false });
    expect(page.messages.map(({ from }) => from)).toEqual(["ann", "bob", page.messages[2]?.from]);
    const live = other.inbox.messages;
    expect(page.messages.map(({ id }) => id)).toEqual(live.slice(-3).map(({ id }) => id));
    // What the server replayed at our own joins was not delivered as new.
    expect(again.inbox.messages).toEqual([]);
    expect(live.map(({ data }) => data)).toEqual([{ text: "waves", action: true }, exact, long]);
  });

  it("pages, shares answers, and gives the newest", async () => {
    await using ann = await RawIrc.login(server, "ann2", "#pages");
    await using bridge = await start(server);
    for (let number = 0; number < 50; number += 1) ann.say("#pages", `${number}`);
    await ann.taken();
    await bridge.network.join("/pages");
    const newest = await bridge.network.history("/pages", { since: null, limit: 3 });
    expect(texts(newest)).toEqual([{ text: "47" }, { text: "48" }, { text: "49" }]);
    let since: Parameters<typeof bridge.network.history>[1]["since"] = { timeMs: 0 };
    const read: unknown[] = [];
    for (let hasMore = true; hasMore;) {
      const page: HistoryPage = await bridge.network.history("/pages", { since, limit: 20 });
      read.push(...texts(page));
      ({ hasMore } = page);
      since = { id: page.messages.at(-1)?.id ?? "" };
    }
    expect(read).toEqual(Array.from({ length: 50 }, (_, number) => ({ text: `${number}` })));
    const joins = (): number => ann.lines.filter((line) => /:tailspin\d+s0!\S+ JOIN /.test(line)).length;
    await ann.taken();
    const soFar = joins();
    await Promise.all([1, 2, 3].map((limit) => bridge.network.history("/pages", { since: null, limit })));
    await ann.taken();
    expect(joins()).toBe(soFar + 1);
    expect(bridge.network.members("/pages").map(({ name }) => name)).toEqual(["ann2"]);
    expect(bridge.inbox.presences.filter(({ type }) => type === "joined")).toEqual([]);
  });

  it("does not claim to be whole when the server has dropped the position, or has none", async () => {
    await using ann = await RawIrc.login(server, "ann3", "#full");
    ann.send("MODE #full +H 5:1d");
    await using bridge = await start(server);
    await bridge.network.join("/full");
    ann.say("#full", "0");
    await vi.waitFor(() => expect(bridge.inbox.messages).toHaveLength(1), WAIT);
    const since = { id: bridge.inbox.messages[0]?.id ?? "", timeMs: bridge.inbox.messages[0]?.timeMs ?? 0 };
    for (let number = 1; number < 5; number += 1) ann.say("#full", `${number}`);
    await ann.taken();
    const whole = await bridge.network.history("/full", { since, limit: 100 });
    expect([texts(whole).length, whole.isContiguous]).toEqual([4, true]);
    ann.say("#full", "5");
    await ann.taken();
    const cut = await bridge.network.history("/full", { since, limit: 100 });
    expect([texts(cut).length, cut.isContiguous]).toEqual([5, false]);
    ann.send("MODE #full -H");
    await ann.taken();
    expect(await bridge.network.history("/full", { since, limit: 100 })).toEqual({
      messages: [],
      isContiguous: false,
      hasMore: false,
    });
  });

  it("has NOTICEs as well", async () => {
    await using ann = await RawIrc.login(server, "ann4", "#notice");
    await using bridge = await start(server);
    await bridge.network.join("/notice");
    ann.send("NOTICE #notice :noted");
    ann.say("#notice", "said");
    await ann.taken();
    const page = await bridge.network.history("/notice", { since: null, limit: 9 });
    expect(texts(page)).toEqual([{ text: "noted" }, { text: "said" }]);
  });

  it("is refused where the historian may not join, and in channels that we are not in", async () => {
    await using ann = await RawIrc.login(server, "ann5", "#closed");
    await using bridge = await start(server);
    await bridge.network.join("/closed");
    ann.send("MODE #closed +i");
    await ann.taken();
    const refused = { name: "NetworkError", kind: "refused" };
    await expect(bridge.network.history("/closed", { since: null, limit: 1 })).rejects.toMatchObject(refused);
    await expect(bridge.network.history("/elsewhere", { since: null, limit: 1 })).rejects.toMatchObject(refused);
  });

  it("is there when the gap of a rejoin is told, and fills it", async () => {
    await using ann = await RawIrc.login(server, "ann6", "#gap");
    await using bridge = await start(server);
    await bridge.network.join("/gap");
    ann.say("#gap", "before");
    await vi.waitFor(() => expect(bridge.inbox.messages).toHaveLength(1), WAIT);
    const page = Promise.withResolvers<HistoryPage>();
    bridge.inbox.gap = (channel) => {
      const id = bridge.inbox.messages.at(-1)?.id ?? "";
      bridge.network.history(channel, { since: { id }, limit: 10 }).then(page.resolve, page.reject);
    };
    // In one write, so that the message is said before the bridge can come back.
    ann.sendBytes(`KICK #gap tailspin${bridge.node} :out\r\nPRIVMSG #gap :missed\r\n`);
    expect(texts(await page.promise)).toEqual([{ text: "missed" }]);
    expect(await page.promise).toMatchObject({ isContiguous: true, hasMore: false });
    expect(texts(bridge.inbox)).toEqual([{ text: "before" }]);
  });

  it("is unavailable while the server is away, and its connection comes and goes with the need", async () => {
    await using own = await startInspircd();
    await using ann = await RawIrc.login(own, "ann7", "#away");
    await using bridge = await start(own, {
      node: 777,
      historianIdleMs: 100,
      pingIntervalMs: 100,
      deadAfterMs: 60_000,
    });
    await bridge.network.join("/away");
    ann.say("#away", "hello");
    await ann.taken();
    expect(texts(await bridge.network.history("/away", { since: null, limit: 1 }))).toEqual([{ text: "hello" }]);
    await vi.waitFor(async () => {
      ann.send("ISON tailspin777 tailspin777s0");
      expect(await ann.waitFor(/ 303 /)).toMatch(/ 303 ann7 :tailspin777 ?$/);
    }, WAIT);
    await own.stop();
    await vi.waitFor(() => expect(bridge.inbox.downs).toHaveLength(1), WAIT);
    await expect(bridge.network.history("/away", { since: null, limit: 1 })).rejects.toMatchObject({
      kind: "unavailable",
    });
  });
});

describe("requests for history", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startInspircd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("wait for each other, as many as may", async () => {
    await using ann = await RawIrc.login(server, "ann", "#one", "#two", "#three");
    await using bridge = await start(server, { maxHistoryRequests: 2 });
    const channels = ["/one", "/two", "/three"];
    for (const channel of channels) {
      await bridge.network.join(channel);
      ann.say(`#${channel.slice(1)}`, channel);
    }
    await ann.taken();
    const answers = await Promise.allSettled(
      channels.map((channel) => bridge.network.history(channel, { since: null, limit: 5 })),
    );
    expect(
      answers.map((answer) => (answer.status === "fulfilled" ? texts(answer.value) : answer.reason)),
    ).toMatchObject([[{ text: "/one" }], [{ text: "/two" }], { name: "NetworkError", kind: "unavailable" }]);
    expect(texts(await bridge.network.history("/three", { since: null, limit: 5 }))).toEqual([{ text: "/three" }]);
  });

  it("look at the newest lines, as many as may, and know that there were more", async () => {
    await using ann = await RawIrc.login(server, "ann2", "#many");
    await using bridge = await start(server, { maxHistoryLines: 10 });
    await bridge.network.join("/many");
    for (let number = 0; number < 200; number += 1) ann.say("#many", `${number}`);
    await ann.taken();
    await vi.waitFor(() => expect(bridge.inbox.messages).toHaveLength(200), WAIT);
    const since = { id: bridge.inbox.messages[100]?.id ?? "" };
    const page = await bridge.network.history("/many", { since, limit: 1_000 });
    expect([texts(page).length, texts(page).at(-1), page.isContiguous]).toEqual([10, { text: "199" }, false]);
  });

  it("fail in time when the server stands still, and succeed when it goes on", async () => {
    await using ann = await RawIrc.login(server, "ann3", "#ice");
    await using bridge = await start(server, { historyTimeoutMs: 2_500 });
    await bridge.network.join("/ice");
    ann.say("#ice", "hello");
    await ann.taken();
    await bridge.network.history("/ice", { since: null, limit: 5 });
    await server.freeze();
    const failed = await bridge.network.history("/ice", { since: null, limit: 5 }).catch((error: unknown) => error);
    await server.thaw();
    expect(failed).toMatchObject({ kind: "unavailable", message: "the server did not send its history in time" });
    expect(texts(await bridge.network.history("/ice", { since: null, limit: 5 }))).toEqual([{ text: "hello" }]);
  });
});

describe.each([
  ["ngircd", startNgircd],
  ["embedded", startEmbedded],
])("history of %s", (_name, startServer) => {
  it("is an empty page that is not whole, and nobody joins for it", async () => {
    await using server = await startServer();
    await using ann = await RawIrc.login(server, "ann", "#a");
    await using bridge = await start(server);
    await bridge.network.join("/a");
    ann.say("#a", "hello");
    await ann.taken();
    const page = await bridge.network.history("/a", { since: null, limit: 10 });
    expect(page).toEqual({ messages: [], isContiguous: false, hasMore: false });
    expect(ann.lines.filter((line) => /s0!\S+ JOIN /.test(line))).toEqual([]);
  });
});
