import type { Log, LogEntry } from "../log/log.ts";
import { isOwnId } from "../own-id.ts";

/** A message as bridges tell it to each other: delivery id, milliseconds since 1970, the Bayeux message as JSON. */
export type PastRow = readonly [id: string, timeMs: number, text: string];

/** What one bridge has heard of a channel, told to another one that is in it. */
export interface ToldPast {
  readonly channel: string;
  /** Delivery id of the message before the first of them; null where there was none. */
  readonly anchor: string | null;
  /** In that bridge's order. */
  readonly rows: readonly PastRow[];
}

/** What a channel's sessions at the other bridge have had or may need, and what has come here since. */
export interface Whole {
  readonly anchor: string | null;
  readonly entries: readonly LogEntry[];
  /** Delivery ids of what may still come here. The same list while nothing has come. */
  readonly unheard: readonly string[];
  /** False: what has come here has ids of our own, so what of it the other bridge had is not known. */
  readonly isProved: boolean;
}

/** From where on our own log counts, by its numbers. */
export interface HeardSince {
  /** The newest number at a moment when we had joined, before which the other bridge has told everything that it had heard. */
  readonly agreedSeq: number;
  /** The newest number when we began to join for it; null where what was heard before that moment may have another id there. */
  readonly joinedSeq: number | null;
}

/** So many of the newest messages of a channel are told, and so much of them. */
const MAX_ROWS = 1_000;
const MAX_BYTES = 4_194_304;
const PART_LENGTH = 262_144;

/** What another bridge has told of a channel when we were in it: our own log goes on from there, or overlaps. */
export class Past {
  readonly #told: ToldPast;
  readonly #since: HeardSince;
  readonly #isGapless: boolean;
  #entries: readonly LogEntry[] | null = null;
  #whole: (Whole & { readonly appended: number }) | null = null;

  /** @param isGapless it is forgotten when we miss something after that, so notices are of what we had missed before */
  constructor(told: ToldPast, since: HeardSince, isGapless: boolean) {
    this.#told = told;
    this.#since = since;
    this.#isGapless = isGapless;
  }

  /** What it takes, about. */
  get bytes(): number {
    return lengthOf(this.#told);
  }

  /** @returns the same without its messages: who had all of them can go on from it */
  get end(): Past {
    const { channel, anchor, rows } = this.#told;
    return new Past({ channel, anchor: rows.at(-1)?.[0] ?? anchor, rows: [] }, this.#since, this.#isGapless);
  }

  /** What it and our own log make together. */
  whole(messages: Log): Whole {
    if (this.#whole?.appended === messages.appended) return this.#whole;
    const { channel } = this.#told;
    const log = messages.all(channel);
    const heard = new Map(log.map((entry) => [entry.id, entry]));
    // What our log has lost may have been between the two.
    const isCut = messages.lostSeq(channel) > this.#since.agreedSeq;
    const told = isCut ? [] : (this.#entries ??= entriesOf(this.#told, messages));
    const ids = new Set(told.map(({ id }) => id));
    const { agreedSeq, joinedSeq } = this.#since;
    const [first, last] = [log.findIndex(({ id }) => ids.has(id)), log.findLastIndex(({ id }) => ids.has(id))];
    const isNew = ({ id, seq }: LogEntry, index: number): boolean => {
      if (ids.has(id)) return false;
      // A notice before a message that both have had is of what was missing here alone.
      if (id === "") return seq > agreedSeq && !this.#isGapless && index > last;
      // Linked servers have no common order: the other bridge may not have heard yet what we had.
      return seq > agreedSeq || (joinedSeq !== null && (seq > joinedSeq || (first >= 0 && index > first)));
    };
    const own = log.filter(isNew);
    this.#whole = {
      anchor: isCut ? (own[0]?.after ?? messages.lastId(channel)) : this.#told.anchor,
      entries: [...told.map((entry) => heard.get(entry.id) ?? entry), ...own],
      unheard: told.flatMap(({ id }) => (heard.has(id) ? [] : [id])),
      isProved: !own.some(({ id }) => isOwnId(id)),
      appended: messages.appended,
    };
    return this.#whole;
  }
}

/** What the log has of some channels, for another bridge. */
export function pastsOf(messages: Log, channels: ReadonlySet<string>): ToldPast[] {
  const byChannel = Map.groupBy(messages.allOf(channels), ({ channel }) => channel);
  return [...channels].map((channel) => {
    return toldOf(channel, byChannel.get(channel) ?? [], messages.lastId(channel));
  });
}

/** @param anchor counts where there are no messages */
export function toldOf(channel: string, entries: readonly LogEntry[], anchor: string | null): ToldPast {
  // Notices are nobody's message.
  const said = entries.filter(({ id }) => id !== "").slice(-MAX_ROWS);
  let room = MAX_BYTES;
  const first = said.findLastIndex(({ bytes }) => (room -= bytes.length) < 0) + 1;
  const rows = said.slice(first).map(({ id, timeMs, bytes }): PastRow => [id, timeMs, bytes.toString()]);
  const before = said[first - 1]?.id ?? said[0]?.after;
  return { channel, anchor: before === undefined ? anchor : before, rows };
}

/** What two bridges tell each other at once: as much as a link takes without harm to whatever else goes over it. */
export function* inParts(pasts: Iterable<ToldPast>): Generator<ToldPast[]> {
  let part: ToldPast[] = [];
  let length = 0;
  for (const past of pasts) {
    part.push(past);
    length += lengthOf(past);
    if (length < PART_LENGTH) continue;
    yield part;
    part = [];
    length = 0;
  }
  if (part.length > 0) yield part;
}

function lengthOf({ channel, rows }: ToldPast): number {
  return rows.reduce((sum, [id, , text]) => sum + id.length + text.length, channel.length);
}

function entriesOf({ channel, anchor, rows }: ToldPast, messages: Log): LogEntry[] {
  let after = anchor;
  return rows.map(([id, timeMs, text]) => {
    const entry = messages.entry(channel, id, text, timeMs, after);
    after = id;
    return entry;
  });
}
