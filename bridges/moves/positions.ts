import type { Channel } from "../channel/channel.ts";
import type { Log } from "../log/log.ts";
import { MAX_RECENT_IDS, type ChannelPosition } from "../session/snapshot.ts";

/** How far the log is in channels, for sessions that go; made once for all who go between two messages. */
export class Positions {
  readonly #messages: Log;
  readonly #made = new Map<string, ChannelPosition>();

  constructor(messages: Log) {
    this.#messages = messages;
  }

  /** @returns the same object as before where nothing has come since */
  of(channels: Iterable<Channel>): ChannelPosition[] {
    return [...channels].map(({ name }) => this.#positionOf(name));
  }

  #positionOf(channel: string): ChannelPosition {
    const known = this.#made.get(channel);
    const last = this.#messages.lastId(channel);
    if (known && known.last === last) return known;
    const position = { channel, last, recent: this.#messages.recentIds(channel, MAX_RECENT_IDS) };
    this.#made.set(channel, position);
    return position;
  }
}
