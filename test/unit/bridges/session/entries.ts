import type { LogEntry } from "../../../../bridges/log/log.ts";
import { Allowance } from "../../../../bridges/session/allowance.ts";
import { Session } from "../../../../bridges/session/session.ts";
import { NO_CONTEXT } from "../fakes.ts";

/** A message whose bytes are its number, padded to a size. */
export function entry(seq: number, size = 0): LogEntry {
  const bytes = Buffer.from(JSON.stringify(String(seq).padEnd(size, ".")));
  return { seq, channel: "/lobby", id: String(seq), after: null, timeMs: 0, bytes };
}

export function session(isAck = false): Session {
  const allowance = new Allowance(1, 1, 0);
  return new Session({
    clientId: "001".padEnd(29, "a"),
    publicId: "p",
    name: null,
    isAck,
    context: NO_CONTEXT,
    allowance,
  });
}

export const ROOMY = { maxQueuedMessages: 100, maxQueuedBytes: 1_000_000 };
