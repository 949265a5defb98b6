import { beforeEach, describe, expect, it } from "vitest";
import type { Downstream, DownstreamFrame } from "../../../dispatcher/downstream.ts";
import { Numbers } from "../../../dispatcher/numbers.ts";
import type { Frame, Link } from "../../../link/index.ts";

class FakeDownstream implements Downstream {
  readonly clientId: string | null = null;
  readonly outlet = null;
  readonly frames: DownstreamFrame[] = [];
  isDown = false;

  onFrame(frame: DownstreamFrame): void {
    this.frames.push(frame);
  }

  onDown(): void {
    this.isDown = true;
  }
}

describe("Numbers", () => {
  let sent: Frame[];
  let numbers: Numbers;
  const downstream = new FakeDownstream();

  beforeEach(() => {
    sent = [];
    const link: Link = {
      peer: { role: "bridge", name: "fake", instance: "1", routes: 8, node: 1, nodes: 1 },
      isFull: false,
      send: (frame) => sent.push(frame) > 0,
      close() {},
    };
    numbers = new Numbers(link);
  });

  it("gives a number out again as soon as the bridge has answered for good", () => {
    const number = numbers.open(downstream);
    numbers.free(number);
    expect(numbers.at(number)).toBeUndefined();
    expect(numbers.open(downstream)).toBe(number);
  });

  it("gives a closed number out again only when it is freed", () => {
    const number = numbers.open(downstream);
    numbers.close(number);
    expect(sent).toEqual([{ type: "closed", connection: number }]);
    expect(numbers.at(number)).not.toBe(downstream);
    expect(numbers.open(downstream)).not.toBe(number);
    expect(numbers.freed(number)).toBeDefined();
    expect(numbers.open(downstream)).toBe(number);
  });

  it("waits for freed even where a final answer crossed with closed", () => {
    const number = numbers.open(downstream);
    numbers.recall(number);
    expect(numbers.at(number)).toBe(downstream);
    numbers.free(number);
    expect(numbers.open(downstream)).not.toBe(number);
    expect(numbers.freed(number)).not.toBe(downstream);
    expect(numbers.open(downstream)).toBe(number);
  });

  it("says closed once", () => {
    const number = numbers.open(downstream);
    numbers.recall(number);
    numbers.close(number);
    numbers.close(number);
    expect(sent).toHaveLength(1);
  });

  it("knows a freed that nobody asked for", () => {
    const number = numbers.open(downstream);
    expect(numbers.freed(number)).toBeUndefined();
    expect(numbers.at(number)).toBe(downstream);
    expect(numbers.freed(4_000_000_000)).toBeUndefined();
    expect(numbers.at(4_000_000_000)).toBeUndefined();
  });

  it("tells everybody when the link is gone, and is silent after it", () => {
    const [open, closing] = [new FakeDownstream(), new FakeDownstream()];
    const number = numbers.open(open);
    numbers.close(numbers.open(closing));
    numbers.down();
    expect([open.isDown, closing.isDown]).toEqual([true, false]);
    numbers.close(number);
    numbers.free(number);
    numbers.pause(number);
    expect(sent).toHaveLength(1);
    expect(numbers.size).toBe(0);
  });

  describe("where another bridge may go on", () => {
    let told: [string, number][];
    let asked: string[];
    const of = (clientId: string) => Object.assign(new FakeDownstream(), { clientId });

    beforeEach(() => {
      told = [];
      asked = [];
      const link: Link = {
        peer: { role: "bridge", name: "fake", instance: "1", routes: 8, node: 1, nodes: 1 },
        isFull: false,
        send: (frame) => sent.push(frame) > 0,
        close() {},
      };
      numbers = new Numbers(link, {
        asked: (clientId) => asked.push(clientId),
        wrote: (clientId, seq) => told.push([clientId, seq]),
      });
    });

    it("tells up to where each connection was written when it ends, however it ends", () => {
      const [one, two, three, four] = ["one", "two", "three", "four"].map((name) => numbers.open(of(name)));
      numbers.wrote(Uint32Array.of(one ?? 0, two ?? 0, three ?? 0), 7);
      numbers.wrote(Uint32Array.of(one ?? 0), 5);
      numbers.close(one ?? 0);
      numbers.free(two ?? 0);
      numbers.down();
      expect(told).toEqual([
        ["one", 7],
        ["two", 7],
        ["three", 7],
      ]);
      expect(four).toBeGreaterThan(0);
    });

    it("tells nothing of the former user of a number", () => {
      const number = numbers.open(of("one"));
      numbers.wrote(Uint32Array.of(number), 7);
      numbers.free(number);
      expect(numbers.open(of("two"))).toBe(number);
      numbers.down();
      expect(told).toEqual([["one", 7]]);
    });

    it("drops the connections of some sessions as if the link were gone, and lets nothing through to them", () => {
      const [lost, kept] = [of("lost"), of("kept")];
      const [number, other] = [numbers.open(lost), numbers.open(kept)];
      numbers.wrote(Uint32Array.of(number), 3);
      numbers.drop((clientId) => clientId === "lost");
      expect([lost.isDown, kept.isDown]).toEqual([true, false]);
      expect(told).toEqual([["lost", 3]]);
      expect(sent).toEqual([{ type: "closed", connection: number }]);
      expect(numbers.at(number)).not.toBe(lost);
      expect(numbers.at(other)).toBe(kept);
      expect(numbers.open(of("next"))).not.toBe(number);
      numbers.freed(number);
      expect(numbers.open(of("later"))).toBe(number);
    });

    it("tells of requests that go to the bridge", () => {
      const number = numbers.open(of("one"));
      const context = { via: "post", isMultiplexed: false, browser: "", origin: "", address: "" } as const;
      numbers.request(number, { route: 1, isSocket: false, mayHold: false, context, payload: Buffer.from("[]") });
      expect(asked).toEqual(["one"]);
    });
  });
});
