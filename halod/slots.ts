/**
 * Which node is in which slot, and what moves when one comes or goes. Pure: each change gives a new state and its moves.
 *
 * The owners are always the table of that many slots, whatever came and went before; only who sits in a slot depends on
 * the past.
 */
import { applyMoves, movesOfJoin, ownersOf, type RouteTable } from "./routes.ts";

/** Who is active. `owners` are slots; `nodes[0]` is in slot 1. The epoch grows by one with every change. */
export interface Slots extends RouteTable {
  readonly nodes: readonly string[];
}

/** One route that changes hands; null is nobody, before the first node and after the last. */
export interface NodeMove {
  readonly route: number;
  readonly from: string | null;
  readonly to: string | null;
}

/** What a change makes of a cluster. */
export interface Change {
  readonly cluster: Slots;
  /** In the order of the algorithm. A route moves at most once; one that stays where it is has no entry. */
  readonly moves: readonly NodeMove[];
}

/** A cluster that nobody has joined yet. @throws RangeError where `routes` is not a whole number from 1 */
export function emptySlots(routes: number): Slots {
  return { epoch: 0, owners: ownersOf(routes, 1).fill(0), nodes: [] };
}

/** The cluster that these nodes make, joining one after the other. @throws RangeError where there are none, more than routes, or one twice */
export function slotsOf(routes: number, nodes: readonly string[]): Slots {
  const repeated = nodes.find((node, index) => nodes.indexOf(node) !== index);
  if (repeated !== undefined) throw new RangeError(`${repeated} is in the list twice`);
  return { epoch: nodes.length, owners: ownersOf(routes, nodes.length), nodes };
}

/**
 * Adds a node in a slot of its own, the next one; it takes 1/(n+1) of the routes.
 *
 * @throws RangeError where the node is active already, or every route has a node of its own
 */
export function join(cluster: Slots, node: string): Change {
  checkAbsent(cluster, node);
  const { nodes, epoch } = cluster;
  if (nodes.length === cluster.owners.length)
    throw new RangeError(`${node} cannot join: there are ${nodes.length} routes, and as many nodes`);
  const taken = movesOfJoin(cluster.owners.length, nodes.length + 1);
  const owners = [...cluster.owners];
  applyMoves(owners, taken);
  return {
    cluster: { epoch: epoch + 1, owners, nodes: [...nodes, node] },
    moves: taken.map(({ route, from }) => ({ route, from: nodes[from - 1] ?? null, to: node })),
  };
}

/**
 * Takes out a node that has failed or goes.
 *
 * With a spare, the spare takes its slot and all its routes. Without one, the node in the highest slot replaces it, and
 * what that node had is given back by a join in reverse: the last slot is gone, and the table is the one of n-1 slots.
 *
 * @param spare a node that is not active yet
 * @throws RangeError where the node is not active, or the spare is
 */
export function leave(cluster: Slots, node: string, spare?: string): Change {
  const slot = cluster.nodes.indexOf(node) + 1;
  if (slot === 0) throw new RangeError(`${node} cannot leave: it is not active`);
  if (spare === undefined) return shrink(cluster, slot);
  checkAbsent(cluster, spare);
  return {
    cluster: { ...cluster, epoch: cluster.epoch + 1, nodes: cluster.nodes.with(slot - 1, spare) },
    moves: takeover(cluster, slot, spare),
  };
}

/** The node that owns a route; null while there is none. @throws RangeError for a route that the table does not have */
export function nodeOf(cluster: Slots, route: number): string | null {
  const slot = cluster.owners[route - 1];
  if (slot === undefined) throw new RangeError(`route ${route} is not one of 1…${cluster.owners.length}`);
  return cluster.nodes[slot - 1] ?? null;
}

function shrink({ epoch, owners: before, nodes }: Slots, slot: number): Change {
  const last = nodes.length;
  const replacement = nodes[last - 1] ?? null;
  const given = movesOfJoin(before.length, last)
    .toReversed()
    .map(({ route, from: to }) => ({ route, from: last, to }));
  const owners = [...before];
  applyMoves(owners, given);
  const moves = slot === last ? [] : takeover({ epoch, owners: before, nodes }, slot, replacement);
  for (const { route, to } of given) {
    // What goes to the slot of the one that failed stays with the machine that is in it now.
    if (to !== slot) moves.push({ route, from: replacement, to: nodes[to - 1] ?? null });
  }
  const remaining = replacement === null ? [] : nodes.with(slot - 1, replacement).slice(0, -1);
  return { cluster: { epoch: epoch + 1, owners, nodes: remaining }, moves };
}

/** All routes of a slot, the highest-numbered first. */
function takeover({ owners, nodes }: Slots, slot: number, to: string | null): NodeMove[] {
  const from = nodes[slot - 1] ?? null;
  return owners.flatMap((owner, index) => (owner === slot ? [{ route: index + 1, from, to }] : [])).reverse();
}

function checkAbsent({ nodes }: Slots, node: string): void {
  if (nodes.includes(node)) throw new RangeError(`${node} cannot join: it is active already`);
}
