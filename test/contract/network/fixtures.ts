import { startEjabberd, startEmbedded, startInspircd, startNgircd, startProsody } from "../../support/servers.ts";
import type { NetworkFixture } from "./fixture.ts";
import { ircFixture } from "./irc-fixture.ts";
import { xmppFixture } from "./xmpp-fixture.ts";

/** Plain RFC 1459. */
const NOTHING = { history: false, lastingHistory: false, ids: false, announcements: false, times: false } as const;

/** Rooms with an archive. A live message has no time, so it is the bridge's own. */
const ROOMS = { history: true, lastingHistory: true, ids: true, announcements: true, times: false } as const;

/** Every network that the suite runs over, by the name of its test. */
export const FIXTURES = {
  embedded: ircFixture("embedded", "the embedded IRC server", startEmbedded, { ...NOTHING, ids: true, times: true }),
  ngircd: ircFixture("ngircd", "ngIRCd", startNgircd, NOTHING),
  inspircd: ircFixture("inspircd", "InspIRCd", startInspircd, { ...NOTHING, ids: true, times: true }),
  prosody: xmppFixture("prosody", "Prosody", startProsody, "user", ROOMS),
  prosodyComponent: xmppFixture("prosody-component", "Prosody", startProsody, "component", ROOMS),
  ejabberd: xmppFixture("ejabberd", "ejabberd", startEjabberd, "user", ROOMS),
} as const satisfies Readonly<Record<string, NetworkFixture>>;
