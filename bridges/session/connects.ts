import { BayeuxError, errorReply, HANDSHAKE_ADVICE, successReply } from "../../bayeux/index.ts";
import type { Advice, Connect } from "../../bayeux/index.ts";
import { timesyncReply } from "../timesync.ts";
import type { Timesync } from "../timesync.ts";
import { joinEntries } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import type { Exchange } from "./downlink.ts";
import { HeldPolls } from "./held-polls.ts";
import { FIRST_RESTART_TOKEN, type Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";

/** What the handling of connects needs. */
export interface ConnectsOptions {
  readonly now: () => number;
  readonly sessions: Sessions;
  readonly delivery: Delivery;
  readonly connectTimeoutMs: number;
  /** Polls that are held for the tabs of one browser; 0 = any number. */
  readonly maxHeldPerBrowser: number;
  /** How long the others wait between theirs. */
  readonly multipleClientsIntervalMs: number;
  readonly connectionTypes: readonly string[];
  /** Bytes of messages in one answer, and how many. */
  readonly maxBatchBytes: number;
  readonly maxBatchMessages: number;
  readonly onDirectChange: (session: Session) => void;
}

/**
 * Bayeux §4.2, `/meta/connect`: attaches a session to the connection that this connect came over, answers it with
 * what waits, or holds it until something does.
 */
export class Connects {
  readonly #options: ConnectsOptions;
  readonly #heldPolls: HeldPolls;

  constructor(options: ConnectsOptions) {
    this.#options = options;
    this.#heldPolls = new HeldPolls(options.maxHeldPerBrowser);
  }

  /**
   * Serves one connect.
   *
   * @returns the messages to answer with, or null when the connect is held (and the exchange is finished)
   */
  serve(exchange: Exchange<Session>, request: Connect): Buffer | null {
    const { sessions, delivery } = this.#options;
    const session = sessions.find(request.clientId, exchange.context);
    if (!session) return Buffer.from(unknownSession(request));
    if (!this.#options.connectionTypes.includes(request.connectionType)) {
      return Buffer.from(
        errorReply(request, new BayeuxError("noCommonTransport", [request.connectionType]), { advice: this.advice }),
      );
    }
    if (isBesideStream(session, exchange, request)) return this.#answerBeside(session, request);
    if (session.isAck && exchange.isSocket && isEventSource(request)) return Buffer.from(refusedStream(request));
    if (session.isRebuilt && isAhead(session, request)) {
      sessions.end(session, "moved");
      return Buffer.from(unknownSession(request));
    }
    session.isRebuilt = false;
    if (isLate(session, request)) return Buffer.from(lateReply(session, request));
    session.lastConnectId = request.id;
    if (session.isAck) session.acknowledge(readAck(request));
    this.#supersede(session, exchange);
    this.#attach(session, exchange, isEventSource(request));
    sessions.touch(session);

    const isFirst = !session.hasConnected;
    session.hasConnected = true;
    exchange.downlink.notes?.seen(session);
    const isSocketPush = session.socket !== null && !session.isAck;
    if (isSocketPush) delivery.drain(session);
    const timeoutMs = Math.min(request.timeoutMs ?? this.#options.connectTimeoutMs, this.#options.connectTimeoutMs);
    // What a full link would have to keep for us waits in the session instead.
    const canTake = !isSocketPush && !exchange.downlink.isBlocked;
    const hasMessages = session.queue.length > 0 && canTake;
    // Rule 21: neither the first connect nor one with company is held. Rule 20: a timeout of 0 asks for an answer now.
    if (isFirst || !exchange.mayHold || timeoutMs === 0 || hasMessages) {
      return this.#answerNow(session, exchange, request, canTake);
    }
    if (!exchange.isSocket && !this.#heldPolls.mayHold(exchange.context)) {
      return this.#answerNow(session, exchange, request, canTake, this.#multipleAdvice);
    }
    this.#hold(session, exchange, request, timeoutMs);
    return null;
  }

  /** Answers a connect that a later one of its own batch supersedes: rule 19, without messages. */
  serveSuperseded(exchange: Exchange<Session>, request: Connect): Buffer {
    const session = this.#options.sessions.find(request.clientId, exchange.context);
    return Buffer.from(session ? successReply(request, { clientId: session.clientId }) : unknownSession(request));
  }

  /** What a client is told in handshakes and first connects. */
  get advice(): Advice {
    return { reconnect: "retry", interval: 0, timeout: this.#options.connectTimeoutMs };
  }

  /** Rule 34: the stream has the messages and stays where it is; the browser is told to say again later that it lives. */
  #answerBeside(session: Session, request: Connect): Buffer {
    const { sessions, connectTimeoutMs } = this.#options;
    session.hasConnected = true;
    sessions.touch(session);
    // Not a timeout of 0, though nothing is held: faye.js also waits that long for any answer, and for 0 only as long as
    // it waits between two attempts; what takes longer it sends again, publishes too.
    const advice = isEventSource(request) ? { ...this.advice, interval: connectTimeoutMs } : this.advice;
    return Buffer.from(successReply(request, { clientId: session.clientId, advice }));
  }

  /** Rule 19: a newer connect ends the older, which is answered, not left hanging. */
  #supersede(session: Session, { downlink, connection }: Exchange<Session>): void {
    const { held } = session;
    if (!held) return;
    const isElsewhere = held.downlink !== downlink || held.connection !== connection;
    // The end of a socket answers what is held there. A stream that were answered first would take the session back.
    if (held.isSocket && isElsewhere) session.held = null;
    else this.#options.delivery.releaseEmpty([session]);
  }

  /** The session's messages go where its newest connect came from. */
  #attach(session: Session, exchange: Exchange<Session>, isEventSource: boolean): void {
    const { downlink, connection, isSocket } = exchange;
    const { socket } = session;
    if (socket?.downlink === downlink && socket.connection === connection && isSocket) return;
    socket?.downlink.dismiss(socket.connection);
    session.isPaused = false;
    session.socket = isSocket ? { downlink, connection, isEventSource } : null;
    if (isSocket) downlink.bind(connection, session);
    this.#options.onDirectChange(session);
  }

  /** Rule 35: another tab of the browser polls already; this one asks now and then. */
  get #multipleAdvice(): Advice {
    return { ...this.advice, "multiple-clients": true, interval: this.#options.multipleClientsIntervalMs };
  }

  #answerNow(
    session: Session,
    { downlink, connection }: Exchange<Session>,
    request: Connect,
    canTake: boolean,
    advice = this.advice,
  ): Buffer {
    const entries = canTake ? session.take(this.#options.maxBatchBytes, this.#options.maxBatchMessages) : [];
    const reply = this.#reply(session, request, advice, timesyncReply(request.ext, this.#options.now()));
    for (const entry of entries) downlink.notes?.said(entry);
    downlink.notes?.reached(connection, session);
    const messages = joinEntries(entries);
    return messages.length === 0 ? Buffer.from(reply) : Buffer.concat([messages, Buffer.from(`,${reply}`)]);
  }

  #hold(session: Session, exchange: Exchange<Session>, request: Connect, timeoutMs: number): void {
    const { downlink, connection, isSocket } = exchange;
    const onGone = isSocket ? undefined : this.#heldPolls.hold(exchange.context);
    session.held = { downlink, connection, isSocket, id: request.id, onGone };
    downlink.finish(exchange);
    downlink.bind(connection, session);
    this.#options.sessions.hold(session, timeoutMs);
    const payload = Buffer.from(this.#reply(session, request));
    downlink.send({ type: "hold", connection, payload });
  }

  /** Rule 37: every connect reply of an ack session carries the number of the batch that it ends. */
  #reply(session: Session, request: Connect, advice = this.advice, timesync?: Timesync): string {
    const ack = session.isAck ? ++session.batch : undefined;
    const ext = ack === undefined && timesync === undefined ? undefined : { ack, timesync };
    // Bayeux §4.2.2: a connect reply carries the clientId. Clients keep the last advice that they got, and a dispatcher
    // whose bridge was away has told them to wait between connects: every reply says anew how to go on.
    return successReply(request, { clientId: session.clientId, advice, ext });
  }
}

