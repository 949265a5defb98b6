import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { CometdClient } from "../support/cometd-client.ts";
import { freePort } from "../support/free-port.ts";
import { HaloPage } from "../support/halo-page.ts";
import { LocalBridge } from "../support/local-bridge.ts";
import type { LoopbackNetwork } from "../support/loopback-network.ts";
import { startEmbedded, type TestServer } from "../support/servers.ts";
import { startBridge, startDispatcherWith, startHalod, startUp, type TierProcess } from "../support/stack.ts";

const PHONES = [
  { width: 320, height: 568 },
  { width: 390, height: 844 },
];
const WAIT = { timeout: 30_000, interval: 50 };

describe("the page of the stack in Chromium", { timeout: 120_000 }, () => {
  const resources = new AsyncDisposableStack();
  let browser: Browser;
  let ircd: TestServer;
  /** Without HaloD. */
  let up: TierProcess;
  beforeAll(async () => {
    browser = resources.use(await launchChromium());
    ircd = resources.use(await startEmbedded());
    up = resources.use(await startUp());
  });
  afterAll(() => resources.disposeAsync());

  const pages: HaloPage[] = [];
  afterEach(async ({ task }) => {
    for (const halo of pages.splice(0)) {
      if (task.result?.state === "fail") console.error(`the page at the end: ${await halo.screenshot()}`);
      await halo[Symbol.asyncDispose]();
    }
  });

  async function open(url: string, options: BrowserContextOptions = {}): Promise<HaloPage> {
    const halo = await HaloPage.open(browser, url, options);
    pages.push(halo);
    return halo;
  }

  it("shows over its websocket, without a reload, that a bridge joins, and that a spare takes the place of one that is killed", async () => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "halo-page-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const [port, file] = [await freePort(), join(folder, "cluster.json")];
    const runHalod = async () => stack.use(await startHalod(port, file, "--halod-nodes", "3", "--halod-spares", "1"));
    const halod = await runHalod();
    const address = `127.0.0.1:${port}`;
    const networks: LoopbackNetwork[] = [];
    const addBridge = async (node: number) => {
      networks.push(stack.use(await LocalBridge.start(address, node)).network);
    };
    await Promise.all([1, 3].map(addBridge));
    // The one to be killed is a process of its own.
    const flags = ["--bridge-halod", address, "--bridge-node", "2", "--bridge-halo-channel"];
    const two = stack.use(await startBridge(ircd, ...flags));
    const dispatcher = stack.use(await startDispatcherWith("--dispatcher-halod", address));

    const halo = await open(dispatcher.url);
    await halo.page.evaluate("window.isTheSame = true");
    await vi.waitFor(
      async () => expect(await halo.bridges()).toEqual(["1 active 512", "2 active 512", "3 spare 0"]),
      WAIT,
    );
    expect(await halo.ring()).toEqual({ 1: 512, 2: 512 });
    expect(await halo.moved()).toBe(0);
    expect(new Set(await halo.events())).toEqual(
      new Set(["first table: bridges 1 and 2 share 1,024 routes", "dispatcher 1 came"]),
    );

    await addBridge(4);
    await vi.waitFor(
      async () => expect((await halo.events())[0]).toBe("bridge 3 joined, spare 4 registered: 341 routes moved"),
      WAIT,
    );
    await vi.waitFor(
      async () => expect(await halo.bridges()).toEqual(["1 active 342", "2 active 341", "3 active 341", "4 spare 0"]),
      WAIT,
    );
    expect(await halo.ring()).toEqual({ 1: 342, 2: 341, 3: 341 });
    expect(await halo.moved()).toBe(341);

    await two.kill9();
    await vi.waitFor(
      async () => expect((await halo.events())[0]).toBe("bridge 2 died, spare 4 took its place: 341 routes moved"),
      WAIT,
    );
    expect(await halo.bridges()).toEqual(["1 active 342", "3 active 341", "4 active 341"]);
    expect(await halo.ring()).toEqual({ 1: 342, 3: 341, 4: 341 });
    expect(await halo.moved()).toBe(341);

    // Sessions of this page and of another one, messages, and connections: as numbers of those who have them.
    await vi.waitFor(async () => expect(await halo.state()).toBe("Live over websocket"), WAIT);
    await using client = await CometdClient.open(dispatcher.url, { transport: "websocket" });
    await client.follow("/halo-traffic");
    const talk = setInterval(() => networks.forEach((network) => network.say("/halo-traffic", "hello")), 50);
    stack.defer(() => clearInterval(talk));
    await vi.waitFor(async () => {
      const nodes = [1, 3, 4];
      const sum = async (name: "sessions" | "heard" | "delivered") => {
        const cells = await Promise.all(nodes.map((node) => halo.cell(node, name)));
        return cells.reduce((total, cell) => total + Number(cell), 0);
      };
      expect(await sum("sessions")).toBeGreaterThanOrEqual(2);
      expect(await sum("heard")).toBeGreaterThan(1);
      expect(await sum("delivered")).toBeGreaterThan(1);
      expect(await halo.dispatchers()).toEqual(["dispatcher 1\t2"]);
    }, WAIT);

    await halod.kill9();
    await vi.waitFor(
      async () => expect(await halo.page.getByTestId("notice").textContent()).toMatch(/^HaloD is away/),
      WAIT,
    );
    expect(await halo.ring()).toEqual({ 1: 342, 3: 341, 4: 341 });
    await runHalod();
    await vi.waitFor(async () => expect(await halo.page.getByTestId("notice").isHidden()).toBe(true), WAIT);
    expect(await halo.page.evaluate("window.isTheSame")).toBe(true);
    expect(halo.faults).toEqual([]);
  });

  it("shows the fixed table, and the numbers of the one process, where there is no HaloD", async () => {
    const halo = await open(up.url);
    await vi.waitFor(async () => expect(await halo.bridges()).toEqual(["1 active 1,024"]), WAIT);
    expect(await halo.page.getByTestId("notice").textContent()).toMatch(/^There is no HaloD here/);
    expect(await halo.ring()).toEqual({ 1: 1_024 });
    expect(await halo.page.getByTestId("ring-text").textContent()).toBe("Epoch 1. 1,024 routes; bridge 1: 1,024.");
    await using client = await CometdClient.open(up.url, { transport: "websocket" });
    await client.follow("/any");
    await vi.waitFor(async () => {
      expect(await halo.cell(1, "sessions")).toBe("2");
      expect(await halo.dispatchers()).toEqual(["dispatcher 1\t2"]);
    }, WAIT);
    expect(halo.faults).toEqual([]);
  });

  it("says plainly where the stack does not show itself", async () => {
    await using secretive = await startUp("--no-bridge-halo-channel");
    const halo = await open(secretive.url);
    const notice = halo.page.getByTestId("notice");
    await vi.waitFor(async () => expect(await notice.textContent()).toMatch(/^This stack does not show itself/), WAIT);
    expect(await halo.bridges()).toEqual([]);
  });

  it("can be used with the keyboard alone: a bridge's routes are seen by themselves", async () => {
    const halo = await open(up.url, { colorScheme: "dark", reducedMotion: "reduce" });
    const button = halo.page.getByRole("button", { name: "bridge 1" });
    await button.focus();
    await halo.page.keyboard.press("Enter");
    expect(await button.getAttribute("aria-pressed")).toBe("true");
    await halo.page.keyboard.press("Space");
    expect(await button.getAttribute("aria-pressed")).toBe("false");
    expect(halo.faults).toEqual([]);
  });

  it.for(PHONES)("fits a phone of $width by $height", async (viewport) => {
    const halo = await open(up.url, { viewport, isMobile: true, hasTouch: true });
    await vi.waitFor(async () => expect(await halo.bridges()).toEqual(["1 active 1,024"]), WAIT);
    expect(await halo.overflow()).toBeLessThanOrEqual(0);
    await halo.page.getByRole("button", { name: "bridge 1" }).tap();
    expect(await halo.overflow()).toBeLessThanOrEqual(0);
    expect(halo.faults).toEqual([]);
  });
});
