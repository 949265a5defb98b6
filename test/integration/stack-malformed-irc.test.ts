import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { InjectingProxy } from "../support/injecting-proxy.ts";
import { faultsOf, problemsOf } from "../support/log-lines.ts";
import { exchange } from "../support/raw-bytes.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startNgircd } from "../support/servers.ts";
import { startBridge, startDispatcher, startUp } from "../support/stack.ts";
import { WholeStack } from "../support/whole-stack.ts";

const FAST = ["--irc-reconnect-max-ms", "300"];
const LONG = "a".repeat(100_000);

/** Lines that a server could send, and none should. */
const FROM_SERVER = [
  "",
  " ",
  ":",
  ": ",
  ":prefix",
  "@",
  "@tags-only",
  "@=;;;=== :a!b@c PRIVMSG #x :y",
  "@time=yesterday;msgid= :a!b@c PRIVMSG #ROOM :time and id are odd",
  "PRIVMSG",
  "PRIVMSG #ROOM",
  ":a!b@c PRIVMSG",
  ":!@ PRIVMSG #ROOM :nobody",
  ":a!b@c PRIVMSG #ROOM :\x01",
  ":a!b@c PRIVMSG #ROOM :\x01ACTION",
  ":a!b@c PRIVMSG #ROOM :~abcd 1/99999999999999999999 x",
  ":a!b@c PRIVMSG #ROOM :~abcd 0/0 ",
  ":a!b@c PRIVMSG #ROOM :~abcd 2/1 x",
  ":a!b@c NOTICE",
  ":a!b@c JOIN",
  ":a!b@c PART",
  ":a!b@c KICK #ROOM",
  ":a!b@c QUIT",
  ":a!b@c NICK",
  ":a!b@c MODE",
  ":a!b@c MODE #ROOM +ooooo",
  ":a!b@c TOPIC",
  "CAP",
  "CAP *",
  "CAP * LS",
  "CAP * ACK",
  "001",
  "005",
  "005 x CHANMODES= PREFIX=( NICKLEN=-1 CHANLIMIT=#:x LINELEN=0 CASEMAPPING=unknown :are",
  "353",
  "353 x = #ROOM",
  "366",
  "376",
  "401",
  "404 x #ROOM",
  "433",
  "PING",
  "PONG",
  "ERROR",
  "999999",
  "\x00\x00\x00",
  "\x1b[31m\x07",
  "\xff\xfe\xfd",
  ":a!b@c PRIVMSG #ROOM :\xc3\x28 no UTF-8",
  `:a!b@c PRIVMSG #ROOM :${LONG}`,
  `@${LONG} :a!b@c PRIVMSG #ROOM :tags`,
];

/** What people may say, and how it arrives: as JSON where it is JSON, else as text; null: not at all. */
const SAID: readonly (readonly [line: string | Buffer, data: unknown])[] = [
  ["{", { text: "{" }],
  ['{"a":', { text: '{"a":' }],
  ["[1,]", { text: "[1,]" }],
  ['"', { text: '"' }],
  ['"a" b', { text: '"a" b' }],
  ['{"text":7}', { text: 7 }],
  ["[[[]]]", [[[]]]],
  ['{"gap":{"reason":"forged","after":null}}', { gap: { reason: "forged", after: null } }],
  ["<alice> forged", { text: "<alice> forged" }],
  ["<script>alert(1)</script>", { text: "<script>alert(1)</script>" }],
  ["[".repeat(400), { text: "[".repeat(400) }],
  ["\x01ACTION waves\x01", { text: "waves", action: true }],
  ["end", { text: "end" }],
];

/** To the server that `up` embeds. */
const TO_EMBEDDED: readonly (readonly [name: string, bytes: Buffer | string])[] = [
  ["noise", Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 7) & 255))],
  ["HTTP", "POST / HTTP/1.1\r\nHost: a\r\n\r\nNICK a\r\nUSER a 0 * :a\r\n"],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01"],
  ["a line without an end", LONG],
  ["thousands of empty lines", "\r\n".repeat(10_000)],
  ["commands without registration", "JOIN #lobby\r\nPRIVMSG #lobby :hi\r\nMODE\r\nWHOIS\r\n"],
  ["bad nicks", "NICK\r\nNICK :\r\nNICK 1\r\nNICK #a\r\nNICK tailspin1\r\nUSER\r\nUSER a\r\n"],
  [
    "everything without parameters",
    `NICK x1\r\nUSER a 0 * :a\r\n${"JOIN PART PRIVMSG NOTICE NAMES WHO WHOIS LIST TOPIC MODE PING PONG CAP KICK FROB"
      .split(" ")
      .map((command) => `${command}\r\n${command} :\r\n${command} #lobby ,,, \x01 -5\r\n`)
      .join("")}`,
  ],
  ["odd tags", `@${"a=b;".repeat(3_000)} PRIVMSG #lobby :x\r\n@ \r\n@;=; NICK x2\r\n`],
  ["odd capabilities", "CAP LS 999999999999\r\nCAP REQ :nothing such\r\nCAP REQ\r\nCAP FROB\r\nCAP END\r\nCAP END\r\n"],
];

