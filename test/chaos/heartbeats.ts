import { halod } from "../bench/scenarios/halod.ts";
import { isMet } from "../bench/report.ts";

/** What the bench measures of it, once. */
const PLAN = { isQuick: true, rounds: 1, warmUpMs: 2_000, runMs: 0, sessions: 0 } as const;

/**
 * What a thousand bridges that only give signs of life cost HaloD, as `npm run bench -- --only halod` measures it.
 *
 * @returns one line a figure; machines are shared, so a target that is missed is told and is no failure
 */
export async function measureHeartbeats(signal: AbortSignal): Promise<readonly string[]> {
  const { ratios } = await halod({ ...PLAN, signal, say: () => undefined });
  return ratios.map((figure) => {
    const { name, ratio, target } = figure;
    return `${name}: ${ratio.toFixed(1)}, target under ${target}, ${isMet(figure) ? "met" : "not met"}`;
  });
}
