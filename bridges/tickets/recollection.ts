import { isPattern, matches } from "../../bayeux/index.ts";
import type { Reached, SurrenderContent, SurrenderedChannel, SurrenderedTicket } from "../../link/index.ts";
import { type ChannelPosition, MAX_RECENT_IDS } from "../session/snapshot.ts";
import type { SessionTicket, Start } from "./ticket.ts";

/** How far a session is in one channel, and what it has been sent without having confirmed it. */
export interface Whereabouts {
  /** What it surely has. */
  readonly position: ChannelPosition;
  /** What it was sent, its last batch too. */
  readonly sent: ChannelPosition;
  /** Delivery ids of what was in that batch. */
  readonly unconfirmed: readonly string[];
  /** Since when it hears the channel, milliseconds since 1970. */
  readonly sinceMs: number;
  /** False: what it has is no longer known. */
  readonly isKnown: boolean;
}

/** One channel at the bridge that died, as the dispatchers know it together. */
interface Told {
  readonly seqs: number[];
  readonly ids: string[];
  /** Before this one some may be unknown. */
  knownFrom: number;
}

/** What dispatchers have handed over: the newest of each session, and what its numbers mean. */
export class Recollection {
  readonly #tickets = new Map<string, SurrenderedTicket>();
  readonly #told = new Map<string, Map<string, Told>>();
  /** Sessions that are equally far share what says so. */
  readonly #positions = new Map<string, ChannelPosition>();

  get tickets(): Iterable<SurrenderedTicket> {
    return this.#tickets.values();
  }

  add({ tickets, channels }: Pick<SurrenderContent, "tickets" | "channels">): void {
    for (const ticket of tickets) this.#addTicket(ticket);
    for (const channel of channels) this.#addChannel(channel);
  }

  /** @returns where a session is in each channel that it hears, as far as that can be told from names */
  whereabouts(session: SessionTicket, { instance, before, after }: Reached & { instance: string }): Whereabouts[] {
    const told = this.#told.get(instance);
    const patterns = session.subscriptions.filter(isPattern);
    const names = new Set(session.subscriptions.filter((name) => !isPattern(name)));
    if (patterns.length > 0) {
      const isHeard = (channel: string) => patterns.some((pattern) => matches(pattern, channel));
      for (const channel of [...(told?.keys() ?? []), ...session.starts.keys()])
        if (isHeard(channel)) names.add(channel);
    }
    const { isAck, starts } = session;
    return [...names].map((channel) => {
      const pattern = patterns.find((one) => matches(one, channel));
      const start = starts.get(channel) ?? starts.get(pattern ?? "") ?? { last: null, seq: 0, timeMs: 0 };
      const sure = Math.max(isAck ? before : after, start.seq);
      const position = this.#position(instance, channel, sure, start);
      const sent = this.#position(instance, channel, Math.max(after, start.seq), start);
      const unconfirmed = isAck ? this.#between(told?.get(channel), sure, after) : [];
      const isKnown = (told?.get(channel)?.knownFrom ?? 0) <= sure;
      return { position, sent, unconfirmed, sinceMs: start.timeMs, isKnown };
    });
  }

  #addTicket(ticket: SurrenderedTicket): void {
    const known = this.#tickets.get(ticket.clientId);
    if (!known || known.version < ticket.version) this.#tickets.set(ticket.clientId, merged(ticket, known));
    else this.#tickets.set(ticket.clientId, merged(known, ticket));
  }

  #addChannel({ instance, channel, seqs, ids, isCut }: SurrenderedChannel): void {
    const channels = this.#told.get(instance) ?? new Map<string, Told>();
    this.#told.set(instance, channels);
    const told = channels.get(channel) ?? { seqs: [], ids: [], knownFrom: 0 };
    const all = new Map(told.seqs.map((seq, index) => [seq, told.ids[index] ?? ""]));
    seqs.forEach((seq, index) => all.set(seq, ids[index] ?? ""));
    const sorted = [...all].sort(([one], [other]) => one - other);
    const knownFrom = isCut ? Math.max(told.knownFrom, seqs[0] ?? 0) : told.knownFrom;
    channels.set(channel, { seqs: sorted.map(([seq]) => seq), ids: sorted.map(([, id]) => id), knownFrom });
    this.#positions.clear();
  }

  #position(instance: string, channel: string, upTo: number, start: Start): ChannelPosition {
    const told = this.#told.get(instance)?.get(channel);
    const count = told ? countUpTo(told.seqs, upTo) : 0;
    // What another dispatcher alone was told may be gone with it.
    const isNewest = (told?.seqs[count - 1] ?? 0) >= Math.max(start.seq, 1);
    const key = JSON.stringify([instance, channel, count, isNewest ? "" : start.last]);
    const known = this.#positions.get(key);
    if (known) return known;
    const recent = told?.ids.slice(Math.max(0, count - MAX_RECENT_IDS), count) ?? [];
    const position = { channel, last: isNewest ? (recent.at(-1) ?? null) : start.last, recent };
    this.#positions.set(key, position);
    return position;
  }

  #between(told: Told | undefined, before: number, after: number): string[] {
    return told?.ids.slice(countUpTo(told.seqs, before), countUpTo(told.seqs, after)) ?? [];
  }
}

/** The newer of two, with how far the session has come by either of them. */
function merged(newer: SurrenderedTicket, older: SurrenderedTicket | undefined): SurrenderedTicket {
  if (older?.instance !== newer.instance) return newer;
  const { before } = older.batch > newer.batch ? older : newer;
  return {
    ...newer,
    before,
    batch: Math.max(newer.batch, older.batch),
    after: Math.max(newer.after, older.after),
  };
}

function countUpTo(seqs: readonly number[], seq: number): number {
  let [low, high] = [0, seqs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((seqs[middle] ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
