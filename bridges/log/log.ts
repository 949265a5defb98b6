/** One message as it goes to sessions: serialized once. */
export interface LogEntry {
  /** Number in this bridge instance's log; grows by one. */
  readonly seq: number;
  readonly channel: string;
  /** Delivery id; empty for notices that are nobody's message. */
  readonly id: string;
  /** Delivery id of the channel's message before it, or null. */
  readonly after: string | null;
  /** When it was said, by the server's clock; for notices ours; milliseconds since 1970. */
  readonly timeMs: number;
  /** The Bayeux message as UTF-8 JSON. */
  readonly bytes: Buffer;
  /** It has its place in the log: what has a greater number there came after it. */
  readonly isLive?: boolean;
}

/** Bounds of the log. Entries that sessions still wait for live on in their queues, which have bounds of their own. */
export interface LogLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** What is known of a channel beside its messages. */
interface Known {
  /** Everything said from then on is kept, or told as a gap. */
  sinceMs: number;
  last: { readonly id: string; readonly timeMs: number; readonly seq: number } | null;
  /** Delivery ids of the messages that are kept. */
  readonly ids: Set<string>;
  /** Number of the newest message that is not kept any more; 0 where all are. */
  lostSeq: number;
}

/** Some servers tell times in whole seconds, above all those of old messages. */
const RESOLUTION_MS = 1_000;

/** @returns the beginning of the second that a time is in */
export function wholeSecond(timeMs: number): number {
  return Math.floor(timeMs / RESOLUTION_MS) * RESOLUTION_MS;
}

/**
 * The recent messages of all channels of one bridge instance, in the order of their arrival.
 *
 * A ring over an array: what falls out at the front is only counted in `#first`, and the array is cut now and then.
 */
export class Log {
  readonly #limits: LogLimits;
  readonly #known = new Map<string, Known>();
  #entries: LogEntry[] = [];
  #first = 0;
  #bytes = 0;
  #seq = 0;
  #appended = 0;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  /** Messages kept. */
  get size(): number {
    return this.#entries.length - this.#first;
  }

  /** The newest number that was given out. */
  get seq(): number {
    return this.#seq;
  }

  /** How many messages were ever kept: while it is the same, so is what is kept. */
  get appended(): number {
    return this.#appended;
  }

  /** We are in a channel, so from now on nothing said there is missed in silence. Where that is known already, nothing changes. */
  begin(channel: string, nowMs: number): void {
    if (!this.#known.has(channel)) this.#known.set(channel, { sinceMs: nowMs, last: null, ids: new Set(), lostSeq: 0 });
  }

  /** Numbers a message and keeps it. @param timeMs see `LogEntry` */
  append(channel: string, id: string, text: string, timeMs: number): LogEntry {
    const after = this.lastId(channel);
    const entry = { seq: ++this.#seq, channel, id, after, timeMs, bytes: Buffer.from(text), isLive: true };
    this.begin(channel, timeMs);
    this.#entries.push(entry);
    this.#appended += 1;
    this.#bytes += entry.bytes.length;
    const known = this.#known.get(channel);
    if (known && id !== "") {
      known.last = { id, timeMs, seq: entry.seq };
      known.ids.add(id);
    }
    this.#trim();
    return entry;
  }

  /** Numbers a message without keeping it: presence is not replayed, and old messages have their place elsewhere. */
  entry(channel: string, id: string, text: string, timeMs = 0, after = this.lastId(channel)): LogEntry {
    return { seq: ++this.#seq, channel, id, after, timeMs, bytes: Buffer.from(text) };
  }

  /** @returns the delivery id of the channel's newest message, or null */
  lastId(channel: string): string | null {
    return this.last(channel)?.id ?? null;
  }

  /** @returns the channel's newest message, kept or not, or null */
  last(channel: string): { readonly id: string; readonly timeMs: number; readonly seq: number } | null {
    return this.#known.get(channel)?.last ?? null;
  }

  /** @returns the delivery id of the channel's oldest message that is kept, or null */
  firstId(channel: string): string | null {
    const [first] = this.#known.get(channel)?.ids ?? [];
    return first ?? null;
  }

  /** @returns the delivery ids of the channel's newest messages, the newest itself last; at most so many */
  recentIds(channel: string, max: number): readonly string[] {
    const known = this.#known.get(channel);
    if (!known) return [];
    const ids = [...known.ids];
    // The newest is known also when the log has no room for it.
    if (ids.length === 0 && known.last) ids.push(known.last.id);
    return ids.slice(-max);
  }

  /** True where the channel's message with this delivery id is kept, or is the newest. */
  has(channel: string, id: string): boolean {
    const known = this.#known.get(channel);
    return known !== undefined && (known.ids.has(id) || known.last?.id === id);
  }

  /** @returns from when on nothing of a channel is missing here, or null where nothing is known of it */
  sinceMs(channel: string): number | null {
    return this.#known.get(channel)?.sinceMs ?? null;
  }

  /** @returns the number of the channel's newest message that is not kept any more; 0 where all are */
  lostSeq(channel: string): number {
    return this.#known.get(channel)?.lostSeq ?? 0;
  }

  /** @returns everything that is kept of a channel, oldest first */
  all(channel: string): LogEntry[] {
    return this.#entries.slice(this.#first).filter((entry) => entry.channel === channel);
  }

  /** @returns everything that is kept of some channels, in the order of its arrival */
  allOf(channels: ReadonlySet<string>): LogEntry[] {
    return this.#entries.slice(this.#first).filter((entry) => channels.has(entry.channel));
  }

  /** @returns what came after the message with this delivery id, or null where that message is not kept */
  after(channel: string, id: string): LogEntry[] | null {
    const entries = this.all(channel);
    const position = entries.findIndex((entry) => entry.id === id);
    return position < 0 ? null : entries.slice(position + 1);
  }

  /**
   * What was said from a time on, to the second, and all that came after that.
   *
   * @returns null where not everything since then is kept
   */
  from(channel: string, timeMs: number): LogEntry[] | null {
    const known = this.#known.get(channel);
    if (!known || timeMs < known.sinceMs) return null;
    const entries = this.all(channel);
    const position = entries.findIndex((entry) => entry.timeMs >= wholeSecond(timeMs));
    return position < 0 ? [] : entries.slice(position);
  }

  /** Forgets channels that were left: what is said there from now on is not seen, so nothing may follow on. */
  forget(channels: ReadonlySet<string>): void {
    for (const channel of channels) this.#known.delete(channel);
    const kept = this.#entries.slice(this.#first).filter((entry) => !channels.has(entry.channel));
    this.#bytes = kept.reduce((sum, entry) => sum + entry.bytes.length, 0);
    this.#entries = kept;
    this.#first = 0;
  }

  #trim(): void {
    while (this.size > this.#limits.maxMessages || this.#bytes > this.#limits.maxBytes) {
      const oldest = this.#entries[this.#first];
      if (oldest === undefined) return;
      this.#bytes -= oldest.bytes.length;
      this.#first += 1;
      this.#forgetEntry(oldest);
    }
    // Cutting the front off costs as much as what is left: once in a while, not every time.
    if (this.#first > 1_024 && this.#first > this.size) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }

  #forgetEntry({ channel, id, timeMs, seq }: LogEntry): void {
    const known = this.#known.get(channel);
    if (!known) return;
    known.ids.delete(id);
    known.lostSeq = seq;
    // Others of its second may be gone as well.
    known.sinceMs = Math.max(known.sinceMs, wholeSecond(timeMs) + RESOLUTION_MS);
  }
}
