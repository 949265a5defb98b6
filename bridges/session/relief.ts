import type { LogEntry } from "../log/log.ts";

/** A message that stands for others which are not delivered. */
export interface Substitute extends LogEntry {
  /** How many messages were left out before it, or in its place. */
  readonly missing: number;
  /** False: others may be missing there as well. */
  readonly isCounted: boolean;
  /** The message itself as it was; null for a gap notice, which is nobody's. */
  readonly original: LogEntry | null;
}

/** A queue after it was thinned. */
export interface Thinned {
  readonly entries: readonly LogEntry[];
  /** Messages that were taken out now. */
  readonly count: number;
}

/** What is dropped of one channel. */
interface Gap {
  readonly first: LogEntry;
  missing: number;
  isCounted: boolean;
  /** The place of the last one in the queue. */
  last: number;
  taken: number;
}

/** How much is to go. */
export interface Excess {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * Keeps the newest message of each channel, which says how many it stands for. Gap notices are no messages: the newest
 * of them stays as well, where it is.
 *
 * @param applies whether the channel of an entry may be thinned so
 */
export function conflate(queue: readonly LogEntry[], applies: (entry: LogEntry) => boolean): Thinned {
  const newest = new Map<string, number>();
  const missing = new Map<string, number>();
  let count = 0;
  queue.forEach((entry, index) => {
    if (!applies(entry)) return;
    const key = keyOf(entry);
    const before = newest.get(key);
    newest.set(key, index);
    const replaced = before === undefined ? undefined : queue[before];
    if (!replaced || isNotice(entry)) return;
    count += 1;
    missing.set(key, (missing.get(key) ?? 0) + 1 + missingIn(replaced));
  });
  if (newest.size === 0) return { entries: queue, count: 0 };
  const kept = queue.filter((entry, index) => !applies(entry) || newest.get(keyOf(entry)) === index);
  const entries = kept.map((entry) => {
    const more = applies(entry) ? missing.get(keyOf(entry)) : undefined;
    return more === undefined ? entry : conflated(entry, more + missingIn(entry));
  });
  return { entries, count };
}

/**
 * Drops oldest messages until the excess is gone. What was dropped of a channel is one gap notice, in its place; a
 * notice that stands at the beginning of the channel already becomes part of it. The newest message of all stays.
 *
 * @param applies whether the channel of an entry may be thinned so
 * @param notice makes the text, from the first dropped message, the id of the first one after them, and the number of
 *   missing ones, the last two where they are known
 */
export function dropOldest(
  queue: readonly LogEntry[],
  excess: Excess,
  applies: (entry: LogEntry) => boolean,
  notice: (first: LogEntry, before: string | null, count: number | undefined) => string,
): Thinned {
  let { messages, bytes } = excess;
  let count = 0;
  /** By channel: what is dropped of it, and the place of the last one. */
  const gaps = new Map<string, Gap>();
  const gone = new Set<number>();
  const last = queue.length - 1;
  for (let index = 0; index < last && (messages > 0 || bytes > 0); index++) {
    const entry = queue[index];
    if (!entry || !applies(entry)) continue;
    const gap = gaps.get(entry.channel) ?? { first: entry, missing: 0, isCounted: true, last: index, taken: 0 };
    gap.missing += missingIn(entry) + (isNotice(entry) ? 0 : 1);
    // Another notice is dropped with what follows it: how much was missing there, nobody knows.
    if (isNotice(entry) && !(isSubstitute(entry) && entry.isCounted)) gap.isCounted = false;
    gap.last = index;
    gap.taken += 1;
    gaps.set(entry.channel, gap);
    gone.add(index);
    if (!isNotice(entry)) count += 1;
    // The first of a channel makes room for its notice only.
    if (gap.taken > 1) messages -= 1;
    bytes -= entry.bytes.length;
  }
  if (gone.size === 0) return { entries: queue, count: 0 };
  const entries: LogEntry[] = [];
  queue.forEach((entry, index) => {
    if (!gone.has(index)) return entries.push(entry);
    const gap = gaps.get(entry.channel);
    if (gap?.last !== index) return undefined;
    const next = queue.find((other, place) => place > index && other.channel === entry.channel && !isNotice(other));
    const missing = gap.isCounted ? gap.missing : undefined;
    // A notice that stood there alone stays what it was.
    const standsFor: Substitute = {
      ...entry,
      id: "",
      after: gap.first.after,
      bytes: Buffer.from(notice(gap.first, next?.id ?? null, missing)),
      missing: gap.missing,
      isCounted: gap.isCounted,
      original: null,
    };
    return entries.push(gap.taken === 1 && isNotice(entry) ? entry : standsFor);
  });
  return { entries, count };
}

/** What a message is without its note, so that the note can be made anew. */
function originalOf(entry: LogEntry): LogEntry {
  return isSubstitute(entry) && entry.original ? entry.original : entry;
}

/** The message with `ext.tailspin.conflated`; `deliveryText` ends with its `ext.tailspin`, so no parsing is needed. */
function conflated(entry: LogEntry, missing: number): Substitute {
  const original = originalOf(entry);
  const { bytes } = original;
  const note = Buffer.from(`,"conflated":${missing}}}}`);
  const text = Buffer.concat([bytes.subarray(0, bytes.length - 3), note]);
  return { ...original, bytes: text, missing, isCounted: true, original };
}

function missingIn(entry: LogEntry): number {
  return isSubstitute(entry) ? entry.missing : 0;
}

/** Whether a message stands for others. */
export function isSubstitute(entry: LogEntry): entry is Substitute {
  return "missing" in entry;
}

/** Notices are nobody's message. */
function isNotice(entry: LogEntry): boolean {
  return entry.id === "";
}

function keyOf(entry: LogEntry): string {
  return `${isNotice(entry) ? "notice" : "message"} ${entry.channel}`;
}
