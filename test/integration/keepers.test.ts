import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NetworkError } from "../../bridges/index.ts";
import { ackIn, dataIn } from "../support/heirs.ts";
import { KeptBridges } from "../support/kept-bridges.ts";

const LOBBY = "/lobby";

describe("a bridge whose channels another one keeps", () => {
  let all: KeptBridges;

  beforeEach(async () => {
    all = await KeptBridges.start(3);
  });
  afterEach(async () => {
    await all[Symbol.asyncDispose]();
  });

  it("is followed by its keeper, which sends again what was not confirmed, also from before it was in the channel", async () => {
    all.bridge(2).network.isObliging = false;
    const subscribing = all.session([LOBBY], true);
    await vi.waitFor(() => expect(all.bridge(2).network.joins).toHaveLength(1));
    // The other one waits in vain for the keeper, a second at most.
    const clientId = await subscribing;
    all.say([1], LOBBY, 1, 2);
    const batch = await all.look(clientId, 1);
    expect([dataIn(batch), ackIn(batch)]).toEqual([[1, 2], 2]);
    all.say([1], LOBBY, 3);
    all.bridge(2).network.joins[0]?.resolve();
    await all.says("");
    all.say([1, 2], LOBBY, 4);
    all.say([2], LOBBY, 5);
    await all.die([1], 2);
    const missed = await all.look(clientId, 1);
    expect([dataIn(missed), ackIn(missed)]).toEqual([[1, 2, 3, 4, 5], 3]);
    all.say([2], LOBBY, 6);
    expect(dataIn(await all.look(clientId, 3))).toEqual([6]);
  });

  it("is followed by another one, which asks the keeper for what it has missed", async () => {
    const clientId = await all.session([LOBBY], true);
    await all.says("");
    all.say([1, 2], LOBBY, 1, 2);
    expect(dataIn(await all.look(clientId, 1))).toEqual([1, 2]);
    all.say([1, 2], LOBBY, 3);
    await all.die([1], null);
    all.say([2], LOBBY, 4);
    expect(all.bridge(3).network.joins).toEqual([]);
    all.own(3);
    const missed = await all.look(clientId, 2);
    expect([dataIn(missed), ackIn(missed)]).toEqual([[3, 4], 3]);
    // What the keeper had heard already comes late here.
    all.say([2, 3], LOBBY, 4, 5);
    expect(dataIn(await all.look(clientId, 3))).toEqual([5]);
  });

  it("is followed in channels where nobody has spoken yet, or since", async () => {
    const channels = ["/silent", "/once"];
    const early = await all.session(channels, true);
    await all.says("");
    all.say([1, 2], "/once", 1);
    expect(dataIn(await all.look(early, 1))).toEqual([1]);
    const late = await all.session(channels, true);
    await all.die([1], null);
    all.say([2], "/silent", 2);
    all.say([2], "/once", 3);
    all.own(3);
    expect(dataIn(await all.look(early, 2))).toEqual([2, 3]);
    expect(dataIn(await all.look(late, 1))).toEqual([2, 3]);
  });

  it("is followed without a gap by wildcards", async () => {
    for (const { network } of all.bridges) network.existing = ["/a/one", "/a/two"];
    const clientId = await all.session(["/a/*"], true);
    await all.says("");
    all.say([1, 2], "/a/one", 1);
    expect(dataIn(await all.look(clientId, 1))).toEqual([1]);
    await all.die([1], null);
    all.say([2], "/a/one", 2);
    all.own(3);
    expect(dataIn(await all.look(clientId, 2))).toEqual([2]);
  });

  it("has the next one when its keeper dies, which is told what came before", async () => {
    const clientId = await all.session([LOBBY], true);
    await all.says("");
    all.say([1, 2], LOBBY, 1);
    await all.die([2], null);
    await all.says("bridge 2, its keeper, is away");
    all.own(1);
    await all.says("");
    all.say([1, 3], LOBBY, 2);
    await all.die([1], 3);
    expect(dataIn(await all.look(clientId, 1))).toEqual([1, 2]);
  });

  it("goes on itself when it is started again in time, with what its keeper has heard meanwhile", async () => {
    const clientId = await all.session([LOBBY], true);
    await all.says("");
    all.say([1, 2], LOBBY, 1);
    expect(dataIn(await all.look(clientId, 1))).toEqual([1]);
    await all.die([1], null);
    all.say([2], LOBBY, 2);
    await all.restart(1);
    const missed = await all.look(clientId, 2);
    expect([dataIn(missed), ackIn(missed)]).toEqual([[2], 3]);
    all.say([1, 2], LOBBY, 3);
    expect(dataIn(await all.look(clientId, 3))).toEqual([3]);
  });

  it("is followed also where it dies before it was known to be gone, with its sessions on their way", async () => {
    const clientId = await all.session([LOBBY], true);
    await all.says("");
    all.say([1, 2], LOBBY, 1);
    await all.bridge(1).bridge[Symbol.asyncDispose]();
    all.own(2);
    const asked = all.look(clientId, 1);
    all.say([2], LOBBY, 2);
    await all.die([1], 2);
    expect(dataIn(await asked)).toEqual([1, 2]);
  });

  it("tells a gap when it dies together with its keeper", async () => {
    const clientId = await all.session([LOBBY], true);
    await all.says("");
    all.say([1, 2], LOBBY, 1);
    expect(dataIn(await all.look(clientId, 1))).toEqual([1]);
    await all.die([1, 2], 3);
    expect(dataIn(await all.look(clientId, 2))).toEqual(["gap"]);
    all.say([3], LOBBY, 3);
    expect(dataIn(await all.look(clientId, 3))).toEqual([3]);
  });

  it("lets the former keeper go only when the new one has every channel", async () => {
    await all.die([2], 1);
    const clientId = await all.session([LOBBY], true);
    await all.says("");
    expect(all.bridge(3).network.joins).toHaveLength(1);
    await all.add(2);
    const { network } = all.bridge(2);
    network.isObliging = false;
    await vi.waitFor(() => expect(network.joins).toHaveLength(1));
    // A message while both are asked: the former one still keeps it.
    all.say([1, 3], LOBBY, 1);
    await all.says("");
    await all.die([1], 2);
    network.joins[0]?.resolve();
    network.isObliging = true;
    expect(dataIn(await all.look(clientId, 1))).toEqual([1]);
  });

  it("is unprotected in a channel that its keeper may not join, and in no other", async () => {
    all.bridge(2).network.refusing.set("/closed", new NetworkError("refused", "invite only"));
    await all.session([LOBBY, "/closed"]);
    await all.says(/^bridge 2 keeps 1 of 2 channels: .*invite only/);
    expect(all.bridge(1).bridge.numbers.protection?.isProtected).toBe(false);
    all.bridge(2).network.refusing.clear();
    await all.says("");
  });

  it("is unprotected while its keeper has missed something, and gives it what came since", async () => {
    const clientId = await all.session([LOBBY], true);
    await all.says("");
    all.say([1, 2], LOBBY, 1);
    const { network } = all.bridge(2);
    network.inbox?.down("the server restarts");
    await all.says(/^bridge 2 keeps 0 of 1 channels/);
    all.say([1], LOBBY, 2);
    network.inbox?.gap(LOBBY, "the server restarts");
    network.inbox?.up();
    await all.says("");
    all.say([2], LOBBY, 3);
    await all.die([1], 2);
    expect(dataIn(await all.look(clientId, 1))).toEqual([1, 2, 3]);
  });

  it("is unprotected where the keeper's message ids are others", async () => {
    const mark = { ours: "one", theirs: "another" };
    Object.assign(all.bridge(1).network, {
      agreement: {
        caughtUp: async () => {},
        mark: () => mark.ours,
        agrees: (_: string, told: string) => told === mark.ours,
      },
    });
    Object.assign(all.bridge(2).network, {
      agreement: { caughtUp: async () => {}, mark: () => mark.theirs, isCounted: () => true },
    });
    await all.session([LOBBY]);
    await all.says(/^bridge 2 keeps 0 of 1 channels: messages have other ids there, as in \/lobby$/);
    mark.theirs = mark.ours;
    await all.says("");
    expect(all.bridge(1).bridge.numbers.protection?.isProtected).toBe(true);
  });

  it("does not keep a subscribe waiting for a keeper that does not join", async () => {
    all.bridge(2).network.isObliging = false;
    await all.session([LOBBY]);
    await all.says("bridge 2 keeps 0 of 1 channels");
    expect(all.bridge(2).network.joins).toHaveLength(1);
  });
});

