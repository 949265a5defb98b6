import { describe, expect, it, vi } from "vitest";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { RawRoom } from "../support/raw-room.ts";
import { RawXmpp } from "../support/raw-xmpp.ts";
import { startEmbedded, startProsody } from "../support/servers.ts";
import { startUp } from "../support/stack.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";

const { domain, mucDomain, account } = XMPP_SERVICE;
const RULES = [{ channels: "/xmpp/**", network: "xmpp", stripPrefix: true }];

describe("one bridge on IRC and XMPP", () => {
  it("takes each channel to its network, and goes on with one while the other is away", async () => {
    await using ircd = await startEmbedded();
    await using prosody = await startProsody();
    await using up = await startUp(
      ...["--irc-host", ircd.host, "--irc-port", String(ircd.port), "--irc-reconnect-max-ms", "300"],
      ...["--xmpp-jid", `${account.user}@${domain}`, "--xmpp-password", account.password],
      ...["--xmpp-host", prosody.host, "--xmpp-port", String(prosody.port), "--xmpp-muc-service", mucDomain],
      ...["--xmpp-tls", "none", "--xmpp-allow-plain-without-tls", "--xmpp-reconnect-max-ms", "300"],
      ...["--mapping", JSON.stringify(RULES)],
    );
    await using irc = await RawIrc.login(ircd, "bob");
    await irc.join("#lobby");
    await using xmpp = await RawXmpp.login(prosody);
    const room = new RawRoom(xmpp, `lobby@${mucDomain}`, "carol");
    await room.join();
    await using alice = await CometdClient.open(up.url, { transport: "websocket", name: "alice" });
    const heard = { irc: await alice.subscribe("/lobby"), xmpp: await alice.subscribe("/xmpp/lobby") };

    irc.say("#lobby", "from irc");
    room.say("from xmpp");
    await vi.waitFor(() => expect(textsOf(heard.irc)).toEqual(["from irc"]), 5_000);
    await vi.waitFor(() => expect(textsOf(heard.xmpp)).toEqual(["from xmpp"]), 5_000);
    expect(heard.irc[0]?.ext).toMatchObject({ tailspin: { network: "irc", from: "bob" } });
    expect(heard.xmpp[0]?.ext).toMatchObject({ tailspin: { network: "xmpp", from: "carol" } });
    expect(await alice.publish("/xmpp/lobby", { text: "to xmpp" })).toMatchObject({ successful: true });

    await prosody.stop();
    await vi.waitFor(() => expect(up.log.join("\n")).toMatch(/network down/), 10_000);
    expect(await alice.publish("/lobby", { text: "to irc" })).toMatchObject({ successful: true });
    await irc.waitFor(/ PRIVMSG #lobby :<alice> to irc/);
    await prosody.start();
    await vi.waitFor(async () => {
      expect(await alice.publish("/xmpp/lobby", { text: "again" })).toMatchObject({ successful: true });
    }, 20_000);
    expect(textsOf(heard.irc)).toEqual(["from irc", "to irc"]);
  });
});
