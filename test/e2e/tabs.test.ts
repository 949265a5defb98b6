import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Page } from "playwright-core";
import { launchChromium } from "../support/chromium.ts";
import { Haproxy } from "../support/haproxy.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded } from "../support/servers.ts";
import { WholeStack } from "../support/whole-stack.ts";
import { calmNetwork } from "../support/calm-network.ts";

const VERSION_HEADER = "X-Http-Version";
/** More than the six connections that a browser opens to one host over HTTP/1.1. */
const TABS = 8;
const MESSAGES = 20;
const WAIT = { timeout: 40_000, interval: 100 };

/** What one tab has seen. */
interface Seen {
  readonly heard: readonly number[];
  /** It was told that its browser has other tabs which poll. */
  readonly isOneOfSeveral: boolean;
  readonly protocols: readonly string[];
}

/** A session that polls: the text of a script, since it runs in the page. */
const SCRIPT = `
  import { CometD } from "/cometd/cometd.js";
  const heard = [];
  let isOneOfSeveral = false;
  const cometd = new CometD();
  cometd.configure({ url: location.origin + "/bayeux", logLevel: "warn" });
  cometd.unregisterTransport("websocket");
  cometd.addListener("/meta/connect", ({ advice }) => (isOneOfSeveral ||= advice?.["multiple-clients"] === true));
  const requests = () => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/bayeux"));
  window.seen = () => ({ heard, isOneOfSeveral, protocols: requests().map((one) => one.nextHopProtocol) });
  cometd.handshake(() => {
    cometd.subscribe("/tabs", ({ data }) => heard.push(data.number), ({ successful }) => (window.isReady = successful));
  });`;

describe("several tabs of one browser, through a load balancer", () => {
  const resources = new AsyncDisposableStack();
  let stack: WholeStack;
  let haproxy: Haproxy;
  let irc: RawIrc;
  beforeAll(async () => {
    const dispatcherFlags = ["--dispatcher-http-version-header", VERSION_HEADER];
    const bridgeFlags = ["--bridge-connect-timeout-ms", "5000"];
    stack = resources.use(await WholeStack.start({ startServer: startEmbedded, dispatcherFlags, bridgeFlags }));
    haproxy = resources.use(await Haproxy.start(stack.dispatchers, VERSION_HEADER));
    irc = resources.use(await RawIrc.login(stack.ircd, "teller", "#tabs"));
  });
  afterAll(() => resources.disposeAsync());

  it.for([
    { name: "HTTP/1.1", protocol: "http/1.1", areHeldBack: true },
    { name: "HTTP/2", protocol: "h2", areHeldBack: false },
  ])("all hear everything by long-polling over $name", { timeout: 90_000 }, async ({ name, protocol, areHeldBack }) => {
    await using browser = await launchChromium();
    await using context = await browser.newContext({ ignoreHTTPSErrors: true });
    const tabs = await Promise.all(Array.from({ length: TABS }, () => context.newPage()));
    for (const tab of tabs) await open(tab, protocol === "h2" ? haproxy.tlsUrl : haproxy.plainUrl);
    const numbers = Array.from({ length: MESSAGES }, (_, index) => index);
    for (const number of numbers) irc.send(`PRIVMSG #tabs :{"number":${number}}`);
    const seen = await vi.waitFor(async () => {
      const all = await Promise.all(tabs.map((tab) => tab.evaluate<Seen>("window.seen()")));
      for (const { heard } of all) expect(heard, name).toEqual(numbers);
      return all;
    }, WAIT);
    expect(new Set(seen.flatMap(({ protocols }) => protocols))).toEqual(new Set([protocol]));
    expect(seen.some(({ isOneOfSeveral }) => isOneOfSeveral)).toBe(areHeldBack);
  });
});

/** Opens a page of ours, and in it a session that polls. */
async function open(tab: Page, url: string): Promise<void> {
  await calmNetwork();
  await tab.goto(`${url}/health`);
  await tab.addScriptTag({ type: "module", content: SCRIPT });
  await tab.waitForFunction("window.isReady");
}
