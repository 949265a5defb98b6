import type { HistoryPage, HistoryQuery, NetworkMessage } from "../network.ts";
import { NetworkError } from "../network.ts";
import type { Archive, Archived, ArchiveQuery } from "./archive.ts";
import type { XmppConfig } from "./config.ts";
import type { Sent } from "./in-flight.ts";
import { mayHave } from "./kept-ids.ts";
import { decodePayload } from "./payload.ts";
import { splitJid } from "./stanzas.ts";

/** What reading history needs of the network around it. */
export interface HistoryParts {
  readonly config: XmppConfig;
  readonly archive: Archive;
  readonly isBridge: (nick: string) => boolean;
}

/** Smaller pages are not asked for, as there may be things in between that are not messages. */
const MIN_PAGE_SIZE = 20;
const NOTHING: HistoryPage = { messages: [], isContiguous: false, hasMore: false };

/**
 * Reads what a room has kept.
 *
 * @throws NetworkError `refused` or `unavailable`
 */
export async function readHistory(
  parts: HistoryParts,
  channel: string,
  room: string,
  { since, limit }: HistoryQuery,
): Promise<HistoryPage> {
  if (since === null) return readNewest(parts, channel, room, limit);
  if (!("id" in since)) return readFrom(parts, channel, room, since.timeMs, limit);
  const page = (await mayHave(parts.archive, room, since.id))
    ? await readForward(parts, channel, room, { type: "after", id: since.id }, limit)
    : "unknownId";
  if (page !== "unknownId") return page === null ? NOTHING : { ...page, isContiguous: true };
  if (since.timeMs === undefined) return NOTHING;
  const later = await readForward(parts, channel, room, { type: "from", timeMs: since.timeMs }, limit);
  return later === null || later === "unknownId" ? NOTHING : { ...later, isContiguous: false };
}

/**
 * Looks for messages of ours that were sent when the connection died.
 *
 * @param lost messages to one room, sent on one connection
 * @returns those that the archive has; and whether it was read from before them to its end, so that the others never arrived
 * @throws NetworkError `refused` or `unavailable`
 */
export async function findLost(
  parts: HistoryParts,
  room: string,
  lost: readonly Sent[],
): Promise<{ readonly found: ReadonlySet<Sent>; readonly isCertain: boolean }> {
  const { config, archive, isBridge } = parts;
  const byOrigin = new Map(lost.map((sent) => [sent.originId, sent]));
  const found = new Set<Sent>();
  const afterId = lost[0]?.afterId ?? null;
  let query: ArchiveQuery = afterId === null ? { type: "newest" } : { type: "after", id: afterId };
  for (let count = 0; count < config.maxHistoryPages; count += 1) {
    const page = await archive.page(room, query, config.historyPageSize);
    if (page === null || page === "unknownId") return { found, isCertain: false };
    for (const { message } of page.items) {
      const [, nick] = splitJid(message.attrs["from"] ?? "");
      const sent = byOrigin.get(decodePayload(message, isBridge(nick))?.originId ?? "");
      if (sent !== undefined) found.add(sent);
    }
    if (page.isComplete || found.size === lost.length) return { found, isCertain: page.isComplete };
    const next: Archived | undefined = query.type === "newest" ? page.items[0] : page.items.at(-1);
    if (next === undefined) break;
    query = query.type === "newest" ? { type: "newest", beforeId: next.id } : { type: "after", id: next.id };
  }
  return { found, isCertain: false };
}

async function readNewest(parts: HistoryParts, channel: string, room: string, limit: number): Promise<HistoryPage> {
  const { config, archive } = parts;
  let messages: NetworkMessage[] = [];
  let query: ArchiveQuery = { type: "newest" };
  for (let count = 0; count < config.maxHistoryPages; count += 1) {
    const page = await archive.page(room, query, pageSize(config, limit - messages.length));
    if (page === null || page === "unknownId") break;
    messages = [...toMessages(parts, channel, page.items), ...messages];
    const [first] = page.items;
    const isAll = page.isComplete && messages.length <= limit;
    if (messages.length >= limit) return { messages: messages.slice(-limit), isContiguous: isAll, hasMore: false };
    if (page.isComplete || first === undefined) return { messages, isContiguous: page.isComplete, hasMore: false };
    query = { type: "newest", beforeId: first.id };
  }
  return { messages, isContiguous: false, hasMore: false };
}

/** Nothing is missing only where the archive reaches back to before that time. */
async function readFrom(
  parts: HistoryParts,
  channel: string,
  room: string,
  timeMs: number,
  limit: number,
): Promise<HistoryPage> {
  const page = await readForward(parts, channel, room, { type: "from", timeMs }, limit);
  if (page === null || page === "unknownId") return NOTHING;
  const oldest = await parts.archive.page(room, { type: "from", timeMs: 0 }, 1);
  const [first] = oldest === null || oldest === "unknownId" ? [] : oldest.items;
  return { ...page, isContiguous: first !== undefined && first.timeMs < timeMs };
}

/** Archives hold more than messages (subjects, for instance), so one page may need several of theirs. */
async function readForward(
  parts: HistoryParts,
  channel: string,
  room: string,
  start: ArchiveQuery,
  limit: number,
): Promise<Omit<HistoryPage, "isContiguous"> | "unknownId" | null> {
  const { config, archive } = parts;
  const messages: NetworkMessage[] = [];
  let query = start;
  for (let count = 0; count < config.maxHistoryPages; count += 1) {
    const page = await archive.page(room, query, pageSize(config, limit - messages.length));
    if (page === null || page === "unknownId") return count === 0 ? page : "unknownId";
    messages.push(...toMessages(parts, channel, page.items));
    if (messages.length > limit) return { messages: messages.slice(0, limit), hasMore: true };
    if (page.isComplete) return { messages, hasMore: false };
    const last = page.items.at(-1);
    if (messages.length === limit || last === undefined) break;
    query = { type: "after", id: last.id };
  }
  // Its caller asks again from the last message, so there has to be one.
  if (messages.length === 0) throw new NetworkError("unavailable", "the archive has too much that is not a message");
  return { messages, hasMore: true };
}

function pageSize({ historyPageSize }: XmppConfig, wanted: number): number {
  return Math.min(historyPageSize, Math.max(wanted, MIN_PAGE_SIZE));
}

function toMessages(parts: HistoryParts, channel: string, items: readonly Archived[]): NetworkMessage[] {
  return items.flatMap(({ id, timeMs, message }) => {
    const [, nick] = splitJid(message.attrs["from"] ?? "");
    const said = nick === "" ? null : decodePayload(message, parts.isBridge(nick));
    return said === null ? [] : [{ channel, data: said.data, from: said.from ?? nick, timeMs, id }];
  });
}
