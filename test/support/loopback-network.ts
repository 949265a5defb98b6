import type { HistoryPage, Member, Network, NetworkInbox, Publication } from "../../bridges/index.ts";

/** A network that takes everything at once and brings it back: for tests of what is in front of it. */
export class LoopbackNetwork implements Network {
  readonly name = "loopback";
  #inbox: NetworkInbox | null = null;
  #count = 0;

  start(inbox: NetworkInbox): void {
    this.#inbox = inbox;
    inbox.up();
  }

  async join(): Promise<void> {}

  async leave(): Promise<void> {}

  async publish(channel: string, { data, from }: Publication): Promise<void> {
    this.say(channel, data, from ?? "web");
  }

  members(): readonly Member[] {
    return [];
  }

  async history(): Promise<HistoryPage> {
    return { messages: [], isContiguous: false, hasMore: false };
  }

  async discover(): Promise<readonly string[]> {
    return [];
  }

  announce(): boolean {
    return false;
  }

  /** Somebody says something in a channel. */
  say(channel: string, data: unknown, from = "ann"): void {
    this.#inbox?.message({ channel, data, from, timeMs: 0, id: String(++this.#count) });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
