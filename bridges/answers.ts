import { BayeuxError, errorReply, HANDSHAKE_ADVICE } from "../bayeux/index.ts";
import type { Rejected, Request } from "../bayeux/index.ts";
import type { FaultCounter } from "../link/index.ts";
import type { Session } from "./session/session.ts";

/** What each limit of ours is called: in the error that names it, and in the counters. */
const METRICS: Readonly<Record<string, string>> = {
  sessions: "bridge.sessions",
  "sessions per browser": "bridge.sessionsPerBrowser",
  "messages per second": "bridge.messagesPerSecond",
  subscriptions: "bridge.subscriptions",
  channels: "bridge.channels",
  "wildcard channels": "bridge.wildcardChannels",
  data: "bridge.messageBytes",
  "channels of a user": "bridge.puppetChannels",
  publishes: "bridge.publishes",
  calls: "bridge.calls",
  "calls per session": "bridge.callsPerSession",
};

/** Answers a message that could not be read. */
export function rejection(request: Rejected): string {
  const advice = request.error.which === "sessionUnknown" ? HANDSHAKE_ADVICE : undefined;
  return errorReply(request, request.error, { advice });
}

/** The one answer for every clientId that is not the asker's: unknown, expired, forged or another's. */
export function unknownSession(request: Request): string {
  return errorReply(request, new BayeuxError("sessionUnknown"), { advice: HANDSHAKE_ADVICE });
}

/** Lets through what the browser may be told; anything else is a bug, and goes on as one. */
export function asBayeuxError(error: unknown): BayeuxError {
  if (error instanceof BayeuxError) return error;
  throw error;
}

/** Counts an error that names one of our limits. */
export function countLimit(faults: FaultCounter, error: BayeuxError, session: Session | null): void {
  const [limit = "", allowed] = error.args;
  const metric = Object.hasOwn(METRICS, limit) ? METRICS[limit] : undefined;
  if (metric === undefined) return;
  faults.count(metric, "limit reached", { limit, allowed, ...(session ? { session: session.label } : {}) });
}
