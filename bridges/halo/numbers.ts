import type { MemberNumbers } from "../../halod/index.ts";
import type { Broadcast } from "../broadcast.ts";
import type { Census } from "../census.ts";
import type { Inbox } from "../inbox.ts";
import type { Protection } from "../keepers/protection.ts";

/** How busy a bridge is. */
export interface BridgeNumbers extends Omit<MemberNumbers, "busy" | "protection"> {
  /** Null where there is nothing to protect. */
  readonly protection: Protection | null;
  /** The dispatchers that are linked to it, as it sees them. */
  readonly dispatchers: readonly { readonly number: number; readonly connections: number }[];
}

/** Counts a bridge together. */
export function numbersOf(
  { sessions, connections }: Census,
  inboxes: Iterable<Inbox>,
  { delivered }: Broadcast,
  downlinks: Iterable<{ readonly connections: number }>,
): Omit<BridgeNumbers, "protection"> {
  let heard = 0;
  for (const inbox of inboxes) heard += inbox.heard;
  const dispatchers = [...downlinks].map((one, index) => ({ number: index + 1, connections: one.connections }));
  return { sessions, connections, heard, delivered, dispatchers };
}
