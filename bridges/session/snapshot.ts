/** A session as another bridge can go on with it: JSON, with a version of its own. */
import { z } from "zod";
import { isChannel, isPattern, routeOf } from "../../bayeux/index.ts";
import type { RequestContext } from "../../link/index.ts";
import type { LogEntry } from "../log/log.ts";
import { identityShape } from "./identity-shape.ts";
import { isSubstitute } from "./relief.ts";
import type { Session, SessionState, SessionTraits } from "./session.ts";

/** Another number for every change of what is below. */
const SNAPSHOT_VERSION = 1;

/** So many delivery ids of a channel tell where a session is in it. */
export const MAX_RECENT_IDS = 512;

/** How far a session is in one channel: it has had, or waits for, all that its bridge's log had. */
export interface ChannelPosition {
  readonly channel: string;
  /** Delivery id of the newest message; null where none has come. */
  readonly last: string | null;
  /** Delivery ids of the newest messages in that bridge's order, the newest last. */
  readonly recent: readonly string[];
}

/** A message that waits. */
export interface SavedEntry {
  readonly channel: string;
  readonly id: string;
  readonly after: string | null;
  readonly timeMs: number;
  /** The Bayeux message as JSON. */
  readonly text: string;
  /** It stands for messages that were left out, as `relief.ts` has it. */
  readonly standsFor?: { readonly missing: number; readonly isCounted: boolean; readonly original: string | null };
}

/** What a session can go on from at another bridge. */
export interface SessionSnapshot extends Omit<SessionState, "unacknowledged" | "queue" | "lastConnectId"> {
  readonly version: typeof SNAPSHOT_VERSION;
  readonly clientId: string;
  readonly publicId: string;
  readonly name: string | null;
  readonly isAck: boolean;
  readonly context: RequestContext;
  readonly lastConnectId: string | number | null;
  /** Names of channels and patterns. */
  readonly subscriptions: readonly string[];
  readonly unacknowledged: readonly SavedEntry[];
  readonly queue: readonly SavedEntry[];
  /** Of each channel that it hears, by whichever subscription. */
  readonly positions: readonly ChannelPosition[];
}

/** What was read is no snapshot of this version; the message says where. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
}

/** @param positions of each channel that it hears, at this very moment */
export function snapshotOf(session: Session, positions: readonly ChannelPosition[]): SessionSnapshot {
  const { clientId, publicId, name, isAck, context, subscriptions, state } = session;
  return {
    version: SNAPSHOT_VERSION,
    ...{ clientId, publicId, name, isAck, context },
    ...state,
    lastConnectId: state.lastConnectId ?? null,
    subscriptions: [...subscriptions],
    unacknowledged: state.unacknowledged.map(saved),
    queue: state.queue.map(saved),
    positions,
  };
}

/** What a session is made of again. @param entry makes an entry of this bridge's log */
export function restored(
  snapshot: SessionSnapshot,
  entry: (saved: SavedEntry) => LogEntry,
): { readonly traits: Omit<SessionTraits, "allowance">; readonly state: SessionState } {
  const { clientId, publicId, name, isAck, context, lastConnectId } = snapshot;
  const made = (one: SavedEntry): LogEntry => {
    const { standsFor } = one;
    if (!standsFor) return entry(one);
    const { original, ...counted } = standsFor;
    const whole = original === null ? null : entry({ ...one, text: original });
    return Object.assign(entry(one), { ...counted, original: whole });
  };
  const state: SessionState = {
    ...snapshot,
    lastConnectId: lastConnectId ?? undefined,
    unacknowledged: snapshot.unacknowledged.map(made),
    queue: snapshot.queue.map(made),
  };
  return { traits: { clientId, publicId, name, isAck, context }, state };
}

/** @throws SnapshotError */
export function parseSnapshot(value: unknown): SessionSnapshot {
  const version = versionShape.safeParse(value);
  if (version.success && version.data.version !== SNAPSHOT_VERSION)
    throw new SnapshotError(`a session of version ${version.data.version}; this release reads ${SNAPSHOT_VERSION}`);
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  throw new SnapshotError(`no session: ${z.prettifyError(result.error).replaceAll("\n", " ").slice(0, MAX_TOLD)}`);
}

const MAX_TOLD = 500;

function saved(entry: LogEntry): SavedEntry {
  const { channel, id, after, timeMs, bytes } = entry;
  const text = bytes.toString();
  if (!isSubstitute(entry)) return { channel, id, after, timeMs, text };
  const { missing, isCounted, original } = entry;
  return { channel, id, after, timeMs, text, standsFor: { missing, isCounted, original: textOf(original) } };
}

function textOf(entry: LogEntry | null): string | null {
  return entry && entry.bytes.toString();
}

const count = z.number().int().min(0);
const deliveryId = z.string().max(4_096);
const channelName = z.string().refine(isChannel, "must be a channel");
const json = z.string().refine((text) => text.startsWith("{") && text.endsWith("}"), "must be a JSON object");

const savedShape = z.strictObject({
  channel: channelName,
  id: deliveryId,
  after: deliveryId.nullable(),
  timeMs: z.number(),
  text: json,
  standsFor: z.strictObject({ missing: count, isCounted: z.boolean(), original: json.nullable() }).exactOptional(),
});

/** How far a session is in one channel, as it is sent. */
export const positionShape = z.strictObject({
  channel: channelName,
  last: deliveryId.nullable(),
  recent: z.array(deliveryId).max(MAX_RECENT_IDS),
});

const versionShape = z.object({ version: z.number() });

const shape = z.strictObject({
  version: z.literal(SNAPSHOT_VERSION),
  clientId: z.string().refine((text) => routeOf(text) !== null, "must be a clientId"),
  ...identityShape,
  hasConnected: z.boolean(),
  batch: count,
  lastAck: count,
  lastConnectId: z.union([z.string(), z.number()]).nullable(),
  restarts: count,
  isRestarting: z.boolean(),
  isBehind: z.boolean(),
  dropped: count,
  conflated: count,
  subscriptions: z.array(
    z.string().refine((name) => isChannel(name) || isPattern(name), "must be a channel or a pattern"),
  ),
  unacknowledged: z.array(savedShape),
  queue: z.array(savedShape),
  positions: z.array(positionShape),
});
