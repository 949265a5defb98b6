import type { LogEntry } from "../log/log.ts";
import { isOwnId } from "../own-id.ts";
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
 * Where a server gave no ids for a while, or not yet, each bridge had its own for what was said then. Those cannot be compared:
 * what lies between common ids was had by both, and where the session had something at the end that is not known here, and we
 * have such, nothing is proved.
 *
 * @param entries what the log has of the channel
 * @param since from where on it counts where no id is common
 */
export function overlapOf(entries: readonly LogEntry[], { last, recent }: ChannelPosition, since: Since): Overlap {
  const had = new Set(recent);
  if (last !== null) had.add(last);
  const first = entries.findIndex(({ id }) => had.has(id));
  const end = entries.findLastIndex(({ id }) => had.has(id));
  const here = new Set(entries.map(({ id }) => id));
  // What we had our own ids for may have had any there: its own as well, or those since a mark that we have not seen.
  const isUnsure = recent.length > recent.findLastIndex((id) => here.has(id)) + 1;
  const isFresh = ({ id, seq }: LogEntry, index: number): boolean => {
    if (had.has(id) || (isOwnId(id) && (isUnsure || index < end))) return false;
    if (first < 0) return seq > since.seq;
    // A notice in between is of what was missing here alone.
    return id === "" ? index > end : index > first;
  };
  const isMixed =
    isUnsure && entries.some(({ id, seq }, index) => isOwnId(id) && (first < 0 ? seq > since.seq : index > end));
  return {
    fresh: entries.filter(isFresh),
    late: [...had].filter((id) => !here.has(id)),
    isProved: !isMixed && (first >= 0 || since.isOverlapping),
  };
}
