/** What of a membership is voted on and kept, and how a HaloD goes on from it. */
import type { Membership } from "./membership.ts";
import type { SavedTable } from "./vote.ts";

/** @param membership after the first table */
export function savedTableOf({ routes, epoch, changedMs, active, members }: Membership): SavedTable {
  const numbers = new Map(members.map(({ instance, node }) => [instance, node]));
  return {
    ...{ routes, epoch, changedMs },
    active: active.flatMap((instance) => numbers.get(instance) ?? []),
    bridges: members.map(({ node, address, instance, sinceMs }) => ({ node, address, instance, sinceMs })),
  };
}

/**
 * Whoever is not linked counts as lost since now, and has time to come back.
 *
 * @param isLinked by the instance
 */
export function membershipOf(
  { routes, epoch, changedMs, active, bridges }: SavedTable,
  isLinked: (instance: string) => boolean,
  nowMs: number,
  graceMs: number,
): Membership {
  const instances = new Map(bridges.map(({ node, instance }) => [node, instance]));
  const members = bridges.map((bridge) => ({ ...bridge, lostMs: isLinked(bridge.instance) ? null : nowMs }));
  const isWhole = members.every(({ lostMs }) => lostMs === null);
  return {
    ...{ routes, epoch, changedMs, members, isFormed: true, firstMs: nowMs },
    active: active.flatMap((node) => instances.get(node) ?? []),
    graceUntilMs: isWhole ? 0 : nowMs + graceMs,
  };
}
