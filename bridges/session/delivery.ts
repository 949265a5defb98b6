import type { LogEntry } from "../log/log.ts";
import type { Downlink } from "./downlink.ts";
import type { HeldConnect, Session } from "./session.ts";

const COMMA = Buffer.from(",");
const NOTHING = Buffer.alloc(0);

/** Different answers that are gathered before they are sent. */
const MAX_GROUPS = 16;

/** Held connects that are answered by the same bytes over the same link. */
interface Group {
  readonly downlink: Downlink<Session>;
  readonly isFinal: boolean;
  readonly entries: readonly LogEntry[];
  readonly recipients: number[];
}

/** Joins messages into the inside of a JSON array. */
export function joinEntries(entries: readonly LogEntry[]): Buffer {
  const [first] = entries;
  if (first === undefined) return NOTHING;
  if (entries.length === 1) return first.bytes;
  const parts: Buffer[] = [];
  for (const entry of entries) {
    if (parts.length > 0) parts.push(COMMA);
    parts.push(entry.bytes);
  }
  return Buffer.concat(parts);
}

/** Bounds and timing of delivery. */
export interface DeliveryOptions {
  readonly now: () => number;
  /** Under load, how long messages are gathered. */
  readonly coalesceMs: number;
  /** Bytes of messages in one answer, and how many. */
  readonly maxBatchBytes: number;
  readonly maxBatchMessages: number;
  /** What is owed to a session changed: it can, or can no longer, be written to directly. */
  readonly onDirectChange: (session: Session) => void;
  /** A held connect was answered; the session's time runs. */
  readonly onReleased: (session: Session) => void;
}

/**
 * Gets waiting messages out: gathers them for held connects, and writes them to sockets that caught up.
 *
 * The first message after a pause leaves in the same tick's end; while flushes follow each other closely, messages
 * gather for a few milliseconds, so that one answer carries many.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  #waiting = new Set<Session>();
  #lastFlushMs = 0;
  /** Takes back the flush that is planned, if one is. */
  #cancel: (() => void) | null = null;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Something was queued for a session: it leaves as soon as there is a way for it. */
  schedule(session: Session): void {
    if (!this.#canFlush(session)) return;
    this.#waiting.add(session);
    if (this.#cancel) return;
    const flush = () => {
      this.#cancel = null;
      this.flush();
    };
    if (this.#options.now() - this.#lastFlushMs > this.#options.coalesceMs) {
      const immediate = setImmediate(flush);
      this.#cancel = () => clearImmediate(immediate);
    } else {
      const timeout = setTimeout(flush, this.#options.coalesceMs);
      this.#cancel = () => clearTimeout(timeout);
    }
  }

  /** Sends what waits now. */
  flush(): void {
    const sessions = this.#waiting;
    this.#waiting = new Set();
    this.#lastFlushMs = this.#options.now();
    const groups = new Map<string, Group>();
    for (const session of sessions) {
      if (session.hasEnded || !this.#canFlush(session)) continue;
      const { held } = session;
      if (session.socket && !session.isAck) this.drain(session);
      else if (held) this.#gather(groups, session, held);
      // Only what was sent can tell that a link is full, and that the rest has to wait.
      if (groups.size >= MAX_GROUPS) sendAll(groups);
    }
    sendAll(groups);
  }

  /** Writes all that waits to the session's socket, batch by batch, until its link is full. */
  drain(session: Session): void {
    const { socket } = session;
    while (socket && session.queue.length > 0 && !session.isPaused && !socket.downlink.isBlocked) {
      const entries = this.#take(session);
      const seq = reachedBy(session, entries);
      for (const entry of entries) socket.downlink.notes?.said(entry);
      const recipients = Uint32Array.of(socket.connection);
      socket.downlink.send({ type: "deliver", seq, recipients, payload: joinEntries(entries) });
    }
    this.#options.onDirectChange(session);
  }

  /** Answers held connects without messages, because their time is over. */
  releaseEmpty(sessions: readonly Session[]): void {
    const groups = new Map<string, Group>();
    for (const session of sessions) {
      if (session.held) this.#gather(groups, session, session.held, []);
    }
    sendAll(groups);
  }

  /**
   * The session goes on at another bridge. What waits leaves as far as it can, so that its browser asks again, and is
   * answered there.
   */
  letGo(session: Session): void {
    const { socket, held } = session;
    if (socket && !session.isAck && !session.isPaused) this.drain(session);
    session.held = null;
    session.socket = null;
    if (socket?.isEventSource) socket.downlink.sendAway(socket.connection);
    else if (held) {
      const { downlink, connection } = held;
      downlink.unbind(connection);
      const entries = downlink.isBlocked || session.isPaused ? [] : this.#take(session);
      downlink.notes?.reached(connection, session);
      sendRelease({ downlink, isFinal: true, entries, recipients: [connection] });
    } else socket?.downlink.dismiss(socket.connection);
    session.isPaused = false;
    this.#options.onDirectChange(session);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#waiting.clear();
  }

  #take(session: Session): readonly LogEntry[] {
    return session.take(this.#options.maxBatchBytes, this.#options.maxBatchMessages);
  }

  #canFlush(session: Session): boolean {
    if (session.socket && !session.isAck) return !session.isPaused && !session.socket.downlink.isBlocked;
    return session.held !== null && !session.held.downlink.isBlocked && !session.isPaused;
  }

  #gather(groups: Map<string, Group>, session: Session, held: HeldConnect, entries = this.#take(session)): void {
    const { downlink, connection, isSocket } = held;
    session.held = null;
    if (!isSocket) downlink.unbind(connection);
    this.#options.onReleased(session);
    downlink.notes?.reached(connection, session);
    const key = `${downlink.index} ${isSocket} ${entries[0]?.seq ?? 0} ${entries.at(-1)?.seq ?? 0} ${entries.length}`;
    const group = groups.get(key);
    if (group && isSame(group.entries, entries)) group.recipients.push(connection);
    else if (group) sendRelease({ downlink, isFinal: !isSocket, entries, recipients: [connection] });
    else groups.set(key, { downlink, isFinal: !isSocket, entries, recipients: [connection] });
  }
}

function sendAll(groups: Map<string, Group>): void {
  for (const group of groups.values()) sendRelease(group);
  groups.clear();
}

function sendRelease({ downlink, isFinal, entries, recipients }: Group): void {
  for (const entry of entries) downlink.notes?.said(entry);
  downlink.send({ type: "release", isFinal, recipients: Uint32Array.from(recipients), payload: joinEntries(entries) });
}

/** @returns up to which number a session has everything, when it has these and nothing that waits still */
function reachedBy({ queue }: Session, entries: readonly LogEntry[]): number {
  const sent = entries.reduce((highest, { seq }) => Math.max(highest, seq), 0);
  return queue.reduce((lowest, { seq, isLive }) => (isLive === true ? Math.min(lowest, seq - 1) : lowest), sent);
}

function isSame(some: readonly LogEntry[], others: readonly LogEntry[]): boolean {
  return some.length === others.length && some.every((entry, index) => entry === others[index]);
}
