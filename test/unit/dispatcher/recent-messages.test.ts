import { describe, expect, it } from "vitest";
import { RecentMessages } from "../../../dispatcher/recent-messages.ts";

const at = (seq: number, channel = "/a") => ({ seq, channel, id: `id ${seq}` });

describe("RecentMessages", () => {
  it("keeps the newest of each channel in the order of their numbers, each once", () => {
    const recent = new RecentMessages({ perChannel: 3, inAll: 100 });
    for (const seq of [1, 2, 5, 4, 4, 2, 9]) recent.add(at(seq));
    recent.add(at(3, "/b"));
    expect(recent.surrender("one")).toEqual([
      { instance: "one", channel: "/a", seqs: [4, 5, 9], ids: ["id 4", "id 5", "id 9"], isCut: true },
      { instance: "one", channel: "/b", seqs: [3], ids: ["id 3"], isCut: false },
    ]);
  });

  it("forgets the oldest of all where there are too many, but never the last one of a channel", () => {
    const recent = new RecentMessages({ perChannel: 100, inAll: 4 });
    recent.add(at(1, "/quiet"));
    for (let seq = 2; seq <= 3_000; seq++) recent.add(at(seq, seq % 2 === 0 ? "/a" : "/b"));
    expect(recent.size).toBe(4);
    expect(recent.surrender("one").map(({ channel, seqs, isCut }) => [channel, seqs, isCut])).toEqual([
      ["/quiet", [1], false],
      ["/a", [2_998, 3_000], true],
      ["/b", [2_997, 2_999], true],
    ]);
  });
});
