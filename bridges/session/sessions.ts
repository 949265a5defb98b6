import {
  BayeuxError,
  errorReply,
  HANDSHAKE_ADVICE,
  makeClientId,
  NONE_ADVICE,
  routeOf,
  successReply,
} from "../../bayeux/index.ts";
import type { Advice } from "../../bayeux/index.ts";
import type { RequestContext } from "../../link/index.ts";
import type { Logger } from "pino";
import { Allowance } from "./allowance.ts";
import { isForeign } from "./binding.ts";
import { Deadlines } from "./deadlines.ts";
import type { Delivery } from "./delivery.ts";
import type { Downlink } from "./downlink.ts";
import { Session } from "./session.ts";
import type { SessionState, SessionTraits } from "./session.ts";

/** Why a session ended; it goes to the log. */
export type EndReason = "disconnected" | "expired" | "fell behind" | "moved" | "handed over";

/** What the table of sessions needs. */
export interface SessionsOptions {
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Logger;
  readonly delivery: Delivery;
  readonly maxSessions: number;
  /** Of those whose handshake carried a cookie. */
  readonly maxSessionsPerBrowser: number;
  readonly maxMessagesPerSecond: number;
  readonly maxMessageBurst: number;
  /** See `isForeign`. */
  readonly strictBinding: boolean;
  readonly sessionTimeoutMs: number;
  /** Everything else that knows the session lets go of it. */
  readonly onEnd: (session: Session, reason: EndReason) => void;
}

/** Their ends are told in parts, so that links stay alive and what else there is gets its turn. */
const ENDED_PER_TURN = 500;

