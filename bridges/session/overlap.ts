import type { LogEntry } from "../log/log.ts";
import type { ChannelPosition } from "./snapshot.ts";

/** What a log has for a session that another bridge has served until now. */
export interface Overlap {
  /** What is new to it, in the log's order. */
  readonly fresh: readonly LogEntry[];
  /** Delivery ids of what it has had, and what has not come here yet. */
  readonly late: readonly string[];
  /** False where messages may be missing in between. */
  readonly isProved: boolean;
}

/** Since when a bridge has heard a channel for sessions that come to it. */
export interface Since {
  /** The log's newest number at that moment. */
  readonly seq: number;
  /** The other bridge served them still. */
  readonly isOverlapping: boolean;
}

/**
 * Finds what is new to a session, by the delivery ids that two bridges have in common.
 *
 * What lies between two common ids and is not known to the other bridge is new as well: on linked servers the order is
 * each sender's, not the channel's.
 *
 * @param entries what the log has of the channel
 * @param since from where on it counts where no id is common
 */
export function overlapOf(entries: readonly LogEntry[], { last, recent }: ChannelPosition, since: Since): Overlap {
  const had = new Set(recent);
  if (last !== null) had.add(last);
  const first = entries.findIndex(({ id }) => had.has(id));
  const end = entries.findLastIndex(({ id }) => had.has(id));
  const isFresh = ({ id, seq }: LogEntry, index: number): boolean => {
    if (had.has(id)) return false;
    if (first < 0) return seq > since.seq;
    // A notice in between is of what was missing here alone.
    return id === "" ? index > end : index > first;
  };
  const here = new Set(entries.map(({ id }) => id));
  return {
    fresh: entries.filter(isFresh),
    late: [...had].filter((id) => !here.has(id)),
    isProved: first >= 0 || since.isOverlapping,
  };
}
