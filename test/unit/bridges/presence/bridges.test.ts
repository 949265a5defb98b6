import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_ANNOUNCEMENT_BYTES } from "../../../../bridges/presence/announcement.ts";
import { Peers } from "../../../../bridges/presence/peers.ts";
import { seeded } from "../../../support/seeded.ts";
import { PresenceBridge } from "./presence-bridge.ts";
import { SplitNetwork } from "./split-network.ts";

const WHERE = { network: "fake", name: "#lobby" };

describe("Presence of other bridges", () => {
  let network: SplitNetwork;
  let here: PresenceBridge;
  let there: PresenceBridge;
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    network = new SplitNetwork(seeded(1));
    [here, there] = [make("tailspin1"), make("tailspin2")];
  });
  afterEach(() => {
    here.stop();
    there.stop();
    vi.useRealTimers();
  });

  function make(peer: string, maxMembers?: number): PresenceBridge {
    const bridge = new PresenceBridge(network.place(peer), maxMembers);
    network.connect(bridge.place, true);
    return bridge;
  }

  it("comes with the list that a first watcher's bridge asks for, and then as changes", async () => {
    there.join(1, "alice");
    await pass(200);
    const fold = here.watch();
    expect(fold.told).toEqual([{ members: [], ...WHERE }]);
    await pass(300);
    const alice = { id: there.ids[0], name: "alice", network: "web" };
    expect(fold.told.slice(1)).toEqual([{ members: [alice], ...WHERE }]);
    there.join(2, "bob");
    there.leave(1);
    await pass(200);
    const bob = { id: there.ids[0], name: "bob", network: "web" };
    expect(fold.told.slice(2)).toEqual([{ left: alice }, { joined: bob }]);
  });

  it("does not tell of who goes and is back at once", async () => {
    there.join(1);
    const fold = here.watch();
    await pass(300);
    const [told, announced] = [fold.told.length, network.announcements];
    there.rejoin(1);
    await pass(300);
    expect(fold.told.length).toBe(told);
    expect(network.announcements).toBe(announced);
  });

  it("asks when an announcement was lost", async () => {
    const fold = here.watch();
    there.join(1);
    await pass(5_000);
    network.isLosing = true;
    there.leave(1);
    await pass(200);
    network.isLosing = false;
    expect(fold.ids).not.toEqual(there.ids);
    there.join(2);
    await pass(2_500);
    expect(fold.ids).toEqual(there.ids);
    expect(fold.faults).toEqual([]);
  });

  it("says later what it could not say", async () => {
    const fold = here.watch();
    await pass(300);
    there.place.isMute = true;
    there.join(1);
    await pass(2_000);
    expect(fold.ids).toEqual([]);
    there.place.isMute = false;
    await pass(5_000);
    expect(fold.ids).toEqual(there.ids);
  });

  it("takes no list that was on its way for a sign of life", async () => {
    const fold = here.watch();
    there.join(1);
    await pass(300);
    // What it announces while it dies arrives after the news of its end.
    const said: string[] = [];
    const third = make("tailspin3");
    third.place.inbox = {
      ...third.place.inbox,
      announcement: (_, _peer, text) => said.push(text),
    } as typeof third.place.inbox;
    there.place.inbox?.announcement("/lobby", "tailspin3", '{"t":"ask","e":"AAAAAAAA","n":0,"c":0,"s":0,"q":1}');
    await pass(1_500);
    const list = said.find((text) => text.includes('"t":"list"')) ?? "";
    expect(list).not.toBe("");
    network.connect(there.place, false);
    here.place.inbox?.announcement("/lobby", "tailspin2", list);
    expect(fold.ids).toEqual(there.ids);
    await pass(5_000);
    expect(fold.ids).toEqual([]);
    third.stop();
  });

  it("keeps a bridge whose connection is back soon, and tells nobody", async () => {
    const fold = here.watch();
    there.join(1);
    await pass(300);
    const told = fold.told.length;
    network.connect(there.place, false);
    await pass(2_000);
    network.connect(there.place, true);
    await pass(10_000);
    expect(fold.told.length).toBe(told);
    expect(fold.ids).toEqual(there.ids);
  });

  it("splits a long list over announcements that fit, and counts those beyond the bound", async () => {
    const [small, big] = [make("tailspin4", 50), make("tailspin5")];
    const texts: string[] = [];
    const { announce } = big.place;
    big.place.announce = (channel, text) => texts.push(text) > 0 && announce.call(big.place, channel, text);
    for (let number = 0; number < 300; number++) big.join(number, `"${"ÿ".repeat(29)}\\ ${number}`.slice(0, 32));
    await pass(300);
    const [few, all] = [small.watch(), here.watch()];
    await pass(1_500);
    expect(all.ids).toEqual(big.ids.toSorted());
    expect([few.members.size, few.more]).toEqual([50, 250]);
    expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(MAX_ANNOUNCEMENT_BYTES);
    for (let number = 0; number < 280; number++) big.leave(number);
    await pass(5_000);
    expect(few.ids).toEqual(big.ids.toSorted());
    expect([few.more, all.more]).toEqual([0, 0]);
    small.stop();
    big.stop();
  });

  it.each([
    "",
    "null",
    "[]",
    "{",
    '{"t":"hello"}',
    '{"t":"hello","e":"AAAAAAAA","n":-1,"c":0,"s":0}',
    '{"t":"hello","e":"AAAAAAAA","n":1,"c":0,"s":1}',
    '{"t":"change","e":"AAAAAAAA","n":1,"c":1,"s":1,"j":[["web:x","x"]],"l":[]}',
    '{"t":"change","e":"AAAAAAAA","n":1,"c":1,"s":1,"j":[["0123456789ab","<x>"]],"l":[]}',
    '{"t":"list","e":"AAAAAAAA","n":1,"c":1,"s":1,"p":[2,1],"m":[],"a":[]}',
    `{"t":"hello","e":"AAAAAAAA","n":1,"c":1,"s":1,"x":"${"x".repeat(MAX_ANNOUNCEMENT_BYTES)}"}`,
  ])("ignores and counts what no bridge says: %s", async (text) => {
    const fold = here.watch();
    await pass(300);
    here.place.inbox?.announcement("/lobby", "tailspin9", text);
    await pass(5_000);
    expect(here.faults.counts().get("bridge.badAnnouncement")).toBe(1);
    expect(fold.told).toEqual([{ members: [], ...WHERE }]);
  });

  it("keeps no more browsers of others than are shown", () => {
    const peers = new Peers({ maxPeers: 2, maxMembers: 3 }, "OURSOURS", {
      onJoined: () => {},
      onLeft: () => {},
      onOverhaul: () => {},
      nextAsk: () => 1,
    });
    const joined = Array.from({ length: 5 }, (_, index) => ({ id: `0123456789a${index}`, name: "x" }));
    const state = { version: 1, total: 5, listed: 5 };
    peers.heard("tailspin2", { type: "change", epoch: "AAAAAAAA", ...state, joined, left: [] }, 0);
    peers.heard("tailspin3", { type: "change", epoch: "BBBBBBBB", ...state, joined, left: [] }, 0);
    expect([...peers.browsers()]).toHaveLength(3);
    expect(peers.unlisted).toBe(7);
  });

  it("follows no more bridges in a channel than it may", async () => {
    const fold = here.watch();
    for (let number = 10; number < 25; number++) {
      const pair = `["0123456789${number}","x"]`;
      const text = `{"t":"change","e":"AAAAAA${number}","n":1,"c":1,"s":1,"j":[${pair}],"l":[]}`;
      here.place.inbox?.announcement("/lobby", `tailspin${number}`, text);
    }
    expect(fold.members.size).toBe(10);
    expect(here.faults.counts().get("bridge.tooManyPeers")).toBe(5);
    await pass(5_000);
    expect(fold.ids).toEqual([]);
  });
});
