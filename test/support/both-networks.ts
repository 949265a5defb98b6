import { startUp, type TierProcess } from "./stack.ts";
import type { TestServer } from "./test-server.ts";
import { XMPP_SERVICE } from "./xmpp-service.ts";

const { domain, mucDomain, account } = XMPP_SERVICE;

/** Everything in one process, on an IRC server and an XMPP service; IRC is the default network. */
export function startOnBoth(irc: TestServer, xmpp: TestServer, rules: readonly object[]): Promise<TierProcess> {
  return startUp(
    ...["--irc-host", irc.host, "--irc-port", String(irc.port), "--irc-reconnect-max-ms", "300"],
    ...["--xmpp-jid", `${account.user}@${domain}`, "--xmpp-password", account.password],
    ...["--xmpp-host", xmpp.host, "--xmpp-port", String(xmpp.port), "--xmpp-muc-service", mucDomain],
    ...["--xmpp-tls", "none", "--xmpp-allow-plain-without-tls", "--xmpp-reconnect-max-ms", "300"],
    ...["--mapping", JSON.stringify(rules)],
  );
}
