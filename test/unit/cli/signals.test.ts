import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { onStop } from "../../../cli/index.ts";

describe("onStop", () => {
  let source: EventEmitter;
  let finishStop: () => void;
  let failStop: (error: Error) => void;
  const stop = vi.fn<(signal: string) => Promise<void>>();
  const onFault = vi.fn<(error: Error) => void>();
  const options = { repeatWithinMs: 2_000, drainTimeoutMs: 10_000, now: () => Date.now(), onFault };

  beforeEach(() => {
    vi.useFakeTimers();
    source = new EventEmitter();
    onFault.mockReset();
    stop.mockReset().mockImplementation(
      () =>
        new Promise((resolve, reject) => {
          finishStop = resolve;
          failStop = reject;
        }),
    );
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** What the promise resolved to by now. */
  function watch(code: Promise<number>): { code: number | undefined } {
    const seen: { code: number | undefined } = { code: undefined };
    code.then(
      (value) => (seen.code = value),
      (error: unknown) => {
        throw error;
      },
    );
    return seen;
  }

  it.each(["SIGTERM", "SIGINT"])("drains once at %s, and gives 0 after a clean stop", async (signal) => {
    const seen = watch(onStop(source, stop, options));
    expect(stop).not.toHaveBeenCalled();
    source.emit(signal, signal);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(seen.code).toBeUndefined();
    finishStop();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.code).toBe(0);
    expect(stop).toHaveBeenCalledExactlyOnceWith(signal);
    expect(onFault).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("counts a repeat within two seconds of the first as the same signal", async () => {
    const seen = watch(onStop(source, stop, options));
    source.emit("SIGINT", "SIGINT");
    source.emit("SIGINT", "SIGINT");
    await vi.advanceTimersByTimeAsync(2_000);
    source.emit("SIGTERM", "SIGTERM");
    finishStop();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.code).toBe(0);
    expect(stop).toHaveBeenCalledOnce();
  });

  it("gives 1 at once when the signal is repeated later than two seconds after the first", async () => {
    const seen = watch(onStop(source, stop, options));
    source.emit("SIGTERM", "SIGTERM");
    await vi.advanceTimersByTimeAsync(1_500);
    source.emit("SIGTERM", "SIGTERM");
    await vi.advanceTimersByTimeAsync(501);
    source.emit("SIGINT", "SIGINT");
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.code).toBe(1);
    expect(onFault).toHaveBeenCalledExactlyOnceWith(new Error("stopped at once by a second signal, SIGINT"));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives 1 and hands over the cause when the stop fails", async () => {
    const seen = watch(onStop(source, stop, options));
    source.emit("SIGTERM", "SIGTERM");
    const cause = new Error("port stuck");
    failStop(cause);
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.code).toBe(1);
    expect(onFault.mock.calls[0]?.[0].cause).toBe(cause);
  });

  it("gives 1 when the stop throws before its first await", async () => {
    stop.mockImplementation(() => {
      throw new Error("bug");
    });
    const seen = watch(onStop(source, stop, options));
    source.emit("SIGTERM", "SIGTERM");
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.code).toBe(1);
  });

  it("gives 1 when the stop takes too long, and stays 1", async () => {
    const seen = watch(onStop(source, stop, options));
    source.emit("SIGTERM", "SIGTERM");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen.code).toBe(1);
    finishStop();
    source.emit("SIGTERM", "SIGTERM");
    await vi.advanceTimersByTimeAsync(0);
    expect(onFault).toHaveBeenCalledExactlyOnceWith(new Error("the drain took more than 10000 ms"));
  });

  it("stays deaf to a late repeat after a clean stop", async () => {
    const seen = watch(onStop(source, stop, options));
    source.emit("SIGTERM", "SIGTERM");
    finishStop();
    await vi.advanceTimersByTimeAsync(5_000);
    source.emit("SIGTERM", "SIGTERM");
    await vi.advanceTimersByTimeAsync(0);
    expect([seen.code, onFault.mock.calls.length, source.listenerCount("SIGTERM")]).toEqual([0, 0, 1]);
  });
});
