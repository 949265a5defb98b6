/**
 * Which slot owns which route: a pure function of (number of routes, number of slots).
 *
 * The algorithm is HaloD's, as sketched in 2007: a node that joins takes from each slot, the one with the most routes
 * first, its highest-numbered route, round after round, until it has its share. So a join moves only what it must
 * (1/(n+1) of the routes), and no two slots differ by more than one route.
 */

/** The owners of a set of routes. `owners[0]` is route 1; an owner is a slot, a number from 1, or 0 for nobody. */
export interface RouteTable {
  readonly epoch: number;
  readonly owners: readonly number[];
}

/** One route that changes its slot; `from` is 0 for the first slot, which takes them from nobody. */
export interface Move {
  readonly route: number;
  readonly from: number;
  readonly to: number;
}

/** The table of a fixed list of nodes, each in the slot of its number. @param nodes how many are active, 1…routes */
export function tableOf(routes: number, nodes: number): RouteTable {
  return { epoch: 1, owners: ownersOf(routes, nodes) };
}

/** The owners of the routes with so many slots. @param slots 1…routes */
export function ownersOf(routes: number, slots: number): number[] {
  const owners = new Array<number>(routes > 0 && Number.isSafeInteger(routes) ? routes : 0).fill(0);
  for (const moves of joins(routes, slots)) applyMoves(owners, moves);
  return owners;
}

/** What moves when a slot is the last one to be added, in the order of the algorithm. @param slot 1…routes */
export function movesOfJoin(routes: number, slot: number): readonly Move[] {
  let last: readonly Move[] = [];
  for (const moves of joins(routes, slot)) last = moves;
  return last;
}

/**
 * The moves of one join after the other, from no slot at all.
 *
 * @param slots how many join, 1…routes
 * @throws RangeError where one of the counts is not so
 */
export function* joins(routes: number, slots: number): Generator<readonly Move[]> {
  checkCounts(routes, slots);
  // By slot, in ascending order: the highest-numbered route of each is the last one.
  const held: number[][] = [Array.from({ length: routes }, (_, index) => index + 1)];
  const counts = new Uint32Array(slots);
  counts[0] = routes;
  yield held.flatMap((all) => all.map((route) => ({ route, from: 0, to: 1 })).reverse());
  for (let slot = 2; slot <= slots; slot++) {
    const quota = Math.floor(routes / slot);
    const moves = take(held, quota, donorsOf(counts.subarray(0, slot - 1), quota, routes));
    for (const { from } of moves) counts[from - 1] = (counts[from - 1] ?? 0) - 1;
    counts[slot - 1] = quota;
    held.push(moves.map(({ route }) => route).sort((a, b) => a - b));
    yield moves;
  }
}

/** Gives routes to where they move. */
export function applyMoves(owners: number[], moves: readonly Move[]): void {
  for (const { route, to } of moves) owners[route - 1] = to;
}

/** The owner of a route. @throws RangeError for a route that the table does not have */
export function ownerOf(table: RouteTable, route: number): number {
  const owner = table.owners[route - 1];
  if (owner === undefined) throw new RangeError(`route ${route} is not one of 1…${table.owners.length}`);
  return owner;
}

/** Takes a quota of routes for the next slot, one of each donor in turn. */
function take(held: readonly number[][], quota: number, donors: readonly number[]): Move[] {
  const to = held.length + 1;
  const moves: Move[] = [];
  while (moves.length < quota) {
    for (const from of donors) {
      if (moves.length === quota) break;
      const route = held[from - 1]?.pop();
      if (route !== undefined) moves.push({ route, from, to });
    }
  }
  return moves;
}

/** The slots by how many routes they hold, then by their number, both from the top; no more of them than can be asked. */
function donorsOf(counts: Uint32Array, limit: number, routes: number): number[] {
  const donors: number[] = [];
  // No two slots differ by more than one route, so two looks down the numbers do what sorting would.
  const most = Math.ceil(routes / counts.length);
  for (const count of [most, most - 1]) {
    let index = counts.lastIndexOf(count);
    while (index >= 0 && donors.length < limit) {
      donors.push(index + 1);
      index = index === 0 ? -1 : counts.lastIndexOf(count, index - 1);
    }
  }
  return donors;
}

function checkCounts(routes: number, slots: number): void {
  if (!Number.isSafeInteger(routes) || routes < 1)
    throw new RangeError(`routes must be a whole number from 1, not ${routes}`);
  if (!Number.isSafeInteger(slots) || slots < 1 || slots > routes) {
    throw new RangeError(`nodes must be a whole number from 1 to ${routes}, the number of routes, not ${slots}`);
  }
}
