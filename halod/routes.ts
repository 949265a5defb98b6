/**
 * Which node owns which route: a pure function of (number of routes, number of nodes).
 *
 * The algorithm is HaloD's, as sketched in 2007: a node that joins takes from each node, the one with the most routes
 * first, its highest-numbered route, round after round, until it has its share. So a join moves only what it must
 * (1/(n+1) of the routes), and no two nodes differ by more than one route.
 */

/** The owners of a set of routes. `owners[0]` is route 1; a node is a number from 1. */
export interface RouteTable {
  readonly epoch: number;
  readonly owners: readonly number[];
}

/** One route that changed hands; `from` is 0 for the first node, which takes them from nobody. */
export interface Move {
  readonly route: number;
  readonly from: number;
  readonly to: number;
}

/** The table of a fixed list of nodes. @param nodes how many are active, 1…routes */
export function tableOf(routes: number, nodes: number): RouteTable {
  checkCounts(routes, nodes);
  let owners: readonly number[] = new Array<number>(routes).fill(1);
  for (let node = 2; node <= nodes; node++) owners = join(owners, node).owners;
  return { epoch: 1, owners };
}

/**
 * Adds a node to a table in which nodes 1…node-1 own routes.
 *
 * @returns the new owners, and the moves in the order in which the algorithm makes them
 * @throws RangeError where `node` is not a whole number from 1
 */
export function join(owners: readonly number[], node: number): { owners: number[]; moves: Move[] } {
  // The quota of anything below 1 could never be met.
  if (!Number.isSafeInteger(node) || node < 1) throw new RangeError(`node must be a whole number from 1, not ${node}`);
  const routesOf = new Map<number, number[]>();
  owners.forEach((owner, index) => {
    const held = routesOf.get(owner);
    if (held) held.push(index + 1);
    else routesOf.set(owner, [index + 1]);
  });
  // Most routes first, then the highest id; one route of each in turn, so the order holds for every pass.
  const donors = [...routesOf].sort(([a, held], [b, other]) => other.length - held.length || b - a);
  const quota = Math.floor(owners.length / node);
  const result = [...owners];
  const moves: Move[] = [];
  while (moves.length < quota) {
    for (const [from, held] of donors) {
      if (moves.length === quota) break;
      const route = held.pop();
      if (route === undefined) continue;
      result[route - 1] = node;
      moves.push({ route, from, to: node });
    }
  }
  return { owners: result, moves };
}

/** The owner of a route. @throws RangeError for a route that the table does not have */
export function ownerOf(table: RouteTable, route: number): number {
  const owner = table.owners[route - 1];
  if (owner === undefined) throw new RangeError(`route ${route} is not one of 1…${table.owners.length}`);
  return owner;
}

function checkCounts(routes: number, nodes: number): void {
  if (!Number.isSafeInteger(routes) || routes < 1)
    throw new RangeError(`routes must be a whole number from 1, not ${routes}`);
  if (!Number.isSafeInteger(nodes) || nodes < 1 || nodes > routes) {
    throw new RangeError(`nodes must be a whole number from 1 to ${routes}, the number of routes, not ${nodes}`);
  }
}
