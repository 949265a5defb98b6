import type { HistoryPage, HistoryQuery, NetworkMessage } from "../network.ts";
import { NetworkError } from "../network.ts";
import type { Archive, Archived, ArchiveQuery } from "./archive.ts";
import type { XmppConfig } from "./config.ts";
import type { Sent } from "./in-flight.ts";
import { decodePayload } from "./payload.ts";
import { splitJid } from "./stanzas.ts";

/** What reading history needs of the network around it. */
export interface HistoryParts {
  readonly config: XmppConfig;
  readonly archive: Archive;
  readonly isBridge: (nick: string) => boolean;
}

/** A page, and the id of the first item that the archive gave for it, whatever that was. */
interface ForwardPage extends Omit<HistoryPage, "isContiguous"> {
  readonly firstId: string | null;
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
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const page = await readForward(parts, channel, room, { type: "after", id: since.id }, limit);
    if (page === null) return NOTHING;
    if (page === "unknownId") break;
    if (await follows(parts, room, page.firstId, since.id)) return withFlag(page, true);
    // Where nothing followed, something may have been said just now: then that is asked about.
    if (page.firstId !== null) break;
  }
  if (since.timeMs === undefined) return NOTHING;
  const later = await readForward(parts, channel, room, { type: "from", timeMs: since.timeMs }, limit);
  return later === null || later === "unknownId" ? NOTHING : withFlag(later, false);
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
  return withFlag(page, first !== undefined && first.timeMs < timeMs);
}

/**
 * Whether an item of the archive stands right behind the one with that id. Ids of some servers (ejabberd) are times, and
 * they begin after any that they are told, whether it is still there or not.
 *
 * @param firstId null: the end of the archive
 */
async function follows(parts: HistoryParts, room: string, firstId: string | null, id: string): Promise<boolean> {
  const query: ArchiveQuery = firstId === null ? { type: "newest" } : { type: "newest", beforeId: firstId };
  const page = await parts.archive.page(room, query, 1);
  return page !== null && page !== "unknownId" && page.items.at(-1)?.id === id;
}

/** Archives hold more than messages (subjects, for instance), so one page may need several of theirs. */
async function readForward(
  parts: HistoryParts,
  channel: string,
  room: string,
  start: ArchiveQuery,
  limit: number,
): Promise<ForwardPage | "unknownId" | null> {
  const { config, archive } = parts;
  const messages: NetworkMessage[] = [];
  let firstId: string | null = null;
  let query = start;
  for (let count = 0; count < config.maxHistoryPages; count += 1) {
    const page = await archive.page(room, query, pageSize(config, limit - messages.length));
    if (page === null || page === "unknownId") return count === 0 ? page : "unknownId";
    firstId ??= page.items[0]?.id ?? null;
    messages.push(...toMessages(parts, channel, page.items));
    if (messages.length > limit) return { messages: messages.slice(0, limit), hasMore: true, firstId };
    if (page.isComplete) return { messages, hasMore: false, firstId };
    const last = page.items.at(-1);
    if (messages.length === limit || last === undefined) break;
    query = { type: "after", id: last.id };
  }
  // Its caller asks again from the last message, so there has to be one.
  if (messages.length === 0) throw new NetworkError("unavailable", "the archive has too much that is not a message");
  return { messages, hasMore: true, firstId };
}

function withFlag({ messages, hasMore }: ForwardPage, isContiguous: boolean): HistoryPage {
  return { messages, isContiguous, hasMore };
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
