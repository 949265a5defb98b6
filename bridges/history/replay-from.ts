import { BayeuxError, isPattern } from "../../bayeux/index.ts";
import type { SubscriptionChange } from "../../bayeux/index.ts";

/** Where a replay begins. */
export type ReplayFrom =
  | { readonly type: "new" }
  | { readonly type: "everything" }
  /** What the bridge itself still has. */
  | { readonly type: "kept" }
  /** After the message with this delivery id. */
  | { readonly type: "id"; readonly id: string }
  /** From then on, milliseconds since 1970. */
  | { readonly type: "time"; readonly timeMs: number };

/** ISO 8601 with a zone: without one it would be a time somewhere. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Rule 38: `ext.replay: {"/channel": from}`, where from is -1, -2, a delivery id, or a time; of a wildcard -1 or -2.
 *
 * @throws BayeuxError `badField` for anything else
 */
export function readReplay(request: SubscriptionChange, name: string): ReplayFrom {
  const replay = request.ext["replay"];
  if (typeof replay !== "object" || replay === null || !Object.hasOwn(replay, name)) return { type: "new" };
  const from: unknown = Object.entries(replay).find(([key]) => key === name)?.[1];
  if (from === -1) return { type: "new" };
  if (isPattern(name)) {
    if (from === -2) return { type: "kept" };
    const text = "replay of a wildcard must be -1 (new only) or -2 (what is kept here of the channels that match)";
    throw new BayeuxError("badField", ["replay", name], text);
  }
  if (from === -2) return { type: "everything" };
  if (typeof from === "string" && TIME.test(from)) {
    const timeMs = Date.parse(from);
    if (!Number.isNaN(timeMs)) return { type: "time", timeMs };
  } else if (typeof from === "string" && from !== "") return { type: "id", id: from };
  throw new BayeuxError(
    "badField",
    ["replay", name],
    'replay must be -1 (new only), -2 (everything kept), the id of an earlier message, or a time such as "2026-11-21T12:00:00Z"',
  );
}
