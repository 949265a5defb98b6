import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startOnBoth } from "../support/both-networks.ts";
import { ChatPage } from "../support/chat-page.ts";
import { launchChromium } from "../support/chromium.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { RawRoom } from "../support/raw-room.ts";
import { RawXmpp } from "../support/raw-xmpp.ts";
import { startEmbedded, startProsody, type TestServer } from "../support/servers.ts";
import type { TierProcess } from "../support/stack.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";

const PHONE = { viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true };
const RULES = [
  // It would have the name of /desk.
  { channels: "/xmpp/helpdesk", access: "none" },
  { channels: "/xmpp/**", network: "xmpp", stripPrefix: true },
  { channels: "/support", network: "irc", name: "#Help" },
  { channels: "/desk", network: "xmpp", name: "helpdesk" },
];

describe("where the chat page says that its room is", () => {
  const resources = new AsyncDisposableStack();
  let browser: Browser;
  let ircd: TestServer;
  let prosody: TestServer;
  let up: TierProcess;
  beforeAll(async () => {
    browser = resources.use(await launchChromium());
    ircd = resources.use(await startEmbedded());
    prosody = resources.use(await startProsody());
    up = resources.use(await startOnBoth(ircd, prosody, RULES));
  });
  afterAll(() => resources.disposeAsync());

  it("is where people on IRC find it", async () => {
    await using alice = await ChatPage.open(browser, up.url, { room: "chat/room1", name: "alice" });
    expect(await alice.page.getByTestId("room-title").textContent()).toBe("#chat/room1");
    const address = `${ircd.host}:${ircd.port}`;
    const [panel = "", ...others] = await alice.whereabouts();
    expect(panel).toBe(`On IRC Same room, any IRC client: ${address}, /join #chat.room1`);
    expect(others).toEqual([`Or talk from IRC: connect to ${address} and /join #chat.room1`]);
    await alice.page.getByTestId("open-help").click();
    expect(await alice.page.getByTestId("help").innerText()).toContain(`Connect to ${address} and /join #chat.room1`);

    await using carol = await RawIrc.login(ircd, "carol", panel.slice(panel.indexOf("#")));
    await alice.waitForPerson("carol", "irc");
    carol.say("#chat.room1", "found it");
    await vi.waitFor(async () => expect(await alice.said()).toEqual(["carol: found it"]), 5_000);
    expect(alice.errors).toEqual([]);
  });

  it("is where people on XMPP find it", async () => {
    await using alice = await ChatPage.open(browser, up.url, { room: "xmpp/lobby", name: "alice" });
    expect(await alice.page.getByTestId("room-title").textContent()).toBe("#xmpp/lobby");
    const jid = `lobby@${XMPP_SERVICE.mucDomain}`;
    const [panel = "", ...others] = await alice.whereabouts();
    expect(panel).toBe(`On XMPP Same room, any XMPP client: ${jid}`);
    expect(others).toEqual([`Or talk from XMPP: join the room ${jid}`]);
    await alice.page.getByTestId("open-help").click();
    const help = await alice.page.getByTestId("help").innerText();
    expect(help).toContain(`Join the room ${jid}`);
    expect(help).not.toContain("IRC");

    await using xmpp = await RawXmpp.login(prosody);
    const room = new RawRoom(xmpp, panel.slice(panel.lastIndexOf(" ") + 1), "carol");
    await room.join();
    await alice.waitForPerson("carol", "xmpp");
    room.say("found it");
    await vi.waitFor(async () => expect(await alice.said()).toEqual(["carol: found it"]), 5_000);
    expect(alice.errors).toEqual([]);
  });

  it("follows from room to room, and fits a phone", async () => {
    await using alice = await ChatPage.open(browser, up.url, { room: "lobby", name: "alice", ...PHONE });
    const jid = (name: string) => `${name}@${XMPP_SERVICE.mucDomain}`;
    const longest = `xmpp/${"w".repeat(43)}`;
    for (const [room, name] of [
      ["lobby", "#lobby"],
      ["support", "#Help"],
      ["desk", jid("helpdesk")],
      ["team/a_b", "#team.a_b"],
      [longest, jid(longest.slice("xmpp/".length))],
    ] as const) {
      if (room !== "lobby") await alice.say(`/join ${room}`);
      await vi.waitFor(async () => expect(await alice.whereabouts()).toEqual([expect.toSatisfy(endsIn(name))]), 5_000);
      expect(await alice.overflow()).toBeLessThanOrEqual(0);
      await alice.page.locator("#open-panel").tap();
      await vi.waitFor(async () => expect(await alice.whereabouts()).toContainEqual(expect.toSatisfy(endsIn(name))));
      expect(await alice.overflow()).toBeLessThanOrEqual(0);
      await alice.page.locator("#close-panel").tap();
    }
    expect(alice.errors).toEqual([]);
  });

  it("is nowhere while the server has not said it", async () => {
    await using alice = await ChatPage.open(browser, up.url, { room: "lobby", name: "alice" });
    expect(await alice.whereabouts()).toHaveLength(2);
    up.freeze();
    await alice.say("/join xmpp/lobby");
    await alice.page.getByTestId("room-title").getByText("#xmpp/lobby").waitFor();
    expect(await alice.whereabouts()).toEqual([]);
    up.thaw();
    await vi.waitFor(async () => expect((await alice.whereabouts())[0]).toMatch(/^On XMPP .* lobby@/), 5_000);
    expect(alice.errors).toEqual([]);
  });
});

function endsIn(name: string): (text: string) => boolean {
  return (text) => text.endsWith(` ${name}`);
}
