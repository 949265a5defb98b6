import { routeOf } from "../bayeux/index.ts";
import type { FaultCounter, Reached, SaidNote, SurrenderedChannel, SurrenderedTicket } from "../link/index.ts";
import type { TicketNote, TicketsContent } from "../link/index.ts";
import { RecentMessages } from "./recent-messages.ts";

/** What keeping tickets needs to know and to use. */
export interface TicketsOptions {
  readonly maxBytes: number;
  /** Milliseconds, from any beginning. */
  readonly now: () => number;
  readonly faults: FaultCounter;
}

/** Whether a bridge may still say something about a route's sessions. */
export type MaySpeak = (instance: string, route: number) => boolean;

interface Ticket {
  readonly clientId: string;
  readonly route: number;
  /** Of the bridge that gave it: whose numbers these are. */
  readonly instance: string;
  readonly version: number;
  readonly text: string;
  readonly keepMs: number;
  readonly bytes: number;
  batch: number;
  before: number;
  after: number;
  untilMs: number;
}

const SWEEP_MS = 1_000;
/** What a ticket takes beside its text, about. */
const OWN_BYTES = 256;
/** How long what a bridge said is kept when its link is gone: for as long as somebody may want to take over. */
const KEEP_SAID_MS = 120_000;

/**
 * What sessions can be rebuilt from when their bridge has died: their tickets, how far each is, and which messages that
 * means. A cache: those that were heard of longest ago go first, by time and where there are too many.
 */
export class Tickets {
  readonly #options: TicketsOptions;
  /** The one that was heard of longest ago first. */
  readonly #tickets = new Map<string, Ticket>();
  readonly #said = new Map<string, { readonly recent: RecentMessages; goneMs: number | null }>();
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;

  constructor(options: TicketsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  get size(): number {
    return this.#tickets.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(clientId: string): boolean {
    return this.#tickets.has(clientId);
  }

  /** A bridge gives tickets, and takes back those of sessions that have ended. */
  take(instance: string, { kept, ended }: TicketsContent, maySpeak: MaySpeak): void {
    for (const clientId of ended) {
      const ticket = this.#tickets.get(clientId);
      if (ticket?.instance === instance && maySpeak(instance, ticket.route)) this.#forget(clientId);
    }
    for (const note of kept) {
      const route = routeOf(note.clientId);
      if (route !== null && maySpeak(instance, route)) this.#keep(instance, route, note);
    }
  }

  /** What a session is being sent now brings it here. */
  reached(instance: string, clientId: string, { batch, before, after }: Reached): void {
    const ticket = this.#tickets.get(clientId);
    if (ticket?.instance !== instance || batch < ticket.batch) return;
    ticket.batch = batch;
    // Where there are no batches, more may have been written meanwhile.
    ticket.before = batch === 0 ? Math.max(ticket.before, before) : before;
    ticket.after = Math.max(ticket.after, after);
  }

  /** A socket was written all its messages up to this one. */
  wrote(instance: string, clientId: string, seq: number): void {
    const ticket = this.#tickets.get(clientId);
    if (ticket?.instance === instance) ticket.after = Math.max(ticket.after, seq);
  }

  /** The session was heard of: its time starts anew. */
  touch(clientId: string): void {
    const ticket = this.#tickets.get(clientId);
    if (!ticket) return;
    ticket.untilMs = this.#options.now() + ticket.keepMs;
    this.#tickets.delete(clientId);
    this.#tickets.set(clientId, ticket);
  }

  said(instance: string, notes: readonly SaidNote[]): void {
    const { recent } = this.#saidBy(instance);
    for (const note of notes) recent.add(note);
  }

  up(instance: string): void {
    this.#saidBy(instance).goneMs = null;
  }

  down(instance: string): void {
    this.#saidBy(instance).goneMs = this.#options.now();
  }

  /** @returns what there is of the sessions of these routes. They are kept: who asks may die as well */
  of(routes: ReadonlySet<number>): { tickets: SurrenderedTicket[]; channels: SurrenderedChannel[] } {
    const tickets: SurrenderedTicket[] = [];
    for (const { route, clientId, version, instance, batch, before, after, text } of this.#tickets.values()) {
      if (routes.has(route)) tickets.push({ clientId, version, instance, batch, before, after, ticket: text });
    }
    const instances = new Set(tickets.map(({ instance }) => instance));
    const channels = [...instances].flatMap((one) => this.#said.get(one)?.recent.surrender(one) ?? []);
    return { tickets, channels };
  }

  /** The timer calls it; tests may. */
  sweep(): void {
    const nowMs = this.#options.now();
    for (const { clientId, untilMs } of this.#tickets.values()) {
      if (untilMs > nowMs) break;
      this.#forget(clientId);
    }
    for (const [instance, { goneMs }] of this.#said) {
      if (goneMs !== null && nowMs - goneMs >= KEEP_SAID_MS) this.#said.delete(instance);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#tickets.clear();
    this.#said.clear();
    this.#bytes = 0;
  }

  #keep(instance: string, route: number, note: TicketNote): void {
    const { clientId, version, keepMs, ticket: text } = note;
    const known = this.#tickets.get(clientId);
    const isSame = known?.instance === instance;
    if (isSame && known.version > version) return;
    this.#forget(clientId);
    // What was written since the bridge wrote this is known here alone.
    const batch = isSame ? Math.max(known.batch, note.batch) : note.batch;
    const before = isSame && known.batch > note.batch ? known.before : note.before;
    const after = isSame ? Math.max(known.after, note.after) : note.after;
    const bytes = OWN_BYTES + 2 * text.length;
    const untilMs = this.#options.now() + keepMs;
    this.#tickets.set(clientId, {
      clientId,
      route,
      instance,
      version,
      text,
      keepMs,
      bytes,
      batch,
      before,
      after,
      untilMs,
    });
    this.#bytes += bytes;
    if (this.#bytes > this.#options.maxBytes) this.#makeRoom();
  }

  #makeRoom(): void {
    const { maxBytes, faults } = this.#options;
    for (const clientId of this.#tickets.keys()) {
      if (this.#bytes <= maxBytes) return;
      this.#forget(clientId);
      faults.count("tickets.full", "a session's ticket forgotten, there are too many", { maxTicketBytes: maxBytes });
    }
  }

  #forget(clientId: string): void {
    const ticket = this.#tickets.get(clientId);
    if (!ticket) return;
    this.#tickets.delete(clientId);
    this.#bytes -= ticket.bytes;
  }

  #saidBy(instance: string): { readonly recent: RecentMessages; goneMs: number | null } {
    const known = this.#said.get(instance) ?? { recent: new RecentMessages(), goneMs: null };
    this.#said.set(instance, known);
    return known;
  }
}
