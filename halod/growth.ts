/** A table as it grows from one node to many: what its text and its picture are made from. */
import { applyMoves, joins, type Move } from "./routes.ts";
import { movedByModHash } from "./mod-hash.ts";

/** The table with so many nodes. */
export interface Step {
  readonly nodes: number;
  readonly owners: readonly number[];
  /** How many routes each node owns; the first entry is node 1's. */
  readonly counts: readonly number[];
  /** What moved when the last of them joined. */
  readonly moves: readonly Move[];
  /** How many would have moved, were the owner of a route `route mod nodes`. */
  readonly movedByModHash: number;
}

/**
 * The steps from one node to `nodes`: all of the first `everyUpTo`, then where the number of nodes has doubled, and the
 * last.
 *
 * @throws RangeError where `nodes` is not a whole number from 1 to `routes`
 */
export function growthOf(routes: number, nodes: number, everyUpTo: number): Step[] {
  const steps: Step[] = [];
  const owners = new Array<number>(Math.max(0, routes)).fill(0);
  const counts: number[] = [];
  let due = 1;
  for (const moves of joins(routes, nodes)) {
    applyMoves(owners, moves);
    for (const { from } of moves) if (from > 0) counts[from - 1] = (counts[from - 1] ?? 0) - 1;
    const joined = counts.push(moves.length);
    if (joined !== due && joined !== nodes) continue;
    due = joined < everyUpTo ? joined + 1 : joined * 2;
    steps.push({
      nodes: joined,
      owners: [...owners],
      counts: [...counts],
      moves,
      movedByModHash: movedByModHash(routes, joined),
    });
  }
  return steps;
}

/** The least and the most routes of a node, as text: `4`, or `3-4`. */
export function spread(counts: readonly number[]): string {
  const [least, most] = [counts.reduce((a, b) => Math.min(a, b)), counts.reduce((a, b) => Math.max(a, b))];
  return least === most ? `${least}` : `${least}-${most}`;
}

/** The first and the last of each unbroken row of routes of one owner. */
export function runsOf(owners: readonly number[]): { owner: number; first: number; last: number }[] {
  const runs: { owner: number; first: number; last: number }[] = [];
  owners.forEach((owner, index) => {
    const run = runs.at(-1);
    if (run?.owner === owner) run.last = index + 1;
    else runs.push({ owner, first: index + 1, last: index + 1 });
  });
  return runs;
}
