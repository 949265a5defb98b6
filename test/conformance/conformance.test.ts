import { randomUUID } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AlternatingProxy } from "../support/alternating-proxy.ts";
import { launchChromium } from "../support/chromium.ts";
import { PageServer } from "../support/client-pages.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded } from "../support/servers.ts";
import { WholeStack } from "../support/whole-stack.ts";
import { serveConformancePage, startInChromium } from "./chromium.ts";
import { documentWith } from "./document.ts";
import { FEATURES, type Cell } from "./features.ts";
import { startInNode } from "./node.ts";
import { ROWS, type Row } from "./rows.ts";
import { tableOf, type Result } from "./table.ts";

const DOCUMENT = "../../docs/conformance.md";

describe("the unmodified clients through a balancer without affinity", () => {
  const results = new Map<Row, Result>();
  let stack: WholeStack;
  let browser: Browser;
  let elsewhere: PageServer;
  beforeAll(async () => {
    elsewhere = await PageServer.start(serveConformancePage);
    [stack, browser] = await Promise.all([
      WholeStack.start({
        // A process: to start a container would disturb the browser.
        startServer: startEmbedded,
        bridgeFlags: ["--bridge-connect-timeout-ms", "2000"],
        dispatcherFlags: ["--dispatcher-allowed-origins", elsewhere.origin],
      }),
      launchChromium(),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.[Symbol.asyncDispose]();
    await elsewhere?.[Symbol.asyncDispose]();
  });

  async function expectTalk(row: Row): Promise<void> {
    let last = await talk(row);
    for (let more = 2; more > 0 && last.isDisturbed; more--) last = await talk(row);
    expect(last).toMatchObject({ failures: [], faults: [] });
  }

  async function talk(row: Row) {
    const cells: Record<string, Cell> = {};
    results.set(row, { row, cells });
    await using proxy = await AlternatingProxy.start(...stack.dispatchers);
    proxy.pages = serveConformancePage;
    const { off, isExtended } = row;
    const options = { url: `${proxy.url}/bayeux`, off, isExtended };
    const name = `c${randomUUID().slice(0, 8)}`;
    await using irc = await RawIrc.login(stack.ircd, name, `#${name}`);
    await using client =
      row.runtime === "Node"
        ? startInNode(row, options)
        : await startInChromium(browser, row.isForeign ? elsewhere.origin : proxy.url, row, options);
    const failures: unknown[] = [];
    for (const [feature, look] of Object.entries(FEATURES)) {
      if (client.isDisturbed) break;
      cells[feature] = await look({ row, client, driver: client.driver, proxy, irc, name }).catch((error: unknown) => {
        failures.push(new Error(`${feature}: ${String(error)}`, { cause: error }));
        return "FAILED" as const;
      });
    }
    return { failures, faults: client.faults, isDisturbed: client.isDisturbed };
  }
  const named = (runtime: Row["runtime"]) =>
    ROWS.filter((row) => row.runtime === runtime).map((row) => [`${row.client} over ${row.transport}`, row] as const);

  // The libraries have one window, and one jar of cookies, for all clients of a process.
  it.for(named("Node"))("%s, in Node", ([, row]) => expectTalk(row));

  it.concurrent.for(named("Chromium"))("%s, in Chromium", ([, row]) => expectTalk(row));

  it("come to what the document says (mend it with: npm run conformance -- -u)", async () => {
    const table = tableOf(
      ROWS.flatMap((row) => results.get(row) ?? []),
      Object.keys(FEATURES),
    );
    process.stdout.write(`\n${table}\n\n`);
    await expect(documentWith(table)).toMatchFileSnapshot(DOCUMENT);
  });
});
