import {
  BayeuxError,
  declaredName,
  errorReply,
  isDeclaredName,
  MAX_NAME_LENGTH,
  NONE_ADVICE,
  successReply,
} from "../bayeux/index.ts";
import type { Handshake } from "../bayeux/index.ts";
import type { FaultCounter, RequestContext } from "../link/index.ts";
import { asBayeuxError, countLimit } from "./answers.ts";
import type { Connects } from "./session/connects.ts";
import type { Sessions } from "./session/sessions.ts";
import { timesyncReply } from "./timesync.ts";

/** What handshakes need. */
export interface HandshakesOptions {
  readonly sessions: Sessions;
  readonly connects: Connects;
  readonly connectionTypes: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly now: () => number;
  readonly faults: FaultCounter;
}

const RETRY_HANDSHAKE = { reconnect: "handshake", interval: 5_000 } as const;

/** Bayeux §4.1, `/meta/handshake`: begins sessions. */
export class Handshakes {
  readonly #options: HandshakesOptions;

  constructor(options: HandshakesOptions) {
    this.#options = options;
  }

  /** @param context what the session is bound to from now on */
  serve(route: number, context: RequestContext, request: Handshake): string {
    const { sessions, connects, connectionTypes, sessionTimeoutMs, now, faults } = this.#options;
    try {
      const common = connectionTypes.filter((type) => request.connectionTypes.includes(type));
      // Bayeux §4.1.2: the client is told what there is.
      if (common.length === 0) throw new BayeuxError("noCommonTransport", connectionTypes);
      const session = sessions.create(route, readName(request), request.ext["ack"] === true, context);
      return successReply(request, {
        version: "1.0",
        supportedConnectionTypes: connectionTypes,
        clientId: session.clientId,
        advice: { ...connects.advice, maxInterval: sessionTimeoutMs },
        ext: { ...(session.isAck ? { ack: true } : {}), replay: true, timesync: timesyncReply(request.ext, now()) },
      });
    } catch (error) {
      const fault = asBayeuxError(error);
      countLimit(faults, fault, null);
      const isLimit = fault.which === "unavailable" || fault.which === "tooMany";
      const advice = isLimit ? RETRY_HANDSHAKE : NONE_ADVICE;
      return errorReply(request, fault, { supportedConnectionTypes: connectionTypes, advice });
    }
  }
}

/** The name that a browser declares for itself, or null. @throws BayeuxError */
function readName(request: Handshake): string | null {
  const name = declaredName(request.ext);
  if (name !== null && !isDeclaredName(name)) {
    throw new BayeuxError(
      "badField",
      ["ext.tailspin.name"],
      `A name has 1 to ${MAX_NAME_LENGTH} characters, none of them a control character, < or >`,
    );
  }
  return name;
}
