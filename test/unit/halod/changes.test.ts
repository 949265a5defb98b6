import { describe, expect, it } from "vitest";
import { changeBetween } from "../../../halod/changes.ts";
import type { MembershipPolicy } from "../../../halod/membership.ts";
import { Play } from "./play.ts";

/** What came of something, said in one line. */
function told(play: Play, act: (play: Play) => void): string | null {
  const { membership } = play;
  play.dead = [];
  act(play);
  const change = changeBetween(membership, play.membership, new Set(play.dead));
  return change && `${change.moved} ${change.text}`;
}

const three = (policy: Partial<MembershipPolicy> = {}) =>
  new Play({ nodes: 3, ...policy }).register("1a").register("2a").register("3a");

describe("what happened to the cluster", () => {
  it("is a first table", () => {
    expect(told(new Play(), (play) => play.register("1a"))).toBe("0 first table: bridge 1 has 24 routes");
    const play = new Play({ nodes: 3 }).register("3a").register("1a");
    expect(told(play, () => play.register("2a"))).toBe("0 first table: bridges 1, 2 and 3 share 24 routes");
  });

  it("is nothing before that, and nothing where nothing moves", () => {
    expect(told(new Play({ nodes: 3 }), (play) => play.register("1a"))).toBeNull();
    const play = three();
    expect(told(play, () => play.do({ type: "seen", epoch: 99 }))).toBeNull();
    expect(told(play, () => play.lose("2a").wait(400).register("2a"))).toBeNull();
  });

  it("is a bridge that joins, or several", () => {
    const play = three();
    expect(told(play, () => play.register("4a"))).toBe("6 bridge 4 joined: 6 routes moved");
    expect(told(play, () => play.register("6a").register("5a"))).toMatch(
      /^\d+ bridges 5 and 6 joined: \d+ routes moved$/,
    );
  });

  it("is a bridge that dies or leaves, with and without a spare", () => {
    const play = three();
    expect(told(play, () => play.lose("3a").wait(500))).toBe("8 bridge 3 died: 8 routes moved");
    expect(told(play, () => play.leave("2a"))).toBe("12 bridge 2 left: 12 routes moved");
    const spared = three({ spares: 1 });
    expect(told(spared, () => spared.lose("2a").wait(500))).toBe(
      "12 bridge 2 died, spare 3 took its place: 12 routes moved",
    );
  });

  it("is a bridge that leaves a spare to take its place, while another spare registers", () => {
    const play = three({ spares: 1 });
    expect(told(play, () => play.register("4a"))).toBe("8 bridge 3 joined, spare 4 registered: 8 routes moved");
    expect(told(play, () => play.leave("1a"))).toBe("8 bridge 1 left, spare 4 took its place: 8 routes moved");
  });

  it("is a spare that comes and goes", () => {
    const play = new Play({ spares: 1 }).register("1a");
    expect(told(play, () => play.register("2a"))).toBe("0 spare 2 registered");
    expect(told(play, () => play.lose("2a").wait(500))).toBe("0 spare 2 died");
    expect(told(play, () => play.register("3a"))).toBe("0 spare 3 registered");
    expect(told(play, () => play.leave("3a"))).toBe("0 spare 3 left");
  });

  it("is a bridge that was started again", () => {
    const play = three();
    expect(told(play, () => play.lose("2a").wait(100).register("2b"))).toBe(
      "0 bridge 2 was started again and keeps its routes",
    );
  });

  it("names no more than five in a line", () => {
    const play = three();
    const many = told(play, () => {
      for (let node = 4; node <= 12; node++) play.register(`${node}a`);
    });
    expect(many).toBe("18 bridges 4, 5, 6, 7, 8 and 4 more joined: 18 routes moved");
  });
});
