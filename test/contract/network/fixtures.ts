import { startEjabberd, startEmbedded, startInspircd, startNgircd, startProsody } from "../../support/servers.ts";
import type { NetworkFixture } from "./fixture.ts";
import { SERVERS } from "./gives.ts";
import { ircFixture } from "./irc-fixture.ts";
import { xmppFixture } from "./xmpp-fixture.ts";

/** Every network that the suite runs over, by the name of its test. */
export const FIXTURES = {
  embedded: ircFixture("embedded", startEmbedded, SERVERS.embedded.gives),
  ngircd: ircFixture("ngircd", startNgircd, SERVERS.ngircd.gives),
  inspircd: ircFixture("inspircd", startInspircd, SERVERS.inspircd.gives),
  prosody: xmppFixture("prosody", startProsody, "user", SERVERS.prosody.gives),
  prosodyComponent: xmppFixture("prosody-component", startProsody, "component", SERVERS.prosody.gives),
  ejabberd: xmppFixture("ejabberd", startEjabberd, "user", SERVERS.ejabberd.gives),
} as const satisfies Readonly<Record<string, NetworkFixture>>;
