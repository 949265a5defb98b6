import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { PageServer, serveClientPages } from "../support/client-pages.ts";
import { LocalStack } from "../support/local-stack.ts";
import { LoopbackNetwork } from "../support/loopback-network.ts";
import { calmNetwork } from "../support/calm-network.ts";

const CASES = [
  ["faye", "websocket", "own", []],
  ["faye", "eventsource", "own", ["websocket"]],
  ["faye", "long-polling", "own", ["websocket", "eventsource"]],
  ["faye", "callback-polling", "own", ["websocket", "eventsource", "long-polling"]],
  ["faye", "websocket", "other", []],
  ["faye", "cross-origin-long-polling", "other", ["websocket"]],
  ["faye", "callback-polling", "other", ["websocket", "cross-origin-long-polling"]],
  ["cometd", "websocket", "own", []],
  ["cometd", "long-polling", "own", ["websocket"]],
  ["cometd", "callback-polling", "own", ["websocket", "long-polling"]],
  ["cometd", "websocket", "other", []],
  ["cometd", "long-polling", "other", ["websocket"]],
  ["cometd", "callback-polling", "other", ["websocket", "long-polling"]],
] as const;
/** Faye gives a connect a fifth more time than it is held, and then closes its socket: not too short for a busy machine. */
const CONNECT_MS = 2_000;
const TEXTS = ["héllo ☃ \u2028", "two", "three"];

describe("the unmodified clients in Chromium", () => {
  const network = new LoopbackNetwork();
  let browser: Browser;
  let pages: PageServer;
  let stack: LocalStack;
  beforeAll(async () => {
    pages = await PageServer.start();
    [browser, stack] = await Promise.all([
      launchChromium(),
      LocalStack.start({
        network,
        fallback: serveClientPages,
        bridge: { connectTimeoutMs: CONNECT_MS, sessionTimeoutMs: 8_000 },
        dispatcher: { allowedOrigins: [pages.origin], maxStreamBytes: 8_192 },
      }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.[Symbol.asyncDispose]();
    await pages?.[Symbol.asyncDispose]();
  });

  const run = <T>(page: Page, script: string, argument: unknown): Promise<T> =>
    page.evaluate<T>(`(${script})(...${JSON.stringify(argument)})`).catch((error: unknown) => {
      // Its stack names files of the page, which the reporter would look for here.
      throw new Error(`in the page: ${String(error).split("\n")[0]}`);
    });

  it.each(CASES)("%s passes over %s from its %s origin", async (library, type, origin, off) => {
    const url = `http://127.0.0.1:${stack.port()}`;
    const context = await browser.newContext();
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    try {
      await calmNetwork();
      await page.goto(origin === "own" ? url : pages.origin);
      await page.waitForFunction("'start' in window", undefined, { timeout: 5_000 });
      await run(page, "(options) => void start(options)", [{ family: library, url: `${url}/bayeux`, off }]);
      const channel = `/${library}-${type}-${origin}`;
      expect(await run(page, "(channel) => client.subscribe(channel)", [channel])).toBe(true);
      for (const text of TEXTS) {
        expect(await run(page, "(channel, data) => client.publish(channel, data)", [channel, { text }])).toBe(true);
      }
      const heard = (count: number) =>
        vi.waitFor(async () => {
          const all = await run<unknown[]>(page, "() => heard", []);
          expect(all).toHaveLength(count);
          return all;
        }, 10_000);
      expect(await heard(3)).toEqual(TEXTS.map((text) => ({ text })));
      expect(await run(page, "() => client.type()", [])).toBe(type);
      // Longer than a connect is held, and on streams more than one of them may carry.
      const said: string[] = [];
      for (const endMs = performance.now() + 1.5 * CONNECT_MS; performance.now() < endMs;) {
        said.push(`${said.length} ${"x".repeat(1_000)}`);
        network.say(channel, said.at(-1));
        await heard(3 + said.length);
      }
      expect((await heard(3 + said.length)).slice(3)).toEqual(said);
      await run(page, "() => client.disconnect()", []);
      await vi.waitFor(() => expect(stack.openConnections).toBe(0), 10_000);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });
});
