import type { IrcLine } from "./irc-line.ts";

/** What a line's tags tell of when it was said, and by whom. */
export interface Provenance {
  readonly timeMs: number;
  readonly id: string;
  /** The account that the sender is logged in to; undefined for none, or where the server does not tell. */
  readonly account: string | undefined;
}

/** What tells it where the server does not. */
export interface ProvenanceParts {
  readonly now: () => number;
  readonly newId: () => string;
}

/** Reads `time`, `msgid` and `account`. */
export function provenanceOf({ tags }: IrcLine, { now, newId }: ProvenanceParts): Provenance {
  const { time, msgid, account } = tags;
  const serverTimeMs = time === undefined ? Number.NaN : parseTime(time);
  return {
    timeMs: Number.isNaN(serverTimeMs) ? now() : serverTimeMs,
    id: msgid || newId(),
    // Some servers say `*` for nobody.
    account: account === "" || account === "*" ? undefined : account,
  };
}

/** The time that was read last: under load many messages have the same, and Date.parse costs as much as the rest of a line. */
let last = { text: "", timeMs: Number.NaN };

function parseTime(text: string): number {
  if (text !== last.text) last = { text, timeMs: Date.parse(text) };
  return last.timeMs;
}
