import {
  type Advice,
  BayeuxError,
  HANDSHAKE_ADVICE,
  NONE_ADVICE,
  type Rejected,
  type Request,
  errorReply,
  retryAdvice,
  successReply,
} from "../bayeux/index.ts";

/** Why a group of requests could not be served. */
export type Failure = "away" | "busy" | "refused" | "stopping" | "lost" | "late";

const TEXTS: Readonly<Record<Failure, string>> = {
  away: "The bridge of this session is away, try again",
  busy: "The server is busy, try again",
  refused: "The session is moving to another bridge, try again",
  stopping: "This server is stopping, try another connection",
  lost: "The bridge of this session went away, try again",
  late: "The bridge of this session did not answer in time, try again",
};
const RETRY_MS = 1_000;
const COMMA = Buffer.from(",");

/** The reply to a message that could not be taken as it is. */
export function rejection(rejected: Rejected): string {
  return errorReply(rejected, rejected.error, { advice: rejectionAdvice(rejected) });
}

function rejectionAdvice({ channel, error }: Rejected): Advice | undefined {
  if (error.which === "sessionUnknown") return HANDSHAKE_ADVICE;
  // Bayeux §4.1.2: a handshake that can never succeed must not be tried for ever.
  return channel === "/meta/handshake" ? NONE_ADVICE : undefined;
}

/** The reply to a message beside a handshake. */
export function besideHandshake(request: Request | Rejected): string {
  return errorReply(echoOf(request), new BayeuxError("mixedHandshake"));
}

/** The reply to a message whose clientId no bridge of ours can have made. */
export function unknownSession(request: Request): string {
  return errorReply(echoOf(request), new BayeuxError("sessionUnknown"), { advice: HANDSHAKE_ADVICE });
}

/** The reply to the connect of one session too many on a socket. */
export function tooManySessions(request: Request, allowed: number): string {
  const error = new BayeuxError("tooMany", ["session", String(allowed)], "Too many sessions on one socket");
  return errorReply(echoOf(request), error, { advice: NONE_ADVICE });
}

/**
 * The replies to requests that a bridge did not answer.
 *
 * @param random 0…1; after a loss it spreads the return of many clients over a second
 */
export function failures(requests: readonly Request[], failure: Failure, random: () => number): Buffer {
  const wasSent = failure === "lost" || failure === "late";
  const interval = failure === "lost" ? Math.floor(random() * RETRY_MS) : RETRY_MS;
  const texts = requests.map((request) => {
    // What the bridge has seen may have reached the network: saying "unavailable" would invite a second copy.
    if (wasSent && request.type === "publish") return errorReply(echoOf(request), new BayeuxError("outcomeUnknown"));
    const error = new BayeuxError("unavailable", [], TEXTS[failure]);
    return errorReply(echoOf(request), error, { advice: retryAdvice(interval) });
  });
  return Buffer.from(texts.join(","));
}

/**
 * The replies to connects whose bridge went away, where another goes on with the session: they succeed, so that the next ones
 * come at once. Without a word of acknowledgements: nobody knows which were meant to be in them.
 */
export function resumptions(requests: readonly Request[]): Buffer {
  const texts = requests.map((request) => {
    return successReply(echoOf(request), "clientId" in request ? { clientId: request.clientId } : {});
  });
  return Buffer.from(texts.join(","));
}

/** @returns the error in a bridge's answer to one connect; null where it succeeded */
export function replyError(answer: Buffer): string | null {
  const messages: unknown = JSON.parse(`[${answer.toString()}]`);
  const reply: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  if (typeof reply !== "object" || reply === null || !("successful" in reply) || reply.successful === true) return null;
  return "error" in reply ? String(reply.error) : "refused";
}

/** Joins ready messages; what is empty or missing leaves no comma. */
export function joinMessages(first: Buffer | null, second: Buffer | null): Buffer {
  if (!first || first.length === 0) return second ?? Buffer.alloc(0);
  if (!second || second.length === 0) return first;
  return Buffer.concat([first, COMMA, second]);
}

function echoOf(request: Request | Rejected) {
  const { id, channel } = request;
  return { id, channel, subscription: "subscription" in request ? request.subscription : undefined };
}
