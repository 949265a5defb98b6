import { isPattern } from "../../bayeux/index.ts";
import { type Reached, ticketsPayload, type TicketNote } from "../../link/index.ts";
import type { Log, LogEntry } from "../log/log.ts";
import type { Downlink } from "../session/downlink.ts";
import type { Session } from "../session/session.ts";
import type { EndReason } from "../session/sessions.ts";
import { LinkNotes } from "./link-notes.ts";
import { type Start, ticketText } from "./ticket.ts";

/** What giving tickets needs. */
export interface TicketsOptions {
  readonly messages: Log;
  readonly now: () => number;
  /** Names of the channels whose messages a session gets. */
  readonly heardBy: (session: Session) => Iterable<string>;
  /** How long a session may be silent, at most, a held connect included. */
  readonly keepMs: number;
}

/** What dispatchers have of a session. */
interface Given {
  version: number;
  text: string | null;
  starts: Map<string, Start>;
  /** Who has which version, and when the session was there last. */
  readonly at: Map<Downlink<Session>, At>;
}

interface At {
  readonly version: number;
  /** How many dispatchers had gone when it was given. */
  readonly losses: number;
  usedMs: number;
}

/** What is to be told to one dispatcher. */
interface Due {
  readonly sessions: Set<Session>;
  readonly ended: string[];
}

/** Tickets leave in frames of about so many bytes. */
const FRAME_BYTES = 262_144;

/**
 * Gives dispatchers what sessions can be rebuilt from: to those where a session is or was served, on its way there and at
 * each change. What comes together leaves together.
 */
export class Tickets {
  readonly #options: TicketsOptions;
  readonly #given = new WeakMap<Session, Given>();
  #due = new Map<Downlink<Session>, Due>();
  #isDue = false;
  /** What a dispatcher alone knew is gone with it: the others are told anew where sessions are. */
  #losses = 0;
  /** False: nobody could go on with the sessions, so nobody is told of them. */
  isOn = false;

  constructor(options: TicketsOptions) {
    this.#options = options;
  }

  /** @returns what a dispatcher has to be told before messages leave for it */
  readonly notesFor = (downlink: () => Downlink<Session>): LinkNotes | null => {
    return this.isOn
      ? new LinkNotes(
          (session) => this.reachOf(session),
          (session) => this.#seen(session, downlink()),
        )
      : null;
  };

  /** How far a session is, by what has been sent to it. */
  reachOf({ batch, queue, unacknowledged }: Session): Reached {
    const after = before(queue) ?? this.#options.messages.seq;
    return { batch, after, before: before(unacknowledged) ?? after };
  }

  /** A session has subscribed to a channel or pattern, or does no longer. */
  changed(session: Session, name: string): void {
    if (!this.isOn) return;
    const { messages, now } = this.#options;
    const given = this.#of(session);
    given.version = this.#newer(given.version);
    given.text = null;
    if (!session.subscriptions.has(name)) given.starts.delete(name);
    else given.starts.set(name, { ...lastOf(messages, name), timeMs: now() });
    for (const downlink of new Set([session.socket?.downlink, session.held?.downlink])) {
      if (downlink) this.#seen(session, downlink);
    }
  }

  /** A dispatcher has gone. */
  lost(downlink: Downlink<Session>): void {
    this.#losses += 1;
    this.#due.delete(downlink);
  }

  /** The session comes from another bridge. @param starts how far it is in all that it hears */
  adopted(session: Session, version: number, starts: ReadonlyMap<string, Start>): void {
    this.#given.set(session, { version: this.#newer(version), text: null, starts: new Map(starts), at: new Map() });
  }

  /** What is not over, but goes on elsewhere, may need its ticket there. */
  ended(session: Session, reason: EndReason): void {
    const given = this.#given.get(session);
    this.#given.delete(session);
    if (!given || reason === "moved" || reason === "handed over") return;
    for (const downlink of given.at.keys()) this.#dueAt(downlink).ended.push(session.clientId);
  }

