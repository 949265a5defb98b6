import type { FaultResult } from "./window.ts";

/** What is asked of the stack in a fault. */
export type Criterion =
  | "lost"
  | "silence"
  | "twice"
  | "order"
  | "truth"
  | "handshakes"
  | "reconnects"
  | "routes"
  | "pause"
  | "heard"
  | "others"
  | "pace";

/** How a fault came out, by each criterion that it has a target for. */
export type Findings = ReadonlyMap<Criterion, boolean>;

/** Holds what came of a fault against the targets, which are those of a stack that is finished. */
export function findingsOf({ fault, verdict, others, routes, pausesMs, isPaced }: FaultResult): Findings {
  const isLossy = fault.losesNetwork === true;
  const findings = new Map<Criterion, boolean>([
    ["heard", verdict.seen > 0],
    ["lost", (isLossy ? verdict.lost - verdict.noticed : verdict.lost) === 0],
    ["silence", verdict.silent === 0],
    ["twice", verdict.twice === 0],
    ["order", verdict.disordered === 0],
    ["truth", verdict.untrue === 0],
    ["handshakes", verdict.handshakes === 0],
    ["routes", routes.isTable && routes.actual === routes.expected],
  ]);
  if (others) findings.set("others", others.lost + others.handshakes + others.reconnects === 0);
  if (isPaced !== undefined) findings.set("pace", isPaced);
  if (fault.keepsConnections) findings.set("reconnects", verdict.reconnects === 0);
  if (fault.pauseMs !== undefined) findings.set("pause", percentile(pausesMs, 99) < fault.pauseMs);
  return findings;
}

/** @param sorted in ascending order @returns NaN of nothing */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}
