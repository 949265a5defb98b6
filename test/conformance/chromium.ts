import type { RequestListener } from "node:http";
import type { Browser, Page } from "playwright-core";
import { serveClientPages } from "../support/client-pages.ts";
import { cometdDriver } from "./cometd-driver.ts";
import type { Client, Driver, DriverOptions } from "./driver.ts";
import { fayeDriver } from "./faye-driver.ts";
import type { Row } from "./rows.ts";
import { calmNetwork } from "../support/calm-network.ts";

/** Both libraries as they are, and the drivers, which are the same functions as in Node. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>conformance</title>
<script src="/faye.js"></script>
<script type="module">
  import * as cometd from "/cometd/cometd.js";
  const cometdDriver = ${cometdDriver.toString()};
  const fayeDriver = ${fayeDriver.toString()};
  window.start = (library, options) => {
    window.driver = library === "faye" ? fayeDriver(window.Faye, options) : cometdDriver(cometd, options);
  };
</script>`;

/** Serves the page, and what it loads. */
export const serveConformancePage: RequestListener = (request, response) => {
  if (request.url !== "/") serveClientPages(request, response);
  else response.writeHead(200, { "content-type": "text/html;charset=UTF-8" }).end(PAGE);
};

/** A client in a page of its own, with cookies and storage of its own. @param origin where the page comes from */
export async function startInChromium(
  browser: Browser,
  origin: string,
  row: Row,
  options: DriverOptions,
): Promise<Client> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  let isDisturbed = false;
  page.on("requestfailed", (request) => {
    // Containers that others start on this machine do that.
    if (request.failure()?.errorText === "net::ERR_NETWORK_CHANGED") isDisturbed = true;
  });
  const begin = async (): Promise<void> => {
    await page.waitForFunction("'start' in window", undefined, { polling: 20, timeout: 10_000 });
    await run(page, "(library, options) => start(library, options)", [row.family, options]);
  };
  try {
    await calmNetwork();
    await page.goto(origin);
    await begin();
  } catch (error) {
    if (!isDisturbed) throw error;
  }
  return {
    driver: driverOf(page),
    faults,
    get isDisturbed() {
      return isDisturbed;
    },
    async reopen() {
      await page.reload();
      await begin();
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Every verb of the driver, called in the page. */
function driverOf(page: Page): Driver {
  const verb =
    <T>(name: keyof Driver) =>
    (...args: readonly unknown[]): Promise<T> =>
      run<T>(page, `(...args) => driver.${name}(...args)`, args);
  return {
    handshake: verb("handshake"),
    state: verb("state"),
    subscribe: verb("subscribe"),
    subscribeAll: verb("subscribeAll"),
    unsubscribe: verb("unsubscribe"),
    publish: verb("publish"),
    publishBinary: verb("publishBinary"),
    call: verb("call"),
    disconnect: verb("disconnect"),
    heard: verb("heard"),
    seen: verb("seen"),
    reload: verb("reload"),
  };
}

function run<T>(page: Page, script: string, args: readonly unknown[]): Promise<T> {
  return page.evaluate<T>(`(${script})(...${JSON.stringify(args)})`).catch((error: unknown) => {
    // Its stack names files of the page, which the reporter would look for here.
    throw new Error(`in the page: ${String(error).split("\n")[0]}`);
  });
}
