import { performance } from "node:perf_hooks";

/** @returns each time it is called, the share of the time since the call before in which the process had something to do: 0 to 1 */
export function busyMeter(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    // A loop that has not turned yet has none.
    return Number.isFinite(utilization) ? Math.min(1, Math.max(0, utilization)) : 0;
  };
}
