// oxlint-disable-next-line typescript/triple-slash-reference -- the package has no types, and ours cannot be imported
/// <reference path="../../../../bridges/xmpp/xmpp.d.ts" />
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { xml } from "@xmpp/client";
import { pino } from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import { accountOf, xmppSchema } from "../../../../bridges/xmpp/index.ts";
import { Connection } from "../../../../bridges/xmpp/connection.ts";
import { FakeServer, type FakeServerOptions } from "./fake-server.ts";
import { TEST_TLS } from "./test-tls.ts";

const WAIT = { timeout: 10_000, interval: 5 };
const PLAINLY = { tls: "none", allowPlainWithoutTls: true } as const;

describe("a stream of @xmpp/client", () => {
  const open: { connection: Connection; server: FakeServer }[] = [];
  afterEach(async () => {
    for (const { connection, server } of open.splice(0)) {
      await connection.close();
      await server[Symbol.asyncDispose]();
    }
  });

  async function connect(options: FakeServerOptions = {}, settings: Record<string, unknown> = PLAINLY) {
    const server = await FakeServer.start(options);
    const config = xmppSchema.parse({
      jid: "bridge@xmpp.test",
      password: "sesame",
      host: "127.0.0.1",
      port: server.port,
      reconnectMinMs: 10,
      reconnectMaxMs: 20,
      ...settings,
    });
    const account = accountOf(config);
    if (account === null) throw new Error("no account");
    const bodies: string[] = [];
    const downs: string[] = [];
    let onlines = 0;
    const connection = new Connection({
      config,
      account,
      node: 1,
      log: pino({ level: "silent" }),
      now: Date.now,
      random: Math.random,
      owner: {
        onOnline: () => (onlines += 1),
        onStanza: (stanza) => bodies.push(stanza.getChildText("body") ?? ""),
        onDown: (reason) => downs.push(reason),
      },
    });
    open.push({ connection, server });
    connection.start();
    const isOnline = (times = 1) => vi.waitFor(() => expect(onlines).toBeGreaterThanOrEqual(times), WAIT);
    const isDown = (reason: RegExp | string) =>
      vi.waitFor(() => expect(downs).toContainEqual(expect.stringMatching(reason)), WAIT);
    return { server, connection, bodies, downs, isOnline, isDown };
  }

  it("reads characters that are split over TCP segments", async () => {
    const { server, bodies, isOnline } = await connect();
    await isOnline();
    const bytes = Buffer.from("<message><body>é 漢 𝄞 👩‍👩‍👧</body></message>");
    for (const byte of bytes) {
      server.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await vi.waitFor(() => expect(bodies).toEqual(["é 漢 𝄞 👩‍👩‍👧"]), WAIT);
  });

  it("survives what is not XML, and comes back", async () => {
    for (const nonsense of ["<message><body>&#0;</body></message>", "<message>&nonsense;</message>", "</a></b>"]) {
      const { server, isOnline, isDown } = await connect();
      await isOnline();
      server.write(nonsense);
      await isDown(/./);
      await isOnline(2);
      expect(server.connections).toBe(2);
    }
  });

  it.each(["", "<stream:stream>", "<"])("survives a server that hangs up after %j", async (greeting) => {
    const hung = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        socket.write(greeting);
        socket.resetAndDestroy();
      });
    });
    hung.listen(0, "127.0.0.1");
    await once(hung, "listening");
    const { downs } = await connect({}, { ...PLAINLY, port: (hung.address() as AddressInfo).port });
    await vi.waitFor(() => expect(downs.length).toBeGreaterThan(3), WAIT);
    hung.close();
  });

  it("ends with the words of a stream error, and goes nowhere else", async () => {
    await using elsewhere = await FakeServer.start();
    const { server, isOnline, isDown } = await connect();
    await isOnline();
    const ns = `xmlns="urn:ietf:params:xml:ns:xmpp-streams"`;
    const other = `<see-other-host ${ns}>127.0.0.1:${elsewhere.port}</see-other-host>`;
    server.write(`<stream:error>${other}<text ${ns}>too many</text></stream:error>`);
    await isDown("too many (see-other-host)".replace(/[()]/g, "\\$&"));
    await isOnline(2);
    expect(elsewhere.connections).toBe(0);
    expect(server.connections).toBe(2);
  });

  it("does not take a server for dead because it was slow to let us in", async () => {
    const { promise: opens, resolve: open } = Promise.withResolvers<void>();
    const deadAfterMs = 200;
    const { server, isOnline, downs } = await connect({ opens }, { ...PLAINLY, deadAfterMs, pingIntervalMs: 20 });
    await vi.waitFor(() => expect(server.received).toContain("<auth"), WAIT);
    const askedMs = Date.now();
    await vi.waitFor(() => expect(Date.now() - askedMs).toBeGreaterThan(deadAfterMs), WAIT);
    expect(downs).toEqual([]);
    const openedMs = Date.now();
    open();
    await isOnline();
    // It answers no pings.
    await vi.waitFor(() => expect(downs).toEqual(["the server fell silent"]), WAIT);
    expect(Date.now() - openedMs).toBeGreaterThanOrEqual(deadAfterMs);
  });

  it("sends no character that XML cannot carry", async () => {
    const { server, connection, isOnline } = await connect();
    await isOnline();
    connection.send(xml("message", { id: "a\0<b\uFFFE" }, xml("after", null, "\uD800\x1b</after>\u{1F600}")));
    await vi.waitFor(() => expect(server.received).toContain("</message>"), WAIT);
    const sent = server.received.slice(server.received.indexOf("<message"));
    expect(sent).toBe(`<message id="a &lt;b "><after>\uFFFD &lt;/after&gt;\u{1F600}</after></message>`);
  });

  it("ends at a stanza that has no end", async () => {
    const { server, isOnline, isDown, bodies, downs } = await connect({}, { ...PLAINLY, maxReceivedBytes: 20_000 });
    await isOnline();
    for (let count = 0; count < 20; count += 1) server.write(`<message><body>${"x".repeat(3_000)}</body></message>`);
    await vi.waitFor(() => expect(bodies).toHaveLength(20), WAIT);
    expect(downs).toEqual([]);
    server.write(`<message><body>${"x".repeat(21_000)}`);
    await isDown("too long");
  });

  it("asks for no stream management, and takes no part in newer ways to log in", async () => {
    const features =
      `<sm xmlns="urn:xmpp:sm:3"/><authentication xmlns="urn:xmpp:sasl:2"><mechanism>PLAIN</mechanism>` +
      `<inline><bind xmlns="urn:xmpp:bind:0"/></inline></authentication>`;
    const { server, isOnline, connection } = await connect({ features });
    await isOnline();
    expect(connection.isOnline).toBe(true);
    expect(server.received).not.toMatch(/urn:xmpp:sm:3|urn:xmpp:sasl:2/);
    expect(server.received).toMatch(/<resource>tailspin-1-\w+<\/resource>/);
  });

  it("tells a password that would go in the clear to nobody, unless it may", async () => {
    const refused = await connect({}, { tls: "none" });
    await refused.isDown("password in the clear");
    expect(refused.server.received).not.toContain("<auth");
    const allowed = await connect();
    await allowed.isOnline();
    expect(allowed.server.received).toContain(Buffer.from("\0bridge\0sesame").toString("base64"));
  });

  it("names what a server offers that we cannot use", async () => {
    const { isDown, downs } = await connect({ mechanisms: ["GSSAPI"] });
    await isDown("No compatible mechanism");
    expect(downs[0]).toMatch("SASL");
  });

  it("says nothing on a connection that the server does not encrypt", async () => {
    const { server, isDown } = await connect({}, { tls: "starttls" });
    await isDown("offers no STARTTLS");
    expect(server.received).not.toContain("<auth");
  });

  describe("encrypted", () => {
    async function withCa(ca: string, use: (caFile: string) => Promise<void>): Promise<void> {
      const folder = await mkdtemp(join(tmpdir(), "tailspin-ca-"));
      try {
        await writeFile(join(folder, "ca.pem"), ca);
        await use(join(folder, "ca.pem"));
      } finally {
        await rm(folder, { recursive: true });
      }
    }

    it("trusts the authority that it was told of, and sends PLAIN then", async () => {
      await withCa(TEST_TLS.ca, async (caFile) => {
        const injected = `<stream:features><mechanisms><mechanism>EVIL</mechanism></mechanisms></stream:features>`;
        const { connection, bodies, server } = await connect({ tls: TEST_TLS, behindProceed: injected }, { caFile });
        // What stands behind `proceed` in the clear breaks the handshake of TLS, or is dropped; it is never read.
        await vi.waitFor(() => expect(connection.isOnline || server.connections > 1).toBe(true), WAIT);
        expect(bodies).toEqual([]);
        const clean = await connect({ tls: TEST_TLS }, { caFile });
        await clean.isOnline();
        clean.server.write("<message><body>hello</body></message>");
        await vi.waitFor(() => expect(clean.bodies).toEqual(["hello"]), WAIT);
      });
    });

    it("does not trust others, or another name", async () => {
      const unknown = await connect({ tls: TEST_TLS }, {});
      await unknown.isDown(/certificate|self.signed/i);
      expect(unknown.server.received).not.toContain("<auth");
      await withCa(TEST_TLS.ca, async (caFile) => {
        const other = await connect({ tls: TEST_TLS }, { caFile, domain: "other.test" });
        await other.isDown(/altnames|Hostname/);
        expect(other.server.received).not.toContain("<auth");
      });
    });

    it("names a file that cannot be read", async () => {
      const { isDown, server } = await connect({ tls: TEST_TLS }, { caFile: "/nowhere/ca.pem" });
      await isDown("caFile cannot be read.*ENOENT");
      expect(server.connections).toBe(0);
    });
  });
});
