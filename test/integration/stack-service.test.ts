import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CometdClient } from "../support/cometd-client.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, startNgircd } from "../support/servers.ts";
import { WholeStack } from "../support/whole-stack.ts";

const DOCUMENT = new URL("../../docs/channels.md", import.meta.url);

/** The app that the documentation shows. */
function exampleApp(): string {
  const [, code] = /A whole app, for Node:\n\n```js\n([^]*?)```/.exec(readFileSync(DOCUMENT, "utf8")) ?? [];
  if (code === undefined) throw new Error("docs/channels.md shows no app");
  return code;
}

describe.each([
  ["ngIRCd", startNgircd],
  ["the embedded server", startEmbedded],
] as const)("an app on IRC that browsers ask, on %s", (_name, startServer) => {
  let stack: WholeStack;
  let watcher: RawIrc;
  const resources = new AsyncDisposableStack();
  beforeAll(async () => {
    stack = resources.use(await WholeStack.start({ startServer }));
    watcher = resources.use(await RawIrc.login(stack.ircd, "watcher", "#service.echo"));
    const folder = mkdtempSync(join(tmpdir(), "tailspin-app-"));
    resources.defer(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "echo.mjs");
    writeFileSync(file, exampleApp());
    const app = spawn(process.execPath, [file, stack.ircd.host, String(stack.ircd.port)], { stdio: "inherit" });
    const ended = once(app, "exit");
    resources.defer(async () => {
      app.kill();
      await ended;
    });
    await watcher.waitFor(/^:echo\S* JOIN /);
  });
  afterAll(() => resources.disposeAsync());

  it("is shown in at most twenty lines", () => {
    expect(exampleApp().trim().split("\n").length).toBeLessThanOrEqual(20);
  });

  it.for([
    { transport: "long-polling", isAck: false },
    { transport: "long-polling", isAck: true },
    { transport: "websocket", isAck: false },
    { transport: "websocket", isAck: true },
  ] as const)("answers remoteCall over $transport, acknowledged: $isAck", async (options) => {
    await using alice = await CometdClient.open(stack.url, { ...options, name: "alice" });
    await using bob = await CometdClient.open(stack.url, { ...options, name: "bob" });
    const overheard = await bob.subscribe("/service/echo");
    const answers = await Promise.all([1, 2, 3].map((n) => alice.remoteCall("/echo", { n, text: "grüß dich" })));
    expect(answers).toMatchObject([1, 2, 3].map((n) => ({ successful: true, data: { n, text: "grüß dich" } })));
    expect(await bob.remoteCall("/echo", "mine")).toMatchObject({ successful: true, data: "mine" });
    expect(overheard).toEqual([]);
    await watcher.taken();
    expect(watcher.lines.join("\n")).toMatch(
      / PRIVMSG #service\.echo :\{"call":"[\w-]{22}","from":"alice","data":\{"n":1/,
    );
    expect(await alice.remoteCall("/nobody", 1)).toMatchObject({
      successful: false,
      error: expect.stringMatching(/^404:/),
    });
    expect(await alice.publish("/lobby", { text: "still here" })).toMatchObject({ successful: true });
  });
});
