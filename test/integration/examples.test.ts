import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CometdClient } from "../support/cometd-client.ts";
import { find, lookForPython } from "../support/executables.ts";
import { startEmbedded, startProsody } from "../support/servers.ts";
import { startUp } from "../support/stack.ts";
import { WholeStack } from "../support/whole-stack.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";

const FOLDER = fileURLToPath(new URL("../../examples", import.meta.url));
const PROGRAMS = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== "README.md")
  .map(({ name }) => name);

/** What runs a program, by the end of its name; Go's is built first, since `go run` leaves its child behind. */
const RUNNERS: Readonly<Record<string, string>> = { pl: "perl", php: "php", sh: "sh" };
const WAIT = { timeout: 20_000, interval: 50 };

describe("the examples", () => {
  const resources = new AsyncDisposableStack();
  let stack: WholeStack;
  let browser: CometdClient;
  let binaries: string;
  beforeAll(async () => {
    stack = resources.use(await WholeStack.start({ startServer: startEmbedded }));
    browser = resources.use(await CometdClient.open(stack.url, { transport: "websocket" }));
    binaries = mkdtempSync(join(tmpdir(), "tailspin-examples-"));
    resources.defer(() => rmSync(binaries, { recursive: true }));
  });
  afterAll(() => resources.disposeAsync());

  /** Starts an example, which ends with the test. */
  function start(name: string, { host, port }: { host: string; port: number } = stack.ircd): AsyncDisposable {
    const file = join(FOLDER, name);
    const child = name.endsWith(".go")
      ? spawn(build(file), [`${host}:${port}`], { stdio: "inherit" })
      : // Started as a group: a shell's pipe is more than one process.
        spawn(runnerOf(name), [file, host, String(port)], { stdio: "inherit", detached: true });
    const ended = once(child, "exit");
    return {
      async [Symbol.asyncDispose]() {
        const { pid } = child;
        if (pid !== undefined && child.exitCode === null) process.kill(name.endsWith(".go") ? pid : -pid);
        await ended;
      },
    };
  }

  function build(file: string): string {
    const binary = join(binaries, "example");
    execFileSync(find("go"), ["build", "-o", binary, file], { stdio: "inherit" });
    return binary;
  }

  it("are six, of at most forty lines each", () => {
    expect(PROGRAMS.length).toBeGreaterThanOrEqual(6);
    for (const name of PROGRAMS) {
      expect(readFileSync(join(FOLDER, name), "utf8").trimEnd().split("\n").length, name).toBeLessThanOrEqual(40);
    }
  });

  it.for(PROGRAMS.filter((name) => name.startsWith("ticker.")))(
    "%s tells a page its prices",
    { timeout: 120_000 },
    async (name) => {
      const before = await browser.subscribe("/stocks");
      await using _ = start(name);
      await vi.waitFor(() => expect(before.length).toBeGreaterThanOrEqual(2), WAIT);
      for (const { data } of before) expect(data).toMatchObject({ symbol: "TSPN", price: expect.any(Number) });
    },
  );

  it("ticker-xmpp.py tells a page its prices, by a room", { timeout: 60_000 }, async () => {
    const { domain, mucDomain, account } = XMPP_SERVICE;
    await using prosody = await startProsody();
    await using up = await startUp(
      ...["--xmpp-jid", `${account.user}@${domain}`, "--xmpp-password", account.password, "--xmpp-tls", "none"],
      ...["--xmpp-host", prosody.host, "--xmpp-port", String(prosody.port), "--xmpp-muc-service", mucDomain],
    );
    await using page = await CometdClient.open(up.url, { transport: "websocket" });
    const heard = await page.subscribe("/stocks");
    await using _ = start("ticker-xmpp.py", prosody);
    await vi.waitFor(() => expect(heard.length).toBeGreaterThanOrEqual(2), WAIT);
    for (const { data, ext } of heard) {
      expect(data).toMatchObject({ symbol: "TSPN", price: expect.any(Number) });
      expect(ext).toMatchObject({ tailspin: { network: "xmpp", from: "ticker" } });
    }
  });

  it("answers.pl answers a page", async () => {
    await using _ = start("answers.pl");
    await vi.waitFor(async () => {
      expect(await browser.remoteCall("/upper", { text: "grüß dich" })).toMatchObject({ data: { text: "GRÜSS DICH" } });
    }, WAIT);
    expect(await browser.remoteCall("/upper", 7)).toMatchObject({ successful: false });
  });

  it("answers.php answers a page", async () => {
    await using _ = start("answers.php");
    await vi.waitFor(async () => {
      const { data } = await browser.remoteCall("/clock", { zone: "Asia/Kathmandu" });
      expect(data).toMatchObject({ time: expect.stringMatching(/^\d{4}-.*\+05:45$/) });
    }, WAIT);
    expect(await browser.remoteCall("/clock", { zone: "Nowhere" })).toMatchObject({ successful: false });
  });
});

function runnerOf(name: string): string {
  const kind = name.slice(name.lastIndexOf(".") + 1);
  const runner = RUNNERS[kind];
  const program = kind === "py" ? lookForPython() : runner && find(runner);
  if (program === undefined) throw new Error(`nothing is there, or nothing is known, that runs ${name}`);
  return program;
}
