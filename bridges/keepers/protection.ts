/** Whether the sessions of a bridge live on with nothing lost if it died now, and why not. */
export interface Protection {
  readonly isProtected: boolean;
  /** For people; empty where all is well. */
  readonly reason: string;
  /** Of the table that it was found out by. */
  readonly epoch: number;
}

/** Of which a part may be a server's words. */
const MAX_REASON = 300;

/** What it depends on. */
export interface Guarded {
  readonly epoch: number;
  /** The bridge that keeps our channels; null where there is no other one. */
  readonly keeper: { readonly node: number; readonly isUp: boolean } | null;
  /** Channels that sessions hear, and how many of them are kept. */
  readonly channels: number;
  readonly kept: number;
  /** What the keeper says about some that are not. */
  readonly why: string | null;
  /** Every session's ticket is with its dispatchers. */
  readonly hasTickets: boolean;
}

/** Puts it into words. */
export function protectionOf({ epoch, keeper, channels, kept, why, hasTickets }: Guarded): Protection {
  const reason = ((): string => {
    if (!keeper) return "no other bridge";
    if (channels > kept && !keeper.isUp) return `bridge ${keeper.node}, its keeper, is away`;
    if (channels > kept) return `bridge ${keeper.node} keeps ${kept} of ${channels} channels${why ? `: ${why}` : ""}`;
    if (!hasTickets) return "a dispatcher does not read what it is sent";
    return keeper.isUp ? "" : `bridge ${keeper.node}, its keeper, is away`;
  })();
  return { isProtected: reason === "", reason: reason.slice(0, MAX_REASON), epoch };
}
