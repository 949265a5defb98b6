import { describe } from "vitest";
import { describeAnnouncements } from "./announcements.ts";
import { describeDiscovery } from "./discovery.ts";
import { describeFaults } from "./faults.ts";
import type { NetworkFixture } from "./fixture.ts";
import { describeHistory } from "./history.ts";
import { describeIds } from "./ids.ts";
import { describeMembership } from "./membership.ts";
import { describeMessages } from "./messages.ts";
import { describeNames } from "./names.ts";
import { describeOrder } from "./order.ts";
import { describePayloads } from "./payloads.ts";
import { describePeople } from "./people.ts";
import { describeRecovery } from "./recovery.ts";

/** What every network must do, against a real server. */
export function describeNetwork(fixture: NetworkFixture): void {
  describe(`the Network contract on ${fixture.name}`, () => {
    describeMembership(fixture);
    describePeople(fixture);
    describeNames(fixture);
    describeMessages(fixture);
    describePayloads(fixture);
    describeOrder(fixture);
    describeIds(fixture);
    describeHistory(fixture);
    describeDiscovery(fixture);
    describeAnnouncements(fixture);
    describeFaults(fixture);
    describeRecovery(fixture);
  });
}
