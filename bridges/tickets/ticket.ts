/** What a session can be rebuilt from, beside how far it is: JSON, with a version of its own, opaque to dispatchers. */
import { z } from "zod";
import { identityShape } from "../session/identity-shape.ts";
import type { Session } from "../session/session.ts";

/** Another number for every change of what is below. */
const TICKET_VERSION = 1;

/** Where a session was in a channel when that began, or from when on a pattern counts. */
export interface Start {
  /** Delivery id of the newest message of the channel that it surely had; null where none was known. */
  readonly last: string | null;
  /** Its number in the log of the bridge that gives the ticket; 0 where it was said before. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** A session, but for its clientId and its messages. */
export interface SessionTicket extends Pick<Session, "publicId" | "name" | "isAck" | "context" | "hasConnected"> {
  /** Names of channels and patterns. */
  readonly subscriptions: readonly string[];
  /** Of channels, and of patterns. */
  readonly starts: ReadonlyMap<string, Start>;
}

/** @param starts of what the session is subscribed to, and of what it hears by patterns */
export function ticketText(session: Session, starts: ReadonlyMap<string, Start>): string {
  const { publicId, name, isAck, context, hasConnected, subscriptions } = session;
  return JSON.stringify({
    version: TICKET_VERSION,
    ...{ publicId, name, isAck, context, hasConnected },
    subscriptions: [...subscriptions],
    starts: [...starts].map(([channel, { last, seq, timeMs }]) => [channel, last, seq, timeMs]),
  });
}

/** @returns null for what is none of this version */
export function parseTicket(text: string): SessionTicket | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = shape.safeParse(value);
  if (!result.success) return null;
  const { starts, version: _, ...ticket } = result.data;
  return { ...ticket, starts: new Map(starts.map(([channel, last, seq, timeMs]) => [channel, { last, seq, timeMs }])) };
}

const shape = z.object({
  version: z.literal(TICKET_VERSION),
  ...identityShape,
  hasConnected: z.boolean(),
  subscriptions: z.array(z.string()),
  starts: z.array(z.tuple([z.string(), z.string().nullable(), z.number(), z.number()])),
});
