import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Connection } from "../../../../bridges/irc/connection.ts";
import type { IrcLine } from "../../../../bridges/irc/irc-line.ts";
import { SenderMembership } from "../../../../bridges/irc/sender-membership.ts";

describe("SenderMembership", () => {
  let sent: string[];
  let told: string[];
  let membership: SenderMembership;

  beforeEach(() => {
    [sent, told] = [[], []];
    const connection = { nick: "alice", isRegistered: true, send: (line: string) => void sent.push(line) };
    membership = new SenderMembership(connection as unknown as Connection, () => Promise.resolve(), {
      onJoined: (key) => told.push(`joined ${key}`),
      onRefused: (key, reason) => told.push(`refused ${key}: ${reason}`),
    });
  });

  const endOfNames = (channel: string): IrcLine =>
    ({ command: "366", params: ["alice", channel, "End"], nick: "", tags: {} }) as unknown as IrcLine;

  it("leaves a channel that was left while it was being joined", async () => {
    membership.join("#a", "why", undefined);
    membership.leave("#A");
    expect(sent).toEqual(["JOIN #a"]);
    membership.onLine(endOfNames("#a"));
    await vi.waitFor(() => expect(sent).toEqual(["JOIN #a", "PART #a"]));
    expect(membership.isJoining).toBe(false);
  });

  it("stays in one that was wanted again meanwhile", async () => {
    membership.join("#a", "why", undefined);
    membership.leave("#a");
    membership.join("#a", "why", undefined);
    membership.onLine(endOfNames("#a"));
    await vi.waitFor(() => expect(told).toEqual(["joined #a"]));
    expect(sent).toEqual(["JOIN #a"]);
    expect(membership.join("#a", "why", undefined)).toBe(false);
  });
});
