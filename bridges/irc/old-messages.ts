import type { HistoryPage, HistoryQuery, NetworkMessage } from "../network.ts";
import type { IrcLine } from "./irc-line.ts";
import { Inbound, type InboundParts } from "./inbound.ts";

/** What old lines say, oldest first. */
export interface OldMessages {
  readonly messages: readonly NetworkMessage[];
  /** Numbers of messages before which one could not be read. */
  readonly breaks: readonly number[];
}

/** A page where nothing is kept. */
export const NOTHING_KEPT: HistoryPage = { messages: [], isContiguous: false, hasMore: false };

/** Servers cut the times of what they keep to seconds. */
const GRAIN_MS = 1_000;

/** Reads old lines of a channel with the codec for new ones. */
export function readOld(channel: string, lines: readonly IrcLine[], parts: Omit<InboundParts, "inbox">): OldMessages {
  const messages: NetworkMessage[] = [];
  const breaks: number[] = [];
  const inbox = {
    message: (message: NetworkMessage): void => void messages.push(message),
    gap: (): void => void breaks.push(messages.length),
  };
  const inbound = new Inbound({ ...parts, inbox });
  for (const line of lines) {
    if ((line.command === "PRIVMSG" || line.command === "NOTICE") && line.nick !== "") inbound.onLine(channel, line);
  }
  return { messages, breaks };
}

/**
 * Cuts the page that was asked for from all that the server has kept.
 *
 * Whatever is kept is the end of what was said, without holes; so nothing is missing after a message that is in it.
 */
export function pageOfAll(old: OldMessages, { since, limit }: HistoryQuery): HistoryPage {
  const { messages } = old;
  if (since === null) return pageFrom(old, Math.max(0, messages.length - limit), messages.length > 0, limit);
  const found = "id" in since ? messages.findLastIndex(({ id }) => id === since.id) : -1;
  if (found >= 0) return pageFrom(old, found + 1, true, limit);
  const { timeMs } = since;
  if (timeMs === undefined) return pageFrom(old, 0, false, limit);
  const secondMs = Math.floor(timeMs / GRAIN_MS) * GRAIN_MS;
  const first = messages.findIndex((message) => message.timeMs >= secondMs);
  const start = first < 0 ? messages.length : first;
  // Anything older is a proof that the server has not dropped what came after it.
  return pageFrom(old, start, start > 0, limit);
}

/** The page that begins with the message of this number. */
export function pageFrom(
  { messages, breaks }: OldMessages,
  start: number,
  isContiguous: boolean,
  limit: number,
): HistoryPage {
  const end = Math.min(messages.length, start + limit);
  const hasMore = end < messages.length;
  const isBroken = breaks.some((number) => number >= start && (number < end || !hasMore));
  return { messages: messages.slice(start, end), isContiguous: isContiguous && !isBroken, hasMore };
}
