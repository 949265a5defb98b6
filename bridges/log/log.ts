/** One message as it goes to sessions: serialized once. */
export interface LogEntry {
  /** Number in this bridge instance's log; grows by one. */
  readonly seq: number;
  readonly channel: string;
  /** Delivery id; empty for notices that are nobody's message. */
  readonly id: string;
  /** Delivery id of the channel's message before it, or null. */
  readonly after: string | null;
  /** The Bayeux message as UTF-8 JSON. */
  readonly bytes: Buffer;
}

/** Bounds of the log. Entries that sessions still wait for live on in their queues, which have bounds of their own. */
export interface LogLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/**
 * The recent messages of all channels of one bridge instance, in the order of their arrival.
 *
 * A ring over an array: what falls out at the front is only counted in `#first`, and the array is cut now and then.
 */
export class Log {
  readonly #limits: LogLimits;
  readonly #lastIds = new Map<string, string>();
  #entries: LogEntry[] = [];
  #first = 0;
  #bytes = 0;
  #seq = 0;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  /** Messages kept. */
  get size(): number {
    return this.#entries.length - this.#first;
  }

  /** Numbers a message and keeps it. */
  append(channel: string, id: string, text: string): LogEntry {
    const entry = this.entry(channel, id, text);
    this.#entries.push(entry);
    this.#bytes += entry.bytes.length;
    if (id !== "") this.#lastIds.set(channel, id);
    this.#trim();
    return entry;
  }

  /** Numbers a message without keeping it: snapshots and changes of presence are not replayed. */
  entry(channel: string, id: string, text: string): LogEntry {
    return { seq: ++this.#seq, channel, id, after: this.lastId(channel), bytes: Buffer.from(text) };
  }

  /** @returns the delivery id of the channel's newest message, or null */
  lastId(channel: string): string | null {
    return this.#lastIds.get(channel) ?? null;
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

  /** Forgets channels that were left: what is said there from now on is not seen, so nothing may follow on. */
  forget(channels: ReadonlySet<string>): void {
    for (const channel of channels) this.#lastIds.delete(channel);
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
    }
    // Cutting the front off costs as much as what is left: once in a while, not every time.
    if (this.#first > 1_024 && this.#first > this.size) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}
