import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Connection } from "../../bridges/irc/connection.ts";
import { ircSchema } from "../../bridges/irc/index.ts";
import { FaultCounter } from "../../link/index.ts";
import { IrcBench } from "../support/irc-bench.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { makeAuthority, replaceOnce, startVariant } from "../support/server-variants.ts";
import type { Authority, Certificate, Variant } from "../support/server-variants.ts";

const WAIT = { timeout: 10_000, interval: 5 };

describe("TLS to a real server", () => {
  let variant: Variant;
  let authority: Authority;
  let ours: Certificate;
  let fingerprint: string;

  beforeAll(async () => {
    variant = await startVariant("inspircd", async (text, { folder, tlsPort }) => {
      authority = await makeAuthority(folder);
      const { certFile, keyFile } = await authority.issue("127.0.0.1");
      ours = await authority.issue("bridge");
      fingerprint = new X509Certificate(await readFile(certFile)).fingerprint256;
      return `${text}
<module name="ssl_gnutls">
<module name="sslinfo">
<sslprofile name="test" provider="gnutls" certfile="${certFile}" keyfile="${keyFile}" requestclientcert="yes">
<bind address="127.0.0.1" port="${tlsPort}" type="clients" sslprofile="test">
`;
    });
  });
  afterAll(() => variant[Symbol.asyncDispose]());

  const connects = async (settings: object): Promise<IrcBench> => {
    const bench = new IrcBench(variant.tlsPort, { tls: true, ...settings });
    await bench.inbox.isUp();
    return bench;
  };
  const refused = async (settings: object, port = variant.tlsPort): Promise<IrcBench> => {
    const bench = new IrcBench(port, { tls: true, senders: 2, ...settings });
    await vi.waitFor(() => expect(bench.warnings).not.toEqual([]), WAIT);
    return bench;
  };

  it("trusts an own authority, and shows our certificate", async () => {
    await using bench = await connects({ caFile: authority.certFile, ...ours });
    expect(await bench.join("/a")).toBe("accepted");
    expect(await bench.say("/a", "hello")).toBe("accepted");
    await using bob = await RawIrc.login(variant.server, "bob");
    bob.send("SSLINFO tailspin1");
    expect(await bob.waitFor(/Fingerprint:|client certificate|CN=/)).toMatch(/[0-9a-f]{32}|CN=/);
    bob.send("WHOIS tailspin1");
    await bob.waitFor(/ 671 .*secure connection/);
  });

  it("takes the pinned certificate, whoever signed it, and no other", async () => {
    await using bench = await connects({ fingerprint });
    expect(await bench.join("/b")).toBe("accepted");
    await using wrong = await refused({
      fingerprint: fingerprint.toLowerCase().replaceAll(":", "").replace(/^../, "00"),
    });
    expect(wrong.warnings).toMatchObject([{ reason: expect.stringContaining(fingerprint) as string }]);
    expect(wrong.warnings[0]?.hint).toContain("irc.fingerprint");
    expect(wrong.inbox.calls).toEqual([]);
  });

  it("tells once what to do about a certificate that it cannot trust", async () => {
    await using bench = await refused({});
    expect(bench.warnings).toHaveLength(1);
    expect(bench.warnings[0]?.hint).toContain("irc.caFile");
  });

  it("tells that a port does not speak TLS", async () => {
    await using bench = await refused({ registrationTimeoutMs: 500 }, variant.server.port);
    expect(bench.warnings[0]?.hint).toMatch(/does not speak TLS/);
  });

  it("names a file that is gone", async () => {
    await using bench = await refused({ caFile: "/nowhere/ca.pem" });
    expect(bench.warnings[0]?.reason).toContain("irc.caFile names /nowhere/ca.pem");
  });
});

describe("passwords of a real server", () => {
  let variant: Variant;
  beforeAll(async () => {
    variant = await startVariant("ngircd", (text) =>
      replaceOnce(
        replaceOnce(text, "    Network = tailspin\n", "    Network = tailspin\n    Password = open sesame\n"),
        "    PAM = no\n",
        "    PAM = no\n    WebircPassword = gateway\n",
      ),
    );
  });
  afterAll(() => variant[Symbol.asyncDispose]());

  it("lets us in with the right one", async () => {
    await using bench = new IrcBench(variant.server.port, { password: "open sesame" });
    await bench.inbox.isUp();
    expect(await bench.join("/a")).toBe("accepted");
  });

  it("tells a wrong one once, with what to do, and does not hammer", async () => {
    await using bench = new IrcBench(variant.server.port, { password: "wrong", refusedIntervalMs: 400 });
    await vi.waitFor(() => expect(bench.warnings).toHaveLength(1), WAIT);
    expect(bench.warnings[0]).toMatchObject({ hint: "set irc.password to the server's password" });
  });

  it("tells the server by WEBIRC whose a connection is", async () => {
    const config = ircSchema.parse({ password: "open sesame", webirc: { password: "gateway" } });
    const log = pino({ level: "silent" });
    await using bob = await loginWith(variant, "bob");
    await bob.join("#web");
    const registered = Promise.withResolvers<void>();
    const connection = new Connection({
      config: { ...config, host: "127.0.0.1", port: variant.server.port },
      nicks: ["visitor"],
      visitor: { hostname: "home.example.org", address: "203.0.113.7" },
      owner: {
        onRegistered: () => registered.resolve(),
        onLine: () => undefined,
        onDown: (_connection, { reason }) => registered.reject(new Error(reason)),
      },
      log,
      faults: new FaultCounter(log, Date.now),
      now: Date.now,
      random: Math.random,
    });
    connection.start();
    await registered.promise;
    connection.send("JOIN #web");
    expect(await bob.waitFor(/ JOIN /)).toMatch(/^:visitor!\S+@203\.0\.113\.7 JOIN/); // Its own DNS is off, so it shows the address.
    await connection.close();
  });
});

async function loginWith({ server }: Variant, nick: string): Promise<RawIrc> {
  const irc = await RawIrc.connect(server.host, server.port);
  irc.send("PASS :open sesame");
  await irc.register(nick);
  return irc;
}
