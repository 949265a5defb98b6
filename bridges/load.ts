import { performance } from "node:perf_hooks";
import type { Load } from "../halod/index.ts";

/** Measures a bridge's load: each reading says how busy the process was since the one before. @param sessions how many there are */
export function loadMeter(sessions: () => number): () => Load {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    // A loop that has not turned yet has none.
    return { sessions: sessions(), busy: Number.isFinite(utilization) ? Math.min(1, Math.max(0, utilization)) : 0 };
  };
}
