import { type ParseLimits, parseBatch, type Rejected, type Request } from "../../../bayeux/index.ts";

/** Small limits, so that a test can reach them. */
export const LIMITS: ParseLimits = { maxBatch: 5, maxChannelLength: 40, maxSubscriptionsPerMessage: 3 };

/** Parses a batch of one message. */
export function parseOne(message: unknown): Request | Rejected {
  const [entry] = parseBatch(JSON.stringify([message]), LIMITS);
  if (!entry) throw new Error("a batch of one message gave no entry");
  return entry;
}

/** Parses a message that must be refused. @returns the entry, for its error and what it echoes */
export function refusalOf(message: unknown): Rejected {
  const entry = parseOne(message);
  if (entry.type !== "rejected") throw new Error(`accepted as ${entry.type}`);
  return entry;
}
