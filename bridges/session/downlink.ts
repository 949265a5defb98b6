import type { BridgeFrame, Link, RequestContext } from "../../link/index.ts";
import type { LogEntry } from "../log/log.ts";

/** A request that is being served; its number stays taken until it is answered. */
export interface Exchange<S> {
  readonly downlink: Downlink<S>;
  readonly connection: number;
  readonly isSocket: boolean;
  readonly mayHold: boolean;
  readonly context: RequestContext;
  /** The browser went away meanwhile: the answer is dropped, and the number freed. */
  isClosed: boolean;
}

/** What a dispatcher has to know before messages leave for it, where another bridge may have to go on with their sessions. */
export interface Notes<S> {
  /** There is something to send. */
  readonly isDue: boolean;
  /** The session is served there. */
  seen(session: S): void;
  /** A message is about to leave. */
  said(entry: LogEntry): void;
  /** What comes next on a connection brings its session to where it is now. */
  reached(connection: number, session: S): void;
  /** @returns what has to be sent before anything else */
  take(): readonly BridgeFrame[];
}

/** One dispatcher, seen from the bridge: its link, and what its connection numbers mean to us. `S` is a session. */
export class Downlink<S> {
  readonly link: Link;
  /** Tells links apart, cheaply. */
  readonly index: number;
  /** The link's queue is full: sessions behind it wait in their own queues. */
  isBlocked = false;
  isDown = false;
  /** Null where nobody could go on. */
  readonly notes: Notes<S> | null;
  readonly #sessions = new Map<number, S>();
  readonly #exchanges = new Map<number, Exchange<S>[]>();

  readonly #onBlocked: (downlink: Downlink<S>) => void;

  /** @param onBlocked told once when the link's queue becomes full */
  constructor(
    link: Link,
    index: number,
    onBlocked: (downlink: Downlink<S>) => void,
    notes: (downlink: () => Downlink<S>) => Notes<S> | null = () => null,
  ) {
    this.link = link;
    this.index = index;
    this.notes = notes(() => this);
    this.#onBlocked = onBlocked;
  }

  /** Sends a frame; what a full link means to the sessions behind it is seen to. */
  send(frame: BridgeFrame): void {
    if (this.notes?.isDue === true) for (const note of this.notes.take()) this.link.send(note);
    if (this.isDown || this.link.send(frame) || this.isBlocked) return;
    this.isBlocked = true;
    this.#onBlocked(this);
  }

  /** Requests being served. */
  get exchanges(): number {
    return this.#exchanges.size;
  }

  /** Numbers that mean a session. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** Sessions that are attached or held here; one may be there twice. */
  get sessions(): Iterable<S> {
    return this.#sessions.values();
  }

  sessionAt(connection: number): S | undefined {
    return this.#sessions.get(connection);
  }

  /** Remembers whose connection this is: a held poll, or a socket. */
  bind(connection: number, session: S): void {
    this.#sessions.set(connection, session);
  }

  unbind(connection: number): void {
    this.#sessions.delete(connection);
  }

  begin(connection: number, isSocket: boolean, mayHold: boolean, context: RequestContext): Exchange<S> {
    const exchange = { downlink: this, connection, isSocket, mayHold, context, isClosed: false };
    const others = this.#exchanges.get(connection);
    if (others) others.push(exchange);
    else this.#exchanges.set(connection, [exchange]);
    return exchange;
  }

  /** Answers a request with ready messages, unless the browser went away meanwhile. */
  answer(exchange: Exchange<S>, payload: Buffer): void {
    if (!exchange.isClosed) {
      const { connection } = exchange;
      const isFinal = !exchange.isSocket || !this.#sessions.has(connection);
      this.send({ type: "answer", connection, isFinal, payload });
    }
    this.finish(exchange);
  }

  /**
   * Ends a socket that nobody asked about. An `answer` could be taken for that of a request which is on its way here,
   * and its number be given to somebody else before that request arrives; a `release` cannot.
   */
  dismiss(connection: number): void {
    this.#sessions.delete(connection);
    this.send({ type: "release", isFinal: true, recipients: Uint32Array.of(connection), payload: Buffer.alloc(0) });
  }

  /** A stream's session goes on at another bridge: its dispatcher attaches it there. */
  sendAway(connection: number): void {
    this.#sessions.delete(connection);
    this.send({ type: "refused", connection });
  }

  /** The request needs no answer any more: it was answered, or is held. */
  finish(exchange: Exchange<S>): void {
    const { connection } = exchange;
    const others = this.#exchanges.get(connection)?.filter((other) => other !== exchange) ?? [];
    if (others.length > 0) this.#exchanges.set(connection, others);
    else this.#exchanges.delete(connection);
    if (exchange.isClosed && others.length === 0) this.#free(connection);
  }

  /** The browser's side is gone: the number is free when nothing that is being served can use it any more. */
  close(connection: number): void {
    this.#sessions.delete(connection);
    const open = this.#exchanges.get(connection);
    for (const exchange of open ?? []) exchange.isClosed = true;
    if (!open) this.#free(connection);
  }

  /** The link is gone, and its numbers with it. */
  down(): void {
    this.isDown = true;
    this.#sessions.clear();
    this.#exchanges.clear();
  }

  #free(connection: number): void {
    this.send({ type: "freed", connection });
  }
}