describe("a keeper", () => {
  it("leaves what nobody needs any more, and everything when another one is the keeper", async () => {
    await using all = await KeptBridges.start(3, { leaveAfterMs: 50 });
    await all.die([2], 1);
    const { network } = all.bridge(3);
    const clientId = await all.session([LOBBY, "/other"]);
    await all.says("");
    await all.ask({ channel: "/meta/unsubscribe", clientId, subscription: "/other" });
    await vi.waitFor(() => expect(network.left).toEqual(["/other"]), 8_000);
    await all.add(2);
    await vi.waitFor(() => expect(network.left).toEqual(["/other", LOBBY]), 8_000);
    await all.says("");
    expect(all.bridge(2).bridge.census.channels).toBe(1);
  });
});

describe("two bridges that keep each other's channels", () => {
  it("both leave what neither of them needs", async () => {
    await using all = await KeptBridges.start(2, { leaveAfterMs: 50 });
    all.own(1, 1, 2, 2);
    const clientIds: string[] = [];
    const sessions = () => [1, 2].map((node) => all.bridge(node).bridge.census.sessions);
    while (sessions().includes(0)) clientIds.push(await all.session([LOBBY]));
    await all.says("", 1);
    await all.says("", 2);
    for (const clientId of clientIds) await all.ask({ channel: "/meta/unsubscribe", clientId, subscription: LOBBY });
    for (const node of [1, 2]) await vi.waitFor(() => expect(all.bridge(node).network.left).toEqual([LOBBY]), 8_000);
  });
});

describe("a bridge without another one", () => {
  it("says that it is unprotected", async () => {
    await using all = await KeptBridges.start(1);
    await all.session([LOBBY]);
    await all.says("no other bridge");
    expect(all.bridge(1).bridge.numbers.protection?.isProtected).toBe(false);
    await all.add(2);
    await all.says("");
    expect(all.bridge(1).bridge.numbers.protection?.isProtected).toBe(true);
  });

  it("says that it is not to be kept", async () => {
    await using all = await KeptBridges.start(2, { keeper: false });
    await all.session([LOBBY]);
    await all.says("bridge.keeper is off");
    expect(all.bridge(2).network.joins).toEqual([]);
  });
});
