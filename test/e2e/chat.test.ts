import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ChatPage } from "../support/chat-page.ts";
import { launchChromium } from "../support/chromium.ts";
import { exchange } from "../support/raw-bytes.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded } from "../support/servers.ts";
import { startBridge, startDispatcher, startUp, type TierProcess } from "../support/stack.ts";

const PHONES = [
  { width: 320, height: 568 },
  { width: 390, height: 844 },
];

describe("the chat page in Chromium", () => {
  let browser: Browser;
  let up: TierProcess;
  let irc: { host: string; port: number };
  beforeAll(async () => {
    browser = await launchChromium();
    up = await startUp();
    irc = { host: "127.0.0.1", port: Number(/IRC\s+127\.0\.0\.1:(\d+)/.exec(up.output.join("\n"))?.[1]) };
  });
  afterAll(async () => {
    await browser.close();
    await up.stop();
  });

  const open: ChatPage[] = [];
  afterEach(async ({ task }) => {
    for (const chat of open.splice(0)) {
      if (task.result?.state === "fail") console.error(`the page at the end: ${await chat.screenshot()}`);
      await chat[Symbol.asyncDispose]();
    }
  });

  async function enter(url: string, options: Parameters<typeof ChatPage.open>[2]): Promise<ChatPage> {
    const chat = await ChatPage.open(browser, url, options);
    open.push(chat);
    return chat;
  }

  it("lets two people in browsers and one on IRC talk, and shows all the same in the same order", async () => {
    await using carol = await RawIrc.login(irc, "carol", "#lobby");
    const alice = await enter(up.url, { room: "lobby", name: "alice" });
    expect(await alice.page.getByTestId("room-title").textContent()).toBe("#lobby");
    expect(await alice.page.getByTestId("state").textContent()).toMatch(/^Connected over websocket$/);
    carol.say("#lobby", "hello from IRC");
    await vi.waitFor(async () => expect(await alice.said()).toEqual(["carol: hello from IRC"]), 5_000);
    await alice.say("hello from the browser");
    await carol.waitFor(/ PRIVMSG #lobby :<alice> hello from the browser$/);

    const bob = await enter(up.url, { room: "lobby", name: "bob" });
    for (let turn = 0; turn < 10; turn++) {
      carol.say("#lobby", `carol ${turn}`);
      await Promise.all([alice.say(`alice ${turn}`), bob.say(`bob ${turn}`)]);
    }
    await vi.waitFor(async () => expect((await bob.said()).length).toBeGreaterThanOrEqual(30), 10_000);
    const [seenByAlice, seenByBob] = [await alice.said(), await bob.said()];
    expect(seenByBob).toHaveLength(30);
    expect(new Set(seenByBob).size).toBe(30);
    expect(seenByAlice).toEqual(["carol: hello from IRC", "alice: hello from the browser", ...seenByBob]);
    await carol.taken();
    const seenByCarol = carol.lines.flatMap(
      (line) => / PRIVMSG #lobby :<(\w+)> (.*)$/.exec(line)?.slice(1, 3).join(": ") ?? [],
    );
    expect(seenByCarol).toEqual(seenByAlice.filter((line) => !line.startsWith("carol")));
    expect(await alice.page.getByTestId("pending").count()).toBe(0);
    expect([...alice.errors, ...bob.errors]).toEqual([]);
  });

  it("shows what `printf … | nc -q 3` says to the IRC port", async () => {
    const alice = await enter(up.url, { room: "lobby", name: "alice" });
    const script = "NICK a\r\nUSER a 0 * :a\r\nJOIN #lobby\r\nPRIVMSG #lobby :hello\r\n";
    expect(await exchange(irc.port, script, { endsInput: true })).toMatchObject({ isClosed: true });
    await vi.waitFor(async () => expect(await alice.said()).toEqual(["a: hello"]), 5_000);
    await alice.waitForNobody("a", "irc");
    expect(alice.errors).toEqual([]);
  });

  it("shows who is here, and when they come and go", async () => {
    await using carol = await RawIrc.login(irc, "carol", "#here");
    const alice = await enter(up.url, { room: "here", name: "alice" });
    expect(await alice.people()).toEqual(expect.arrayContaining(["alice (web)", "carol (irc)"]));
    const bob = await enter(up.url, { room: "here", name: "bob" });
    await alice.waitForPerson("bob");
    expect(await bob.people()).toEqual(await alice.people());
    carol.send("NICK caroline");
    await alice.waitForPerson("caroline", "irc");
    expect((await alice.people()).filter((who) => /^(alice|bob|carol)/.test(who))).toEqual([
      "alice (web)",
      "bob (web)",
      "caroline (irc)",
    ]);
    await bob[Symbol.asyncDispose]();
    await alice.waitForNobody("bob");
    carol.send("QUIT :bye");
    await alice.waitForNobody("caroline", "irc");
    expect(alice.errors).toEqual([]);
  });

  it("shows what is said as it is, and nothing of it is run", async () => {
    await using mallory = await RawIrc.login(irc, "mallory", "#odd");
    const alice = await enter(up.url, { room: "odd", name: "alice" });
    const odd = [
      "<img src=x onerror=alert(1)>",
      "<script>alert(1)</script>",
      "&lt;b&gt; 🛰️ Zürich",
      "javascript:alert(1)",
    ];
    for (const text of odd) mallory.say("#odd", text);
    mallory.say("#odd", '{"symbol":"TSPN","price":42}');
    await vi.waitFor(async () => expect(await alice.said()).toHaveLength(odd.length + 1), 5_000);
    expect((await alice.said()).slice(0, -1)).toEqual(odd.map((text) => `mallory: ${text}`));
    expect((await alice.said()).at(-1)).toMatch(/"symbol"[^]*"TSPN"[^]*42/);
    expect(await alice.page.locator("#lines img, #lines script, #lines a[href^=javascript]").count()).toBe(0);
    await alice.say("/me waves");
    await mallory.waitFor(/ PRIVMSG #odd :\x01ACTION .*waves\x01$/);
    await alice.say("two\nlines, and a tab\t");
    await vi.waitFor(async () => expect((await alice.said()).at(-1)).toContain("two\nlines"), 5_000);
    expect(alice.errors).toEqual([]);
  });

  it.for(PHONES)("fits a phone of $width by $height", async (viewport) => {
    const room = `phone-${viewport.width}`;
    await using bob = await RawIrc.login(irc, "bob", `#${room}`);
    const alice = await enter(up.url, { room, name: "a".repeat(32), viewport, isMobile: true, hasTouch: true });
    bob.say(`#${room}`, "w".repeat(300));
    bob.say(`#${room}`, `{"long":"${"x".repeat(300)}"}`);
    bob.say(`#${room}`, `https://example.org/${"path/".repeat(50)}`);
    await vi.waitFor(async () => expect(await alice.said()).toHaveLength(3), 5_000);
    expect(await alice.overflow()).toBeLessThanOrEqual(0);
    const composer = await alice.page.getByTestId("send").boundingBox();
    expect((composer?.y ?? 9_999) + (composer?.height ?? 0)).toBeLessThanOrEqual(viewport.height);
    await alice.page.locator("#open-panel").tap();
    await alice.page.getByTestId("people").waitFor({ state: "visible" });
    expect(await alice.overflow()).toBeLessThanOrEqual(0);
    expect(alice.errors).toEqual([]);
  });

  it("comes back by itself when its dispatcher dies, and nothing is lost", async () => {
    await using ircd = await startEmbedded();
    await using bridge = await startBridge(ircd);
    await using first = await startDispatcher([bridge]);
    await using carol = await RawIrc.login(ircd, "carol", "#lobby");
    const alice = await enter(first.url, { room: "lobby", name: "alice" });
    const spoken: string[] = [];
    let isOver = false;
    // Until the end, so that some words are on their way whatever happens.
    const speak = async () => {
      while (!isOver) {
        carol.say("#lobby", `${spoken.length}`);
        spoken.push(`carol: ${spoken.length}`);
        await carol.taken();
        await vi.waitFor(async () => expect(spoken.length - (await alice.said()).length).toBeLessThan(100), 20_000);
      }
    };
    const restart = async () => {
      await vi.waitFor(async () => expect((await alice.said()).length).toBeGreaterThan(20), 5_000);
      await first.kill9();
      await alice.waitForState("reconnecting");
      await alice.say("from alice, while away");
      const second = await startDispatcher([bridge], "--port", String(first.port));
      await alice.waitForState("connected");
      await vi.waitFor(async () => expect(await alice.said()).toContain("alice: from alice, while away"), 10_000);
      isOver = true;
      return second;
    };
    const speaking = speak();
    await using second = await restart();
    await speaking;
    await vi.waitFor(async () => expect((await alice.said()).length).toBeGreaterThan(spoken.length), 10_000);
    const said = await alice.said();
    expect(said.filter((line) => line.startsWith("carol"))).toEqual(spoken);
    expect(said.filter((line) => line.startsWith("alice"))).toEqual(["alice: from alice, while away"]);
    expect(second.isRunning).toBe(true);
    expect(await alice.page.getByTestId("gap").count()).toBe(0);
    expect(await alice.people()).toEqual(["alice (web)", "carol (irc)"]);
    expect(alice.faults).toEqual([]);
  });
});
