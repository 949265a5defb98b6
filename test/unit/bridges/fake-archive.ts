import { NetworkError } from "../../../bridges/index.ts";
import type { HistoryPage, HistoryQuery, NetworkMessage } from "../../../bridges/index.ts";

/** What a fake network has kept: nothing, until a test says so. */
export class FakeArchive {
  /** Channels of which it had older messages once. */
  readonly cut = new Set<string>();
  /** What it was asked for. */
  readonly asked: { readonly channel: string; readonly query: HistoryQuery }[] = [];
  /** Most messages of one answer. */
  pageSize = 500;
  /** How long an answer takes. */
  answerMs = 0;
  fault: NetworkError["kind"] | null = null;
  readonly #kept = new Map<string, NetworkMessage[]>();

  /** From now on it has these, behind what it has. */
  keep(channel: string, ...messages: readonly (Partial<NetworkMessage> & { readonly id: string })[]): void {
    const list = this.#kept.get(channel) ?? [];
    this.#kept.set(channel, list);
    for (const message of messages) list.push({ channel, data: message.id, from: "ann", timeMs: 0, ...message });
  }

  /** It loses its oldest messages of a channel. */
  lose(channel: string, count: number): void {
    this.#kept.get(channel)?.splice(0, count);
    this.cut.add(channel);
  }

  async answer(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    this.asked.push({ channel, query });
    // What it answers with is what it had when it was asked.
    const { fault } = this;
    const page = this.#page(channel, query);
    if (this.answerMs > 0) await new Promise((resolve) => setTimeout(resolve, this.answerMs));
    if (fault !== null) throw new NetworkError(fault, "the archive is closed");
    return page;
  }

  #page(channel: string, { since, limit }: HistoryQuery): HistoryPage {
    const all = this.#kept.get(channel);
    if (!all) return { messages: [], isContiguous: false, hasMore: false };
    if (since === null) return { messages: all.slice(-limit), isContiguous: true, hasMore: false };
    const isById = "id" in since;
    const index = all.findIndex((one) => (isById ? one.id === since.id : one.timeMs >= since.timeMs));
    const first = isById ? index + 1 : index < 0 ? all.length : index;
    const messages = all.slice(first, first + Math.min(limit, this.pageSize));
    const isContiguous = first > 0 || (!isById && !this.cut.has(channel));
    return { messages, isContiguous, hasMore: first + messages.length < all.length };
  }
}