  /** Sends what is due. It is called by itself soon after something is. */
  flush(): void {
    const due = this.#due;
    this.#due = new Map();
    this.#isDue = false;
    for (const [downlink, { sessions, ended }] of due) {
      if (downlink.isDown) continue;
      let kept: TicketNote[] = [];
      let bytes = 0;
      for (const session of sessions) {
        const note = session.hasEnded ? null : this.#note(session, downlink);
        if (!note) continue;
        kept.push(note);
        bytes += note.ticket.length;
        if (bytes < FRAME_BYTES) continue;
        downlink.send({ type: "tickets", payload: ticketsPayload({ kept, ended: [] }) });
        kept = [];
        bytes = 0;
      }
      if (kept.length + ended.length === 0) continue;
      downlink.send({ type: "tickets", payload: ticketsPayload({ kept, ended }) });
    }
  }

  /** The session is served there. */
  #seen(session: Session, downlink: Downlink<Session>): void {
    const given = this.#of(session);
    const nowMs = this.#options.now();
    const there = given.at.get(downlink);
    // Dispatchers forget what is not used.
    const isNew = there?.version === given.version && there.losses === this.#losses;
    const isThere = isNew && nowMs - there.usedMs < this.#options.keepMs / 2;
    if (there) there.usedMs = nowMs;
    if (!isThere) this.#dueAt(downlink).sessions.add(session);
  }

  #note(session: Session, downlink: Downlink<Session>): TicketNote | null {
    const given = this.#of(session);
    // A full link has to be drained first; whoever is served by it then is thought of again.
    if (downlink.isBlocked) {
      given.at.delete(downlink);
      return null;
    }
    const { version } = given;
    const isFresh = this.#refresh(session, given);
    given.text ??= ticketText(session, given.starts);
    this.#forgetOld(given);
    const { keepMs, now } = this.#options;
    given.at.set(downlink, { version, losses: isFresh ? this.#losses : -1, usedMs: now() });
    return { clientId: session.clientId, version, keepMs, ticket: given.text, ...this.#sent(session) };
  }

  /** Notes where the session is now, where nothing is on its way to it. @returns false where something is */
  #refresh(session: Session, given: Given): boolean {
    if (session.queue.length + session.unacknowledged.length > 0) return false;
    const { messages, heardBy, now } = this.#options;
    for (const name of heardBy(session)) {
      const known = given.starts.get(name);
      const newest = lastOf(messages, name);
      if (newest.last === null || newest.last === known?.last) continue;
      given.starts.set(name, { ...newest, timeMs: known?.timeMs ?? now() });
      given.text = null;
    }
    return true;
  }

  /** The number in the reply of a connect that is held has not been sent. */
  #sent(session: Session): Reached {
    const reached = this.reachOf(session);
    return session.isAck && session.held ? { ...reached, batch: reached.batch - 1 } : reached;
  }

  #forgetOld({ at }: Given): void {
    for (const downlink of at.keys()) if (downlink.isDown) at.delete(downlink);
  }

  #of(session: Session): Given {
    const known = this.#given.get(session);
    if (known) return known;
    const given = { version: this.#newer(0), text: null, starts: new Map<string, Start>(), at: new Map() };
    this.#given.set(session, given);
    return given;
  }

  /** Bridges count on from each other's numbers without asking, so it is the time. */
  #newer(version: number): number {
    return Math.max(version + 1, Math.floor(this.#options.now()));
  }

  #dueAt(downlink: Downlink<Session>): Due {
    const due = this.#due.get(downlink) ?? { sessions: new Set<Session>(), ended: [] };
    this.#due.set(downlink, due);
    if (!this.#isDue) queueMicrotask(() => this.flush());
    this.#isDue = true;
    return due;
  }
}

function lastOf(messages: Log, channel: string): Pick<Start, "last" | "seq"> {
  const newest = isPattern(channel) ? null : messages.last(channel);
  return { last: newest?.id ?? null, seq: newest?.seq ?? 0 };
}

/** @returns the number before the lowest of those that were said here; null where none was */
function before(entries: readonly LogEntry[]): number | null {
  let lowest = Number.POSITIVE_INFINITY;
  for (const { seq, isLive } of entries) if (isLive === true && seq < lowest) lowest = seq;
  return lowest === Number.POSITIVE_INFINITY ? null : lowest - 1;
}
