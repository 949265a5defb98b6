import { setTimeout as after } from "node:timers/promises";
import {
  type HistoryPage,
  type Member,
  type Network,
  NetworkError,
  type NetworkInbox,
  type Publication,
} from "../../bridges/index.ts";

const SLOW_MS = 15;

/** A network of which every channel has a temper of its own, told by its name: slow, refused, lost, away, or none. */
export class MoodyNetwork implements Network {
  readonly name = "moody";
  readonly #joined = new Set<string>();
  #inbox: NetworkInbox | null = null;
  #count = 0;

  /** How many channels it is in. */
  get joined(): number {
    return this.#joined.size;
  }

  start(inbox: NetworkInbox): void {
    this.#inbox = inbox;
    inbox.up();
  }

  async join(channel: string): Promise<void> {
    if (channel.includes("slow")) await after(SLOW_MS);
    if (channel.includes("refused")) throw new NetworkError("refused", "Cannot join channel (+i)");
    if (channel.includes("away")) await new Promise(() => undefined);
    this.#joined.add(channel);
  }

  async leave(channel: string): Promise<void> {
    this.#joined.delete(channel);
  }

  async publish(channel: string, { data, from }: Publication): Promise<void> {
    if (channel.includes("slow")) await after(SLOW_MS);
    if (channel.includes("lost")) throw new NetworkError("unknown", "the connection was lost");
    this.#inbox?.message({ channel, data, from: from ?? "web", timeMs: 0, id: String(++this.#count) });
  }

  members(): readonly Member[] {
    return [];
  }

  async history(): Promise<HistoryPage> {
    return { messages: [], isContiguous: false, hasMore: false };
  }

  /** What it is in, and others. Names of all tempers are among them, and some that no pattern stands for. */
  async discover(limit: number): Promise<readonly string[]> {
    await after(1);
    const others = ["/found", "/slow/found", "/a/found", "/a/refused", "/service/x", "/presence/a", "/meta/connect"];
    return [...new Set([...this.#joined, ...others])].slice(0, limit);
  }

  announce(): boolean {
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