function isEventSource({ connectionType }: Connect): boolean {
  return connectionType === "eventsource";
}

/**
 * True for a connect that takes nothing from where the session's messages go: faye.js sends one now and then beside its
 * stream, and one by long-polling, that is not to be held, while the stream opens. An ack session gets its messages
 * with connect replies, so it is polling whatever it calls that.
 */
function isBesideStream(session: Session, { isSocket, mayHold }: Exchange<Session>, request: Connect): boolean {
  if (isSocket || session.isAck) return false;
  if (isEventSource(request)) return true;
  return session.socket?.isEventSource === true && (!mayHold || request.timeoutMs === 0);
}

/** Rule 37: over a stream that carries no connect replies nothing could be acknowledged. */
function refusedStream(request: Connect): string {
  return errorReply(request, new BayeuxError("noCommonTransport", ["eventsource"], "Not with the ack extension"), {
    advice: { reconnect: "retry", interval: 0 },
  });
}

/**
 * Rule 19: acknowledgements only grow. A connect that a slow path delivered after a newer one must neither take
 * back what was confirmed, nor push the newer one away.
 */
function isLate(session: Session, request: Connect): boolean {
  if (!session.isAck || session.lastConnectId === undefined) return false;
  const { lastAck, restartToken, isRestarting } = session;
  const ack = readAck(request);
  if (ack === restartToken && !isRestarting) return false;
  if (ack !== lastAck && ack !== restartToken) return ack < lastAck || ack >= FIRST_RESTART_TOKEN;
  const [id, last] = [Number(request.id), Number(session.lastConnectId)];
  return Number.isFinite(id) && Number.isFinite(last) && id < last;
}

/** The browser has a batch that the session knows nothing of: what it was made from is older. */
function isAhead({ isAck, batch }: Session, request: Connect): boolean {
  const ack = readAck(request);
  return isAck && ack > batch && ack < FIRST_RESTART_TOKEN;
}

/**
 * An empty answer. A page that was loaded again (cometd.js with its reload extension) looks like a late connect: it has
 * no batch to state, and counts its ids anew. It alone reads this answer, and its next connect says what is in it.
 */
function lateReply(session: Session, request: Connect): string {
  const ext = readAck(request) === 0 ? { ack: session.restartToken } : undefined;
  return successReply(request, { clientId: session.clientId, ext: session.isAck ? ext : undefined });
}

function unknownSession(request: Connect): string {
  return errorReply(request, new BayeuxError("sessionUnknown"), { advice: HANDSHAKE_ADVICE });
}

/** @returns the last batch that the client has; 0 where it says nothing */
function readAck(request: Connect): number {
  const ack = request.ext["ack"];
  return typeof ack === "number" && Number.isSafeInteger(ack) && ack >= 0 ? ack : 0;
}
