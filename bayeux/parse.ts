import { checkChannel, checkSubscription, isMeta } from "./channel.ts";
import { BayeuxError } from "./errors.ts";
import type { MessageId, Request } from "./request.ts";

/** Bounds on what a client may send; body bytes are bounded by whoever reads them. */
export interface ParseLimits {
  /** Messages in one array. */
  readonly maxBatch: number;
  /** Characters of a channel or subscription. */
  readonly maxChannelLength: number;
  /** Subscriptions in one message. */
  readonly maxSubscriptionsPerMessage: number;
}

/** A message that could not be taken, with what its error reply needs. */
export interface Rejected {
  readonly type: "rejected";
  readonly id: MessageId | undefined;
  readonly channel: string | undefined;
  readonly clientId: string | undefined;
  readonly subscription: unknown;
  readonly error: BayeuxError;
}

type Fields = Readonly<Record<string, unknown>>;
type Reader = (fields: Fields, channel: string, limits: ParseLimits) => Request;

/** Bayeux §4: each meta channel and what it needs. Anything that is not listed is no meta channel. */
const META: Readonly<Record<string, Reader>> = {
  "/meta/handshake": readHandshake,
  "/meta/connect": readConnect,
  "/meta/subscribe": readSubscriptionChange,
  "/meta/unsubscribe": readSubscriptionChange,
  "/meta/disconnect": readDisconnect,
};

/** Levels of arrays and objects in a message, itself included; what is deeper could not be written out again safely. */
export const MAX_DEPTH = 64;
const MAX_ID_LENGTH = 64;

/**
 * Reads one request body or WebSocket frame: an array of messages, or a single one.
 *
 * @returns one entry per message, in order; a faulty message does not hide the others
 * @throws BayeuxError `badJson`, `badShape` or `tooMany` where nothing of it can be answered message by message
 */
export function parseBatch(text: string, limits: ParseLimits): (Request | Rejected)[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BayeuxError(
      "badJson",
      [],
      `The body is not JSON: ${cause instanceof Error ? cause.message : "unreadable"}`,
    );
  }
  const batch: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (batch.length > limits.maxBatch) throw new BayeuxError("tooMany", ["batch", String(limits.maxBatch)]);
  return batch.map((element) => {
    if (!isObject(element)) throw new BayeuxError("badShape");
    return parseMessage(element, limits);
  });
}

/** Reads one message; a fault of it becomes a value, so that its neighbours are served. */
function parseMessage(fields: Fields, limits: ParseLimits): Request | Rejected {
  try {
    const channel = fields["channel"];
    if (typeof channel !== "string" || channel === "") throw new BayeuxError("channelMissing");
    checkId(fields["id"]);
    if (exceedsDepth(fields, MAX_DEPTH)) throw new BayeuxError("tooDeep", [String(MAX_DEPTH)]);
    if (!isMeta(channel)) return readPublish(fields, channel, limits);
    const read = Object.hasOwn(META, channel) ? META[channel] : undefined;
    // Bayeux §2.2.2: other meta channels are nobody's to publish to.
    if (!read) throw new BayeuxError("forbidden", [channel]);
    return read(fields, channel, limits);
  } catch (error) {
    if (!(error instanceof BayeuxError)) throw error;
    return {
      type: "rejected",
      id: readId(fields),
      channel: typeof fields["channel"] === "string" ? fields["channel"].slice(0, limits.maxChannelLength) : undefined,
      clientId: typeof fields["clientId"] === "string" ? fields["clientId"] : undefined,
      // Only what has the right form: JSON.stringify would overflow the stack on what is nested deeply enough.
      subscription: isSubscription(fields["subscription"]) ? fields["subscription"] : undefined,
      error,
    };
  }
}

function readHandshake(fields: Fields, channel: string): Request {
  const connectionTypes = fields["supportedConnectionTypes"];
  // Bayeux §4.1.1: version and supportedConnectionTypes are a MUST.
  if (!isStringArray(connectionTypes)) throw missing("supportedConnectionTypes", "an array of strings");
  const version = fields["version"];
  if (typeof version !== "string") throw missing("version", "a string such as 1.0");
  const minimum = fields["minimumVersion"];
  if (minimum !== undefined && typeof minimum !== "string") throw missing("minimumVersion", "a string such as 1.0");
  if (!isServedVersion(version, minimum)) throw new BayeuxError("unsupportedVersion", [minimum ?? version]);
  return { type: "handshake", ...envelope(fields, channel), connectionTypes };
}

