import { join, leave, type Cluster, type Slots } from "../../halod/index.ts";
import { movedByModHash } from "../../halod/mod-hash.ts";
import { ownersOf } from "../../halod/routes.ts";

/** What was done to the bridges of a stack. */
export type TableChange =
  | { readonly type: "join"; readonly node: number }
  /** @param spare who takes the place; none: the routes are shared out */
  | { readonly type: "leave"; readonly node: number; readonly spare?: number };

/** What the routes had to do, and did. */
export interface RoutesMoved {
  readonly expected: number;
  readonly actual: number;
  /** What `route mod n` would have moved. */
  readonly modHash: number;
  /** The last table is exactly the one that had to come. */
  readonly isTable: boolean;
}

/**
 * Compares the tables that were told with what the changes had to make of the first one.
 *
 * @param tables the one before, and all that came after it, in order
 */
export function judgeTables(tables: readonly Cluster[], changes: readonly TableChange[]): RoutesMoved {
  const [first] = tables;
  const last = tables.at(-1);
  if (!first || !last) throw new Error("no table was told");
  let slots = slotsOf(first);
  let expected = 0;
  let modHash = 0;
  for (const change of changes) {
    const before = slots.nodes.length;
    const node = String(change.node);
    const spare = change.type === "leave" && change.spare !== undefined ? String(change.spare) : undefined;
    const { cluster, moves } = change.type === "join" ? join(slots, node) : leave(slots, node, spare);
    slots = cluster;
    expected += moves.length;
    // A spare that takes a place in a list of bridges leaves the others where they are, with mod as well.
    modHash +=
      spare === undefined ? movedByModHash(last.owners.length, Math.max(before, slots.nodes.length)) : moves.length;
  }
  const wanted = slots.owners.map((slot) => Number(slots.nodes[slot - 1] ?? 0));
  const actual = tables.slice(1).reduce((sum, table, index) => sum + difference(tables[index], table), 0);
  return { expected, actual, modHash, isTable: wanted.every((owner, index) => owner === last.owners[index]) };
}

/** The routes that had another owner at any time. */
export function movedRoutes(tables: readonly Cluster[]): ReadonlySet<number> {
  const moved = new Set<number>();
  for (const table of tables) {
    for (const [index, owner] of table.owners.entries()) if (owner !== tables[0]?.owners[index]) moved.add(index + 1);
  }
  return moved;
}

/** Who is in which slot: it follows from who owns what, since that of the slots is a pure function. */
export function slotsOf({ owners, nodes, epoch }: Cluster): Slots {
  const active = nodes.filter(({ state }) => state === "active").length;
  const slotOwners = ownersOf(owners.length, Math.max(1, active));
  const names = Array.from({ length: active }, (_, index) => String(owners[slotOwners.indexOf(index + 1)] ?? 0));
  return { epoch, owners: slotOwners, nodes: names };
}

function difference(before: Cluster | undefined, after: Cluster): number {
  return after.owners.filter((owner, index) => owner !== before?.owners[index]).length;
}