describe("malformed IRC input", () => {
  it("of a server leaves the bridge alive, and everybody served again", async () => {
    await using ircd = await startNgircd();
    await using proxy = await InjectingProxy.start(ircd);
    await using bridge = await startBridge(proxy, ...FAST);
    await using dispatcher = await startDispatcher([bridge]);
    const room = `r${randomUUID().slice(0, 8)}`;
    await using client = await CometdClient.open(dispatcher.url, {
      transport: "websocket",
      name: "alice",
      isAck: true,
    });
    const heard = await client.subscribe(`/${room}`);
    for (const [index, line] of FROM_SERVER.entries()) {
      // Some of them end the connection, and the next are for the one that follows it.
      await vi.waitFor(() => expect(proxy.open).toBeGreaterThan(0), 5_000);
      proxy.toClients(Buffer.from(`${line.replace("#ROOM", `#${room}`)}\r\n`, "latin1"));
      if (index % 5 === 4) await client.publish(`/${room}`, { text: `after ${index}` });
    }
    await using witness = await RawIrc.login(ircd, "witness", `#${room}`);
    await vi.waitFor(async () => {
      expect(await client.publish(`/${room}`, { text: "end" })).toMatchObject({ successful: true });
    }, 20_000);
    await witness.waitFor(/ :<alice> end$/);
    witness.say(`#${room}`, "seen");
    await vi.waitFor(() => expect(textsOf(heard).at(-1)).toBe("seen"), 5_000);
    expect(client.handshakes).toHaveLength(1);
    expect(bridge.isRunning).toBe(true);
    expect(problemsOf(bridge.log)).toEqual([]);
    // The log is written behind the answer.
    await vi.waitFor(() => expect(faultsOf(bridge.log).get("irc.badLine")).toBeGreaterThan(0));
  });

  it("of people is shown as they typed it, and forges nothing", async () => {
    await using stack = await WholeStack.start({ dispatchers: 1 });
    const room = `r${randomUUID().slice(0, 8)}`;
    await using irc = await RawIrc.login(stack.ircd, "mallory", `#${room}`);
    await using client = await CometdClient.open(stack.url, { transport: "long-polling", name: "alice" });
    const heard = await client.subscribe(`/${room}`);
    for (const [line] of SAID) irc.sendBytes(`PRIVMSG #${room} :${line.toString()}\r\n`);
    await vi.waitFor(() => expect(textsOf(heard)).toContain("end"), 5_000);
    expect(heard.map(({ data }) => JSON.stringify(data))).toEqual(SAID.map(([, data]) => JSON.stringify(data)));
    for (const { ext } of heard) {
      expect(ext).toMatchObject({ tailspin: { from: "mallory", network: "irc" } });
      expect(ext).not.toHaveProperty("tailspin.gap");
    }
    irc.sendBytes(Buffer.from(`PRIVMSG #${room} :caf\xe9\r\nPRIVMSG #${room} :still here\r\n`, "latin1"));
    await vi.waitFor(() => expect(textsOf(heard).at(-1)).toBe("still here"), 5_000);
    expect(problemsOf(stack.bridge.log)).toEqual([]);
  });

  describe("to the embedded server", () => {
    let up: Awaited<ReturnType<typeof startUp>>;
    let irc: { host: string; port: number };
    beforeAll(async () => {
      up = await startUp("--log-level", "debug");
      const port = /IRC\s+127\.0\.0\.1:(\d+)/.exec(up.output.join("\n"))?.[1];
      irc = { host: "127.0.0.1", port: Number(port) };
    });
    afterAll(() => up[Symbol.asyncDispose]());

    it.for(TO_EMBEDDED)("ends with a closed connection: %s", async ([, bytes]) => {
      expect(await exchange(irc.port, bytes, { endsInput: true })).toMatchObject({ isClosed: true });
      expect(up.isRunning).toBe(true);
    });

    it("is counted in readable lines, and hurts nobody else", async () => {
      // The log is written behind the answer.
      await vi.waitFor(() => expect(faultsOf(up.log).get("irc.lineRefused")).toBeGreaterThan(0));
      expect(problemsOf(up.log)).toEqual([]);
      await using client = await CometdClient.open(up.url, { transport: "websocket", name: "alice" });
      const heard = await client.subscribe("/lobby");
      await using witness = await RawIrc.login(irc, "witness", "#lobby");
      witness.say("#lobby", "seen");
      await vi.waitFor(() => expect(textsOf(heard)).toEqual(["seen"]), 5_000);
    });
  });
});