function readConnect(fields: Fields, channel: string): Request {
  const connectionType = fields["connectionType"];
  const clientId = readClientId(fields);
  if (typeof connectionType !== "string") throw missing("connectionType", "a string");
  const advice = fields["advice"];
  const timeout = isObject(advice) ? advice["timeout"] : undefined;
  const timeoutMs = typeof timeout === "number" && timeout >= 0 && Number.isFinite(timeout) ? timeout : undefined;
  return { type: "connect", ...envelope(fields, channel), clientId, connectionType, timeoutMs };
}

function readSubscriptionChange(fields: Fields, channel: string, limits: ParseLimits): Request {
  const clientId = readClientId(fields);
  const subscription = fields["subscription"];
  if (!isSubscription(subscription)) throw missing("subscription", "a channel or an array of channels");
  const names = typeof subscription === "string" ? [subscription] : [...new Set(subscription)];
  if (names.length > limits.maxSubscriptionsPerMessage) {
    throw new BayeuxError("tooMany", ["subscription", String(limits.maxSubscriptionsPerMessage)]);
  }
  for (const name of names) checkSubscription(name, limits.maxChannelLength);
  const type = channel === "/meta/subscribe" ? "subscribe" : "unsubscribe";
  return { type, ...envelope(fields, channel), clientId, names, subscription };
}

function readDisconnect(fields: Fields, channel: string): Request {
  return { type: "disconnect", ...envelope(fields, channel), clientId: readClientId(fields) };
}

function readPublish(fields: Fields, channel: string, limits: ParseLimits): Request {
  checkChannel(channel, limits.maxChannelLength);
  const clientId = readClientId(fields);
  // Bayeux §5.1.1: data is a MUST. `null` is data.
  if (!Object.hasOwn(fields, "data")) throw missing("data", "any JSON value");
  return { type: "publish", ...envelope(fields, channel), clientId, data: fields["data"] };
}

function envelope(fields: Fields, channel: string) {
  return { id: readId(fields), channel, ext: isObject(fields["ext"]) ? fields["ext"] : {} };
}

function readClientId(fields: Fields): string {
  const clientId = fields["clientId"];
  // A request without one is answered as CometD does: there is no such session.
  if (typeof clientId !== "string" || clientId === "") throw new BayeuxError("sessionUnknown");
  return clientId;
}

function readId(fields: Fields): MessageId | undefined {
  const id = fields["id"];
  return isId(id) ? id : undefined;
}

function isSubscription(value: unknown): value is string | string[] {
  return typeof value === "string" || (isStringArray(value) && value.length > 0);
}

function checkId(id: unknown): void {
  if (id === undefined || isId(id)) return;
  throw missing("id", `a string of up to ${MAX_ID_LENGTH} characters or a number up to ${Number.MAX_SAFE_INTEGER}`);
}

function isId(id: unknown): id is MessageId {
  if (typeof id === "string") return id.length <= MAX_ID_LENGTH;
  // A larger number would come back changed (1e999 as null), and cometd.js drops a reply whose id it does not know.
  return typeof id === "number" && Math.abs(id) <= Number.MAX_SAFE_INTEGER;
}

/** Bayeux §2.3: versions are compared element by element; we speak 1.0, and a client may offer more. */
function isServedVersion(version: string, minimum: string | undefined): boolean {
  const offered = elements(version);
  if (!offered || offered[0] < 1) return false;
  const lowest = minimum === undefined ? null : elements(minimum);
  if (lowest === null) return minimum === undefined && offered[0] === 1;
  return lowest[0] < 1 || (lowest[0] === 1 && lowest[1] === 0);
}

/** The two elements that matter, or null where it is no version. */
function elements(version: string): [number, number] | null {
  const match = /^(\d{1,4})(?:\.(\d{1,4})[A-Za-z0-9.\-_]{0,32})?$/.exec(version);
  return match ? [Number(match[1]), Number(match[2] ?? 0)] : null;
}

function missing(field: string, allowed: string): BayeuxError {
  return new BayeuxError("badField", [field], `The field ${field} must be ${allowed}`);
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((element) => typeof element === "string");
}

/** True where arrays and objects are nested deeper than so many levels. */
export function exceedsDepth(value: unknown, allowed: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (allowed === 0) return true;
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof member === "object" && member !== null && exceedsDepth(member, allowed - 1)) return true;
  }
  return false;
}