/** All sessions of this bridge: their beginning, their connections, and their end. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #byId = new Map<string, Session>();
  /** How many of each browser. */
  readonly #perBrowser = new Map<string, number>();
  readonly #deadlines: Deadlines<Session>;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.now, (due) => {
      this.#onDue(due);
    });
  }

  get size(): number {
    return this.#byId.size;
  }

  start(): void {
    this.#deadlines.start();
  }

  stop(): void {
    this.#deadlines.stop();
  }

  /** @returns the session, where the request may be one of its own; nothing tells a stolen clientId from a made-up one */
  find(clientId: string, context: RequestContext): Session | undefined {
    const session = this.#byId.get(clientId);
    return session && !isForeign(session.context, context, this.#options.strictBinding) ? session : undefined;
  }

  /** Begins a session. @throws BayeuxError `unavailable` or `tooMany` when there are as many as allowed */
  create(route: number, name: string | null, isAck: boolean, context: RequestContext): Session {
    this.#checkRoom(context);
    const random = this.#options.randomBytes(32);
    const publicId = Buffer.from(random.subarray(26)).toString("hex");
    const session = this.#begin({ clientId: makeClientId(route, random), publicId, name, isAck, context });
    this.#options.log.info({ session: session.label, route, name, ack: isAck }, "session started");
    return session;
  }

  /**
   * Goes on with a session that another bridge had. What it is subscribed to is for whoever adopts it.
   *
   * @throws BayeuxError `unavailable` or `tooMany` when there are as many as allowed; `forbidden` where it is here already,
   *   since ours has been heard of later
   */
  adopt(traits: Omit<SessionTraits, "allowance">, state: SessionState): Session {
    if (this.#byId.has(traits.clientId))
      throw new BayeuxError("forbidden", ["session"], "This session is here already");
    this.#checkRoom(traits.context);
    const session = this.#begin(traits);
    session.resume(state);
    const { label, name, isAck, queue } = session;
    this.#options.log.info({ session: label, name, ack: isAck, queued: queue.length }, "session taken over");
    return session;
  }

  /** Whether there is one of this clientId, whoever asks. */
  has(clientId: string): boolean {
    return this.#byId.has(clientId);
  }

  /** All that live. */
  all(): Iterable<Session> {
    return this.#byId.values();
  }

  /** The session was heard of: the time of its silence starts anew. A held connect has a deadline of its own. */
  touch(session: Session): void {
    if (!session.held && !session.hasEnded)
      this.#deadlines.set(session, this.#options.now() + this.#options.sessionTimeoutMs);
  }

  /** A connect is held: it is answered when its time is over. */
  hold(session: Session, timeoutMs: number): void {
    this.#deadlines.set(session, this.#options.now() + timeoutMs);
  }

  /** Ends a session; its connect, if one is held, is told how to go on. */
  end(session: Session, reason: EndReason): void {
    if (session.hasEnded) return;
    session.hasEnded = true;
    this.#byId.delete(session.clientId);
    this.#forgetOfBrowser(session.context.browser);
    this.#deadlines.clear(session);
    this.#dismiss(session, reason === "disconnected" ? NONE_ADVICE : HANDSHAKE_ADVICE);
    this.#options.onEnd(session, reason);
    const level = reason === "fell behind" ? "warn" : "info";
    const { label, queue, dropped, conflated } = session;
    this.#options.log[level]({ session: label, reason, queued: queue.length, dropped, conflated }, "session ended");
  }

  /**
   * Ends the sessions whose routes are no longer ours.
   *
   * @returns how many; some of them end a little later, and nobody finds them any more in between
   */
  endMoved(owns: (route: number) => boolean): number {
    const moved = [...this.#byId.values()].filter(({ clientId }) => !owns(routeOf(clientId) ?? 0));
    const endSome = () => {
      for (const session of moved.splice(-ENDED_PER_TURN)) this.end(session, "moved");
      if (moved.length > 0) setImmediate(endSome);
    };
    const { length } = moved;
    endSome();
    return length;
  }

  /** A link is gone: its sessions wait for their next connect, wherever it comes in. */
  detachAll(downlink: Downlink<Session>): Session[] {
    const sessions = [...new Set(downlink.sessions)];
    downlink.down();
    for (const session of sessions) {
      if (session.held?.downlink === downlink) session.held = null;
      if (session.socket?.downlink === downlink) session.socket = null;
      this.touch(session);
    }
    return sessions;
  }

  /** The browser's side of a connection is gone. */
  detach(session: Session, downlink: Downlink<Session>, connection: number): void {
    if (session.held?.downlink === downlink && session.held.connection === connection) session.held = null;
    if (session.socket?.downlink === downlink && session.socket.connection === connection) {
      session.socket = null;
      session.isPaused = false;
    }
    this.touch(session);
  }

  /** Takes its connections from a session that ends, with a last word to a held connect. */
  #dismiss(session: Session, advice: Advice): void {
    const { held, socket } = session;
    session.held = null;
    session.socket = null;
    if (!held) return socket?.downlink.dismiss(socket.connection);
    const request = { id: held.id, channel: "/meta/connect" };
    const reply =
      advice === NONE_ADVICE
        ? successReply(request, { clientId: session.clientId, advice })
        : errorReply(request, new BayeuxError("sessionUnknown"), { advice });
    // A session that is attached to a socket holds its connect there, if it holds one.
    const { downlink, connection } = held;
    downlink.unbind(connection);
    downlink.send({ type: "answer", connection, isFinal: true, payload: Buffer.from(reply) });
  }

  #checkRoom({ browser }: RequestContext): void {
    const { maxSessions, maxSessionsPerBrowser } = this.#options;
    if ((this.#perBrowser.get(browser) ?? 0) >= maxSessionsPerBrowser) {
      throw new BayeuxError("tooMany", ["sessions per browser", String(maxSessionsPerBrowser)]);
    }
    if (this.#byId.size >= maxSessions) {
      throw new BayeuxError(
        "unavailable",
        ["sessions", String(maxSessions)],
        "This server has as many sessions as it may",
      );
    }
  }

  #begin(traits: Omit<SessionTraits, "allowance">): Session {
    const { now, maxMessagesPerSecond, maxMessageBurst } = this.#options;
    const { browser } = traits.context;
    const session = new Session({
      ...traits,
      allowance: new Allowance(maxMessagesPerSecond, maxMessageBurst, now()),
    });
    if (browser !== "") this.#perBrowser.set(browser, (this.#perBrowser.get(browser) ?? 0) + 1);
    this.#byId.set(session.clientId, session);
    this.touch(session);
    return session;
  }

  #forgetOfBrowser(browser: string): void {
    const count = this.#perBrowser.get(browser) ?? 0;
    if (count > 1) this.#perBrowser.set(browser, count - 1);
    else this.#perBrowser.delete(browser);
  }

  #onDue(due: readonly Session[]): void {
    const held = due.filter((session) => session.held !== null);
    this.#options.delivery.releaseEmpty(held);
    for (const session of due) {
      // What was just released has a new deadline.
      if (session.dueTick === 0) this.end(session, "expired");
    }
  }
}
