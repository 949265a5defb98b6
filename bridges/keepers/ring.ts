import type { Cluster, ClusterNode } from "../../halod/index.ts";

/**
 * Who keeps the channels of a bridge: the next one after it in the ring of all that live, by their numbers, spares too.
 *
 * @returns all others in the order of the ring: the first is the keeper; the second was it before the first came in between
 */
export function keepersOf({ nodes }: Pick<Cluster, "nodes">, node: number): ClusterNode[] {
  const others = nodes.filter((one) => one.node !== node).toSorted((one, other) => one.node - other.node);
  const next = others.findIndex((one) => one.node > node);
  return next < 0 ? others : [...others.slice(next), ...others.slice(0, next)];
}
