import { BayeuxError, errorReply, isService, parseBatch, successReply } from "../bayeux/index.ts";
import type {
  Connect,
  Disconnect,
  ParseLimits,
  Publish,
  Rejected,
  Request,
  SubscriptionChange,
} from "../bayeux/index.ts";
import type { FaultCounter, RequestFrame } from "../link/index.ts";
import type { Logger } from "pino";
import { asBayeuxError, countLimit, rejection, unknownSession } from "./answers.ts";
import type { Handshakes } from "./handshakes.ts";
import type { Publishes } from "./publishes.ts";
import type { Resends } from "./resends.ts";
import type { Connects } from "./session/connects.ts";
import type { Downlink, Exchange } from "./session/downlink.ts";
import type { Session } from "./session/session.ts";
import type { Sessions } from "./session/sessions.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What serving requests needs. */
export interface RequestsOptions {
  readonly sessions: Sessions;
  readonly handshakes: Handshakes;
  readonly connects: Connects;
  readonly subscriptions: Subscriptions;
  readonly publishes: Publishes;
  readonly resends: Resends;
  readonly limits: ParseLimits;
  readonly maxMessagesPerSecond: number;
  readonly now: () => number;
  readonly faults: FaultCounter;
  readonly log: Logger;
}

/**
 * Serves the requests that dispatchers forward: one answer for each, whatever happens.
 *
 * Within a session, subscription changes and disconnects wait for what came before them, and what comes after waits
 * for them; publishes overtake nothing and are not waited for by each other. Of what came in earlier frames, only a
 * disconnect waits for publishes. A connect that is alone waits for nothing.
 */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Serves one frame: the messages of one session, or one handshake. */
  serve(downlink: Downlink<Session>, frame: RequestFrame): void {
    const exchange = downlink.begin(frame.connection, frame.isSocket, frame.mayHold, frame.context);
    let requests: (Request | Rejected)[];
    try {
      requests = parseBatch(frame.payload.toString(), this.#options.limits);
    } catch (error) {
      if (!(error instanceof BayeuxError)) throw error;
      downlink.answer(exchange, Buffer.from(errorReply({ id: undefined, channel: undefined }, error)));
      return;
    }
    // Not a microtask later: a socket's answers keep the order of its requests.
    if (requests.length > 0 && requests.every((request) => request.type === "connect")) {
      const answer = this.#serveConnects(exchange, requests);
      if (answer) downlink.answer(exchange, answer);
      return;
    }
    this.#serveAll(exchange, frame.route, requests).then(
      (replies) => {
        downlink.answer(exchange, Buffer.from(replies.join(",")));
        this.#options.resends.settle(exchange);
      },
      (error: unknown) => {
        // Only a bug gets here; the browser is told, and the report is complete.
        this.#options.log.error({ err: error }, "serving a request failed");
        const text = requests.map((request) => errorReply(request, new BayeuxError("internal"))).join(",");
        downlink.answer(exchange, Buffer.from(text));
        this.#options.resends.settle(exchange);
      },
    );
  }

  /** Rule 21: only a connect that is alone may be held. @returns null when it is */
  #serveConnects(exchange: Exchange<Session>, requests: readonly Connect[]): Buffer | null {
    const { connects } = this.#options;
    const [only] = requests;
    if (only && requests.length === 1) return connects.serve(exchange, only);
    const answers = requests.map((request) => this.#connectInCompany(exchange, request, requests));
    return Buffer.from(answers.join(","));
  }

  /** One frame, in its order and after those before it that change something. */
  async #serveAll(
    exchange: Exchange<Session>,
    route: number,
    requests: readonly (Request | Rejected)[],
  ): Promise<string[]> {
    const session = this.#sessionOf(exchange, requests);
    const earlier = session?.barrier;
    const { promise: barrier, resolve: done } = Promise.withResolvers<void>();
    if (session && requests.some(isChange)) session.barrier = barrier;
    const replies: (string | Promise<string>)[] = [];
    const publishes: Promise<string>[] = [];
    try {
      if (earlier) await earlier;
      for (const request of requests) {
        if (request.type === "connect") replies.push(this.#connectInCompany(exchange, request, requests));
        else if (request.type === "publish") {
          const reply = this.#publish(exchange, request);
          replies.push(reply);
          // Nothing waits for an app's answer.
          if (!isService(request.channel)) publishes.push(reply);
        } else if (request.type === "handshake")
          replies.push(this.#options.handshakes.serve(route, exchange.context, request));
        else if (request.type === "rejected") replies.push(rejection(request));
        else replies.push(await this.#change(exchange, request, publishes));
      }
    } finally {
      if (session?.barrier === barrier) session.barrier = null;
      done();
    }
    return Promise.all(replies);
  }

  /** A frame is about one session. */
  #sessionOf(exchange: Exchange<Session>, requests: readonly (Request | Rejected)[]): Session | undefined {
    const owned = requests.find((request) => request.type !== "handshake" && request.clientId !== undefined);
    return owned && "clientId" in owned && owned.clientId !== undefined
      ? this.#options.sessions.find(owned.clientId, exchange.context)
      : undefined;
  }

  /** Rules 19 and 21: a connect that is not alone is answered at once, and of several only the last has messages. */
  #connectInCompany(exchange: Exchange<Session>, request: Connect, requests: readonly (Request | Rejected)[]): string {
    const { connects } = this.#options;
    const isLast = requests.findLast((other) => other.type === "connect") === request;
    // The browser went away while the batch was served: nothing may be bound to its connection, or taken for it.
    if (!isLast || exchange.isClosed || exchange.downlink.isDown)
      return connects.serveSuperseded(exchange, request).toString();
    return connects.serve({ ...exchange, mayHold: false }, request)?.toString() ?? "";
  }

  /** One subscription change or disconnect: after the batch's publishes. */
  async #change(
    exchange: Exchange<Session>,
    request: SubscriptionChange | Disconnect,
    publishes: readonly Promise<string>[],
  ): Promise<string> {
    const { sessions, subscriptions } = this.#options;
    await Promise.all(publishes);
    const session = sessions.find(request.clientId, exchange.context);
    if (!session) return unknownSession(request);
    sessions.touch(session);
    const refused = request.type === "disconnect" ? null : this.#refuseHaste(session, request);
    if (refused !== null) return refused;
    try {
      if (request.type === "unsubscribe") subscriptions.unsubscribe(session, request);
      else if (request.type === "disconnect") await this.#disconnect(session);
      else {
        await subscriptions.subscribe(session, request);
        if (session.hasEnded) return unknownSession(request);
      }
      exchange.downlink.notes?.seen(session);
      // Bayeux §4.4.2, §4.5.2 and §4.6.2: these replies carry the clientId.
      return successReply(request, { clientId: session.clientId });
    } catch (error) {
      return this.#fail(session, request, error);
    }
  }

  /** A page that says something and goes: cometd.js closes its socket on this answer, and would miss the others. */
  async #disconnect(session: Session): Promise<void> {
    await this.#options.publishes.settled(session);
    this.#options.sessions.end(session, "disconnected");
  }

  /** Not an async function: the place of a publish in its channel is taken before anything is awaited. */
  #publish(exchange: Exchange<Session>, request: Publish): Promise<string> {
    const session = this.#options.sessions.find(request.clientId, exchange.context);
    if (!session) return Promise.resolve(unknownSession(request));
    this.#options.sessions.touch(session);
    const refused = this.#refuseHaste(session, request);
    if (refused !== null) return Promise.resolve(refused);
    const { resends, publishes } = this.#options;
    return resends.serve(exchange, session, request, () =>
      publishes.serve(session, request).catch((error: unknown) => this.#fail(session, request, error)),
    );
  }

  /** A session may send so many messages in a second. Connects do not count: their number follows from the answers. */
  #refuseHaste(session: Session, request: Request): string | null {
    const { now, maxMessagesPerSecond } = this.#options;
    if (session.allowance.take(now())) return null;
    return this.#fail(session, request, new BayeuxError("tooMany", ["messages per second", `${maxMessagesPerSecond}`]));
  }

  #fail(session: Session, request: Request, error: unknown): string {
    const fault = asBayeuxError(error);
    if (fault.which === "sessionUnknown") return unknownSession(request);
    countLimit(this.#options.faults, fault, session);
    return errorReply(request, fault);
  }
}

/** After these, something is as it was not before. */
function isChange(request: Request | Rejected): boolean {
  return request.type === "subscribe" || request.type === "unsubscribe" || request.type === "disconnect";
}
