import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import { IrcNetwork, ircSchema } from "../../bridges/irc/index.ts";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { LocalStack } from "../support/local-stack.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { replaceOnce, startVariant } from "../support/server-variants.ts";

describe("the connections of puppets on IRC", () => {
  it("are at their browsers' addresses, for a server that trusts the bridge (WEBIRC)", async () => {
    await using variant = await startVariant("ngircd", (text) =>
      replaceOnce(text, "    PAM = no\n", "    PAM = no\n    WebircPassword = gateway\n"),
    );
    const config = ircSchema.parse({ identity: "puppet", webirc: { password: "gateway" } });
    const network = new IrcNetwork(
      { ...config, host: variant.server.host, port: variant.server.port },
      { node: 1, log: pino({ level: "silent" }), now: Date.now, random: Math.random, newId: randomUUID },
    );
    await using stack = await LocalStack.start({ network, dispatcher: { addressHeader: "X-Forwarded-For" } });
    const url = `http://127.0.0.1:${stack.port()}`;
    const headers = { "X-Forwarded-For": "198.51.100.1, 203.0.113.7" };
    await using alice = await CometdClient.open(url, { transport: "long-polling", name: "alice", headers });
    await using six = await CometdClient.open(url, {
      transport: "long-polling",
      name: "six",
      headers: { "X-Forwarded-For": "2001:db8::7" },
    });
    await alice.subscribe("/user/alice");
    await six.subscribe("/user/six");
    await using bob = await RawIrc.login(variant.server, "bob");
    bob.send("WHOIS alice");
    expect(await bob.waitFor(/ 311 /)).toMatch(/ alice \S+ 203\.0\.113\.7 \* :alice$/);
    bob.send("WHOIS six");
    expect(await bob.waitFor(/ 311 \S+ six /)).toMatch(/ six \S+ 2001:db8:0:0:0:0:0:7 \* :six$/);
  });

  it("may be refused: their browsers hear everything, and are told why they cannot speak", async () => {
    await using variant = await startVariant("ngircd", (text) =>
      replaceOnce(text, "    MaxConnectionsIP = 0\n", "    MaxConnectionsIP = 3\n"),
    );
    await using bob = await RawIrc.login(variant.server, "bob", "#room");
    const config = ircSchema.parse({ identity: "puppet", senders: 1, publishTimeoutMs: 1_500, refusedIntervalMs: 200 });
    const network = new IrcNetwork(
      { ...config, host: variant.server.host, port: variant.server.port },
      { node: 1, log: pino({ level: "silent" }), now: Date.now, random: Math.random, newId: randomUUID },
    );
    await using stack = await LocalStack.start({ network });
    const url = `http://127.0.0.1:${stack.port()}`;
    await using alice = await CometdClient.open(url, { transport: "long-polling", name: "alice" });
    const heard = await alice.subscribe("/room");
    bob.send("PRIVMSG #room :hello");
    await vi.waitFor(() => expect(textsOf(heard)).toEqual(["hello"]), { timeout: 5_000 });
    await expect(alice.subscribe("/user/alice")).rejects.toThrow(/503:.*your user is not on IRC/);
    const answer = await alice.publish("/room", { text: "may I?" });
    expect(answer).toMatchObject({
      successful: false,
      error: expect.stringMatching(/^503:.*your user is not on IRC: .*connection/i) as string,
    });
  });
});
