import { startEmbedded, startInspircd, startNgircd } from "../../support/servers.ts";
import type { NetworkFixture } from "./fixture.ts";
import { ircFixture } from "./irc-fixture.ts";

/** Plain RFC 1459. */
const NOTHING = { history: false, lastingHistory: false, ids: false, announcements: false, times: false } as const;

/** Every network that the suite runs over, by the name of its test. */
export const FIXTURES = {
  embedded: ircFixture("embedded", "the embedded IRC server", startEmbedded, { ...NOTHING, ids: true, times: true }),
  ngircd: ircFixture("ngircd", "ngIRCd", startNgircd, NOTHING),
  inspircd: ircFixture("inspircd", "InspIRCd", startInspircd, { ...NOTHING, ids: true, times: true }),
} as const satisfies Readonly<Record<string, NetworkFixture>>;
