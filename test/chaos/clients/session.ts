import { within } from "../../support/within.ts";
import type { PublishOutcome, SessionEvent } from "../history.ts";

/** For the first handshake and its subscriptions, on a busy machine. */
const OPEN_MS = 30_000;

/** A browser page of the crowd: goes on whatever happens, and writes it down. */
export interface CrowdSession extends AsyncDisposable {
  readonly name: string;
  readonly clientId: string;
  readonly channels: readonly string[];
  /** Grows; taken away by whoever reports. */
  events: SessionEvent[];
  /** Every text that has come. */
  readonly seen: ReadonlySet<string>;
  /** @returns null where nothing was sent, since there is no connection or no session */
  publish(channel: string, text: string): Promise<PublishOutcome> | null;
}

/** @returns the session when it has begun. @throws Error where that takes too long; it is over then */
export async function whenOpen<Session extends CrowdSession>(
  session: Session,
  opened: Promise<void>,
): Promise<Session> {
  try {
    await within(OPEN_MS, `${session.name} found no session`, opened);
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return session;
}

/** A message of a channel, as it is written down. @returns null for what is neither a text nor a notice */
export function eventOf(channel: string, data: unknown, atMs: number): SessionEvent | null {
  if (typeof data !== "object" || data === null) return null;
  if ("gap" in data) return { type: "gap", channel, atMs };
  return "text" in data ? { type: "seen", channel, text: String(data.text), atMs } : null;
}

/** How a publish came out, by its reply. */
export function outcomeOf(reply: object | undefined): PublishOutcome {
  const { successful, error } = Object(reply) as { successful?: unknown; error?: unknown };
  if (successful === true) return "confirmed";
  // 402: no such session any more; 503: there is nobody who could take it. Nothing was done.
  return /^(402|503):/.test(String(error)) ? "refused" : "unknown";
}
