// oxlint-disable-next-line typescript/triple-slash-reference -- the package has no types, and ours cannot be imported
/// <reference path="../../bridges/irc/irc-framework.d.ts" />
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Client } from "irc-framework";
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import { EmbeddedIrcd, type Limits } from "../../bridges/irc/embedded/index.ts";
import { RawIrc } from "../support/raw-irc.ts";

const log = pino({ level: "silent" });

function start(limits: Partial<Limits> = {}): Promise<EmbeddedIrcd> {
  return EmbeddedIrcd.start({ port: 0, limits, log });
}

/** Connects, writes, half-closes, and reads to the end. */
async function halfCloseAfter(server: EmbeddedIrcd, text: string): Promise<string> {
  const socket = connect({ host: server.host, port: server.port, allowHalfOpen: true });
  socket.end(text);
  return readToEnd(socket);
}

async function readToEnd(socket: Socket): Promise<string> {
  let received = "";
  socket.setEncoding("latin1").on("data", (part: string) => (received += part));
  socket.on("error", () => {});
  await once(socket, "close");
  return received;
}

describe("EmbeddedIrcd", () => {
  it("handles every line of a peer that half-closes, and still answers it", async () => {
    await using server = await start();
    await using bob = await RawIrc.login(server, "bob", "#lobby");
    const script = "NICK a\r\nUSER a 0 * :a\r\nJOIN #lobby\r\nPRIVMSG #lobby :hello\r\n";
    const received = await halfCloseAfter(server, script);
    expect(received).toContain(" 001 a :Welcome");
    expect(received).toContain(" 366 a #lobby :");
    expect(await bob.waitFor(/ PRIVMSG /)).toBe(":a!~a@localhost PRIVMSG #lobby :hello");
    await bob.waitFor(/^:a!~a@localhost QUIT :Connection closed$/);
  });

  it("takes thousands of lines at once, ended by bare LF, before a half-close", async () => {
    await using server = await start();
    await using bob = await RawIrc.login(server, "bob", "#lobby");
    const said = Array.from({ length: 5_000 }, (_, index) => `PRIVMSG #lobby :${index}\n`).join("");
    await halfCloseAfter(server, `NICK a\nUSER a 0 * :a\n${said}`);
    await bob.waitFor(/PRIVMSG #lobby :4999$/);
    const texts = bob.lines.filter((line) => line.includes(" PRIVMSG ")).map((line) => Number(line.split(" :")[1]));
    expect(texts).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
  });

  it("shows every member of a channel the same order", async () => {
    await using server = await start({ linesPerTurn: 7 });
    const members = await Promise.all(
      ["a", "b", "c"].map(async (nick) => {
        const irc = await RawIrc.connect(server.host, server.port);
        await irc.register(nick, ["echo-message", "message-tags"]);
        await irc.join("#lobby");
        return irc;
      }),
    );
    for (let index = 0; index < 300; index += 1) {
      for (const member of members) member.say("#lobby", String(index));
      if (index % 50 === 0) await nextTurn();
    }
    const messages = (member: RawIrc): string[] => member.lines.filter((line) => line.includes(" PRIVMSG "));
    await vi.waitFor(() => {
      for (const member of members) expect(messages(member)).toHaveLength(900);
    }, 5_000);
    const [first, ...others] = members.map(messages);
    for (const other of others) expect(other).toEqual(first);
    expect(new Set(first?.map((line) => line.split(" ")[0])).size).toBe(900);
    for (const member of members) member.close();
  });

  it("serves irc-framework, capabilities and tags included", async () => {
    await using server = await start();
    await using bob = await RawIrc.login(server, "bob", "#lobby");
    const client = new Client();
    const lines: string[] = [];
    client.raw_middleware.use((_command, _message, line, _client, next) => {
      lines.push(line.trimEnd());
      next();
    });
    client.connect({
      host: server.host,
      port: server.port,
      tls: false,
      rejectUnauthorized: true,
      nick: "fram",
      username: "fram",
      gecos: "framework",
      account: {},
      version: "test",
      auto_reconnect: false,
      ping_interval: 30,
      ping_timeout: 120,
      transport: undefined,
    });
    await vi.waitFor(() => expect(lines.join("\n")).toContain(" 376 fram "), 5_000);
    expect(client.network.cap.isEnabled("message-tags")).toBe(true);
    expect(client.network.cap.isEnabled("server-time")).toBe(true);
    expect(client.network.options).toMatchObject({ NETWORK: "TailSpin", CASEMAPPING: "ascii", NICKLEN: "30" });
    client.raw("JOIN #lobby");
    await bob.waitFor(/fram!~fram@localhost JOIN #lobby/);
    bob.say("#lobby", "hello");
    await vi.waitFor(() => {
      expect(lines.at(-1)).toMatch(/^@msgid=\S+;time=\S+Z :bob!~bob@localhost PRIVMSG #lobby :hello$/);
    }, 5_000);
    client.raw('@+tailspin/d={"a"\\:1} PRIVMSG #lobby :hi');
    expect(await bob.waitFor(/ PRIVMSG /)).toBe(":fram!~fram@localhost PRIVMSG #lobby :hi");
    client.raw("QUIT :done");
    await bob.waitFor(/^:fram!~fram@localhost QUIT :Quit: done$/);
  });

  it("frees nick and channel when a connection is cut", async () => {
    await using server = await start();
    await using bob = await RawIrc.login(server, "bob", "#lobby");
    const ann = await RawIrc.login(server, "ann", "#lobby");
    ann.close();
    await bob.waitFor(/^:ann!~ann@localhost QUIT :Connection (closed|reset)$/);
    await using again = await RawIrc.login(server, "ann", "#lobby");
    expect([server.clients, again.lines.length > 0]).toEqual([2, true]);
  });

  it("asks the silent, and drops those who do not answer", async () => {
    await using server = await start({ pingIdleMs: 40, pongTimeoutMs: 300, sweepMs: 10 });
    await using answering = await RawIrc.login(server, "bob");
    const mute = connect(server.port, server.host);
    mute.write("NICK mute\r\nUSER m 0 * :m\r\n");
    expect(await readToEnd(mute)).toMatch(/PING :tailspin\.localhost\r\nERROR :Ping timeout\r\n$/);
    expect(answering.lines.filter((line) => line.startsWith("PING")).length).toBeGreaterThan(1);
    expect([server.clients, server.counters.pingsTimedOut]).toEqual([1, 1]);
  });

  it("drops who does not register in time", async () => {
    await using server = await start({ registrationTimeoutMs: 30, sweepMs: 10 });
    const socket = connect(server.port, server.host);
    socket.write("CAP LS 302\r\nNICK a\r\nUSER a 0 * :a\r\n");
    expect(await readToEnd(socket)).toMatch(/ERROR :Registration timed out\r\n$/);
    expect(server.counters.registrationsTimedOut).toBe(1);
  });

  it("destroys the socket of a peer that does not close after it was dropped", async () => {
    await using server = await start({ registrationTimeoutMs: 20, closeTimeoutMs: 20, sweepMs: 10 });
    const socket = connect({ host: server.host, port: server.port, allowHalfOpen: true });
    socket.on("error", () => {});
    socket.resume();
    await once(socket, "end");
    await vi.waitFor(() => {
      socket.write("x");
      expect(socket.destroyed).toBe(true);
    }, 5_000);
  });

  it("tells a connection that is one too many", async () => {
    await using server = await start({ maxConnections: 1 });
    await using bob = await RawIrc.login(server, "bob");
    expect(await readToEnd(connect(server.port, server.host))).toBe("ERROR :Too many connections\r\n");
    expect([server.clients, server.counters.connectionsRefused]).toEqual([1, 1]);
    bob.send("VERSION");
    await bob.waitFor(/ 351 /);
  });

  it("cuts off a reader that falls too far behind, and nobody else", async () => {
    await using server = await start({ maxSendQueueBytes: 100_000, closeTimeoutMs: 50, sweepMs: 10 });
    await using bob = await RawIrc.login(server, "bob", "#lobby");
    const stuck = connect(server.port, server.host);
    stuck.write("NICK stuck\r\nUSER s 0 * :s\r\nJOIN #lobby\r\n");
    stuck.on("error", () => {});
    await bob.waitFor(/stuck!~s@localhost JOIN/);
    stuck.pause();
    await using ann = await RawIrc.login(server, "ann");
    const batch = Array.from({ length: 100 }, () => `PRIVMSG #lobby :${"x".repeat(400)}`).join("\r\n");
    while (server.counters.sendQueuesExceeded === 0) {
      ann.send(batch);
      ann.send("PING :next");
      await ann.waitFor(/ PONG .*:next$/);
    }
    await bob.waitFor(/^:stuck!~s@localhost QUIT :SendQ exceeded$/);
    expect(server.clients).toBe(2);
    stuck.destroy();
  });

  it("survives garbage, and serves the next", async () => {
    await using server = await start();
    const garbage = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7_919 + (index >> 5)) % 256));
    const socket = connect({ host: server.host, port: server.port, allowHalfOpen: true });
    socket.end(garbage);
    await readToEnd(socket);
    await using bob = await RawIrc.login(server, "bob");
    expect(bob.lines[0]).toContain(" 001 bob ");
  });

  it("says why it stops, and may be disposed twice", async () => {
    const server = await start();
    const socket = connect(server.port, server.host);
    socket.write("NICK a\r\nUSER a 0 * :a\r\n");
    const reading = readToEnd(socket);
    await vi.waitFor(() => expect(server.clients).toBe(1));
    await Promise.all([server[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
    await server[Symbol.asyncDispose]();
    expect(await reading).toMatch(/ERROR :Server shutting down\r\n$/);
    expect(server.clients).toBe(0);
  });

  it("stops although a peer neither reads nor closes", async () => {
    const server = await start();
    const socket = connect({ host: server.host, port: server.port, allowHalfOpen: true });
    await once(socket, "connect");
    await vi.waitFor(() => expect(server.clients).toBe(1));
    await server[Symbol.asyncDispose]();
    socket.destroy();
    expect(server.clients).toBe(0);
  });

  it("says what to do when the port is in use", async () => {
    await using server = await start();
    await expect(EmbeddedIrcd.start({ port: server.port, log })).rejects.toThrow(
      new RegExp(`^port ${server.port} on 127\\.0\\.0\\.1 is already in use.*--irc-port`),
    );
  });

  it.each(["0.0.0.0", "::", "192.168.1.1", "example.org"])("does not listen on %s", async (host) => {
    await expect(EmbeddedIrcd.start({ host, port: 0, log })).rejects.toThrow("loopback only");
  });

  it("refuses limits that make no sense", async () => {
    await expect(start({ maxConnections: 0 })).rejects.toThrow("maxConnections must be a positive whole number");
    await expect(start({ maxLineBytes: 100 })).rejects.toThrow("maxLineBytes must be at least 512");
  });
});
