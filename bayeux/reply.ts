import type { Advice } from "./advice.ts";
import type { BayeuxError } from "./errors.ts";
import type { MessageId } from "./request.ts";

/** What a reply echoes of its request. */
export interface Answered {
  readonly id: MessageId | undefined;
  readonly channel: string | undefined;
  /** Echoed where present: a string or an array, as it came. */
  readonly subscription?: unknown;
}

/** Members of a reply beside `id`, `channel` and `successful`. */
export interface ReplyFields {
  readonly clientId?: string;
  readonly version?: string;
  readonly supportedConnectionTypes?: readonly string[];
  readonly advice?: Advice | undefined;
  readonly ext?: Readonly<Record<string, unknown>> | undefined;
  readonly data?: unknown;
}

/** A successful reply, as JSON text. Rules 3, 4 and 25: id and subscription are echoed as they came. */
export function successReply(request: Answered, fields: ReplyFields = {}): string {
  const { id, channel, subscription } = request;
  return JSON.stringify({ id, channel, successful: true, subscription, ...fields });
}

/** An unsuccessful reply, as JSON text. */
export function errorReply(request: Answered, error: BayeuxError, fields: ReplyFields = {}): string {
  const { id, channel, subscription } = request;
  return JSON.stringify({ id, channel, successful: false, error: error.field, subscription, ...fields });
}

/** What travels with every delivered message. */
export interface Provenance {
  /** Declared name of a browser user, else what the sender is called on its network. */
  readonly from: string;
  readonly network: string;
  /** ISO 8601. */
  readonly time: string;
  /** Delivery id. */
  readonly id: string;
}

/**
 * A message on its way to sessions, as JSON text: serialized once, however many get it. Rule 13: no clientId in it.
 *
 * @param isBinary `data.data` is Z85 text, which cometd.js's `binary` extension reads
 */
export function deliveryText(channel: string, data: unknown, provenance: Provenance, isBinary = false): string {
  const ext = isBinary ? { binary: {}, tailspin: provenance } : { tailspin: provenance };
  return JSON.stringify({ channel, data, ext });
}

/**
 * A notice in a channel's own stream that messages may be missing at this place. `ext` is only ever the server's,
 * so nobody can forge one.
 *
 * @param after delivery id of the last message before the gap, or null
 * @param before delivery id of the first message after the gap, or null where it is not known yet
 * @param count how many are missing, where that is known
 */
export function gapText(
  channel: string,
  network: string,
  time: string,
  reason: string,
  after: string | null,
  before: string | null,
  count?: number,
): string {
  const data = { gap: { reason, after, before, count } };
  return JSON.stringify({ channel, data, ext: { tailspin: { gap: true, network, time } } });
}
