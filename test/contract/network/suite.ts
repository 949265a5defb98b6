import { describe } from "vitest";
import { describeFaults } from "./faults.ts";
import type { NetworkFixture } from "./fixture.ts";
import { describeMembership } from "./membership.ts";
import { describeMessages } from "./messages.ts";

/** What every network must do, against a real server. */
export function describeNetwork(fixture: NetworkFixture): void {
  describe(`the Network contract on ${fixture.name}`, () => {
    describeMembership(fixture);
    describeMessages(fixture);
    describeFaults(fixture);
  });
}
