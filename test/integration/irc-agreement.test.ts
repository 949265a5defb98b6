import { describe, expect, it } from "vitest";
import { startIrcNetwork as start, type StartedIrc } from "../support/irc-networks.ts";
import { startLinkedNgircd } from "../support/linked-ngircd.ts";
import { startInspircd, startNgircd } from "../support/servers.ts";

const CHANNEL = "/room";
/** A mark comes, however busy the machine is. */
const FOR_EVER = { markTimeoutMs: 3_600_000 };

/** Whether each of two finds that the other's ids are its own. */
async function agreement(one: StartedIrc, two: StartedIrc): Promise<boolean[]> {
  const [first, second] = [one.network.agreement, two.network.agreement];
  await Promise.all([first.caughtUp(CHANNEL), second.caughtUp(CHANNEL)]);
  return [first.agrees(CHANNEL, second.mark(CHANNEL)), second.agrees(CHANNEL, first.mark(CHANNEL))];
}

describe("two bridges in a channel know whether their messages have the same ids", () => {
  it("on ngIRCd, from the second one's mark on, whoever comes later", async () => {
    await using server = await startNgircd();
    await using one = await start(server, FOR_EVER);
    await using two = await start(server, FOR_EVER);
    expect(one.network.agreement.mark(CHANNEL)).toBeNull();
    await expect(agreement(one, two)).rejects.toThrow("not connected");
    await one.network.join(CHANNEL);
    expect(one.network.agreement.mark(CHANNEL)).toBeNull();
    await two.network.join(CHANNEL);
    expect(await agreement(one, two)).toEqual([true, true]);
    const former = two.network.agreement.mark(CHANNEL);
    await using three = await start(server, FOR_EVER);
    await three.network.join(CHANNEL);
    expect(await agreement(one, two)).toEqual([true, true]);
    expect(one.network.agreement.mark(CHANNEL)).not.toBe(former);
    // Who told it before the third one came has seen that one's mark as well.
    expect(one.network.agreement.agrees(CHANNEL, former)).toBe(true);
    expect(three.network.agreement.agrees(CHANNEL, former)).toBe(false);
    expect(one.network.agreement.agrees(CHANNEL, null)).toBe(false);
  });

  it("on two linked servers without ids: they have not", async () => {
    await using servers = await startLinkedNgircd();
    await using one = await start(servers.a, FOR_EVER);
    await using two = await start(servers.b, FOR_EVER);
    for (const { network } of [one, two]) await network.join(CHANNEL);
    expect(await agreement(one, two)).toEqual([false, false]);
  });

  it("on a server that gives them", async () => {
    await using server = await startInspircd();
    await using one = await start(server);
    await using two = await start(server);
    for (const { network } of [one, two]) await network.join(CHANNEL);
    expect(await agreement(one, two)).toEqual([true, true]);
  });
});
