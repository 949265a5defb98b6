import { connect } from "node:net";
import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { freePort } from "../support/free-port.ts";
import { InjectingProxy } from "../support/injecting-proxy.ts";
import { linesOf } from "../support/log-lines.ts";
import { exchange } from "../support/raw-bytes.ts";
import { startEmbedded, startNgircd } from "../support/servers.ts";
import { startBridge, startUp, TierProcess, waitForHealth } from "../support/stack.ts";

const WARN = 40;

function isOpen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: "127.0.0.1", port });
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

describe("tailspin up", () => {
  it("shows a browser what `printf … | nc -q 3` says, though the peer closes at once", async () => {
    await using up = await startUp();
    const port = Number(/IRC\s+127\.0\.0\.1:(\d+)/.exec(up.output.join("\n"))?.[1]);
    await using client = await CometdClient.open(up.url, { transport: "websocket", name: "alice" });
    const heard = await client.subscribe("/lobby");
    const script = "NICK a\r\nUSER a 0 * :a\r\nJOIN #lobby\r\nPRIVMSG #lobby :hello\r\n";
    const { text } = await exchange(port, script, { endsInput: true });
    await vi.waitFor(() => expect(textsOf(heard)).toEqual(["hello"]), 5_000);
    expect(heard[0]?.ext).toMatchObject({ tailspin: { from: "a", network: "irc" } });
    expect(text).toContain(" 366 a #lobby ");
  });

  it("prints one screen with the addresses to open", async () => {
    await using up = await startUp();
    await vi.waitFor(() => expect(up.output.join("\n")).toContain("--help"), 5_000);
    expect(up.output.length).toBeLessThan(24);
    const page = await fetch(`${up.url}/`);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringMatching(/^text\/html/)]);
    expect(up.output.join("\n")).toContain(`${up.url}/bayeux`);
    expect(up.log).toEqual([]);
  });

  it("opens its HTTP port only when its network is there, and says once what it waits for", async () => {
    await using ircd = await startNgircd();
    await using proxy = await InjectingProxy.start(ircd);
    await ircd.stop();
    const port = await freePort();
    const args = ["up", "--port", `${port}`, "--irc-host", proxy.host, "--irc-port", `${proxy.port}`];
    await using up = TierProcess.launch([...args, "--irc-reconnect-max-ms", "300"]);
    await vi.waitFor(() => expect(proxy.accepted).toBeGreaterThan(5), 10_000);
    expect(await isOpen(port)).toBe(false);
    expect(up.output).toEqual([]);
    expect(linesOf(up.log).map(({ level, port: to }) => [level, to])).toEqual([[WARN, proxy.port]]);

    await ircd.start();
    await waitForHealth(`http://127.0.0.1:${port}`);
    await vi.waitFor(() => expect(up.output.join("\n")).toContain(`http://127.0.0.1:${port}/`), 5_000);
    up.signal("SIGTERM");
    expect(await up.exited).toEqual({ code: 0, signal: null });
  });

  it("can be stopped while it waits for its network", async () => {
    const [port, closed] = [await freePort(), await freePort()];
    await using up = TierProcess.launch([
      "up",
      "--port",
      `${port}`,
      "--irc-host",
      "127.0.0.1",
      "--irc-port",
      `${closed}`,
    ]);
    await vi.waitFor(() => expect(up.log).not.toEqual([]), 10_000);
    up.signal("SIGTERM");
    expect(await up.exited).toEqual({ code: 0, signal: null });
    expect(up.output).toEqual([]);
  });
});

describe("a stack of processes with a secret", () => {
  const LISTENING = /^tailspin dispatcher ready http:\/\/\S+?:(\d+)\/?$/;

  it("tells a wrong one once, and serves nobody until it is right", async () => {
    await using ircd = await startEmbedded();
    const secret = randomUUID();
    await using bridge = await startBridge(ircd, "--secret", secret);
    const args = ["dispatcher", "--port", "0", "--dispatcher-bridges", `127.0.0.1:${bridge.port}`, "--secret"];
    await using wrong = await TierProcess.start(LISTENING, [...args, "another"]);
    await vi.waitFor(() => expect(wrong.log.join("\n")).toContain('"secret"'), 5_000);
    const health = await fetch(`${wrong.url}/health`);
    expect([health.status, await health.json()]).toEqual([503, { status: "starting", bridges: { up: 0, of: 1 } }]);
    await expect(CometdClient.open(wrong.url, { transport: "long-polling" })).rejects.toThrow(/503/);

    await using right = await TierProcess.start(LISTENING, [...args, secret]);
    await waitForHealth(right.url);
    const told = linesOf(wrong.log).filter(({ level, code }) => level >= WARN && code === "secret");
    expect(told).toEqual([expect.objectContaining({ reason: expect.stringContaining("different link secrets") })]);
    for (const tier of [bridge, wrong, right]) {
      expect(tier.log.join("\n")).not.toContain(secret);
      await tier.stop();
    }
  });
});
