import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Coalescer, type Outlet } from "../../../dispatcher/transports/coalescer.ts";
import { TEXT_FRAMES } from "../../../dispatcher/transports/websocket-frame.ts";
import type { Gathered } from "../../../dispatcher/transports/gathered.ts";

class FakeOutlet implements Outlet {
  readonly framing = TEXT_FRAMES;
  gathered: Gathered | null = null;
  isRecent = false;
  readonly frames: Buffer[] = [];

  write(frame: Buffer): void {
    this.frames.push(frame);
  }

  /** Short frames have headers of two bytes. */
  get texts(): string[] {
    return this.frames.map((frame) => frame.subarray(2).toString());
  }
}

describe("Coalescer", () => {
  let coalescer: Coalescer;
  const say = (text: string, ...outlets: Outlet[]) => {
    const message = coalescer.message(Buffer.from(text));
    for (const outlet of outlets) coalescer.deliver(outlet, message);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    coalescer = new Coalescer(10);
  });
  afterEach(() => {
    coalescer[Symbol.dispose]();
    vi.useRealTimers();
  });

  it("writes the same bytes to every idle outlet at once", () => {
    const [one, two] = [new FakeOutlet(), new FakeOutlet()];
    say("1", one, two);
    expect(one.texts).toEqual(["[1]"]);
    expect(two.frames[0]).toBe(one.frames[0]);
  });

  it("gathers for a busy outlet and flushes within the window, in order", () => {
    const outlet = new FakeOutlet();
    for (const text of ["1", "2", "3"]) say(text, outlet);
    expect(outlet.texts).toEqual(["[1]"]);
    vi.advanceTimersByTime(10);
    expect(outlet.texts).toEqual(["[1]", "[2,3]"]);
  });

  it("encodes a batch once for all outlets that gathered the same", () => {
    const [one, two, other] = [new FakeOutlet(), new FakeOutlet(), new FakeOutlet()];
    say("1", one, two, other);
    say("2", one, other, two);
    say("x", other);
    say("3", two, other, one);
    vi.advanceTimersByTime(10);
    expect(one.texts).toEqual(["[1]", "[2,3]"]);
    expect(two.frames[1]).toBe(one.frames[1]);
    expect(other.texts).toEqual(["[1]", "[2,x,3]"]);
  });

  it("writes at once again after a window without messages", () => {
    const outlet = new FakeOutlet();
    say("1", outlet);
    vi.advanceTimersByTime(10);
    expect(vi.getTimerCount()).toBe(0);
    say("2", outlet);
    expect(outlet.texts).toEqual(["[1]", "[2]"]);
  });

  it("keeps an outlet busy after a flush", () => {
    const outlet = new FakeOutlet();
    say("1", outlet);
    say("2", outlet);
    vi.advanceTimersByTime(10);
    say("3", outlet);
    expect(outlet.frames).toHaveLength(2);
    vi.advanceTimersByTime(10);
    expect(outlet.texts).toEqual(["[1]", "[2]", "[3]"]);
  });

  it("does not gather without bound", () => {
    const outlet = new FakeOutlet();
    say("0", outlet);
    for (let count = 0; count < 3; count++) say("x".repeat(30_000), outlet);
    expect(outlet.frames.map((frame) => frame.length)).toEqual([5, 10 + 90_004]);
    expect(outlet.gathered).toBeNull();
  });

  it("never waits where the window is nothing", () => {
    coalescer = new Coalescer(0);
    const outlet = new FakeOutlet();
    for (const text of ["1", "2"]) say(text, outlet);
    expect(outlet.texts).toEqual(["[1]", "[2]"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
