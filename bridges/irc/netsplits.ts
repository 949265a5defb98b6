import type { NetworkInbox } from "../network.ts";
import type { Channel, Channels } from "./channels.ts";
import type { IrcLine } from "./irc-line.ts";
import { foldAscii, foldName } from "./names.ts";
import type { Presence } from "./presence.ts";

/** What the watch on netsplits needs of the receiving connection. */
export interface NetsplitsParts {
  readonly channels: Channels;
  readonly presence: Pick<Presence, "has">;
  readonly inbox: () => Pick<NetworkInbox, "gap"> | null;
}

/**
 * How servers let somebody quit whose server they have lost: the names of the two, or `*.net *.split`. What people say
 * when they quit themselves comes with a prefix or in quotes, with most servers; with the others a joker can make a gap
 * notice, which is a false alarm.
 */
const SPLIT = /^[\w*-]+(?:\.[\w*-]+)+ [\w*-]+(?:\.[\w*-]+)+$/;
/** People of all channels who are remembered as being on the other side; beyond that, the oldest are forgotten. */
const MAX_GONE = 10_000;
const KEY_END = " ";

/**
 * Notices that linked servers have lost each other. What is said on the other side meanwhile reaches nobody here, and no
 * history that we can ask has it; so the channel tells a gap when people go in a split, and again when they are back.
 */
export class Netsplits {
  readonly #parts: NetsplitsParts;
  /** Folded channel and nick → the reason of the split; oldest first. */
  readonly #gone = new Map<string, string>();

  constructor(parts: NetsplitsParts) {
    this.#parts = parts;
  }

  /** Before presence has heard the line. */
  onLine({ command, nick, params }: IrcLine): void {
    const [first = ""] = params;
    if (command === "QUIT" && SPLIT.test(first)) this.#onSplit(nick, first);
    else if (command === "JOIN") this.#onJoin(nick, first);
  }

  /** We are out of a channel, and do not see who comes back. */
  forget({ ircChannel }: Channel): void {
    const start = keyOf(ircChannel, "");
    for (const key of this.#gone.keys()) if (key.startsWith(start)) this.#gone.delete(key);
  }

  /** We are out of all of them. */
  clear(): void {
    this.#gone.clear();
  }

  #onSplit(nick: string, reason: string): void {
    const { channels, presence, inbox } = this.#parts;
    for (const { name, ircChannel, state } of channels.all()) {
      if (state !== "joined" || !presence.has(ircChannel, nick)) continue;
      const key = keyOf(ircChannel, nick);
      this.#gone.delete(key);
      this.#gone.set(key, reason);
      if (this.#gone.size > MAX_GONE) this.#forgetOldest();
      inbox()?.gap(name, `the network is split: ${reason}`, true);
    }
  }

  #onJoin(nick: string, ircChannel: string): void {
    const key = keyOf(ircChannel, nick);
    const reason = this.#gone.get(key);
    if (reason === undefined) return;
    this.#gone.delete(key);
    const channel = this.#parts.channels.find(ircChannel);
    if (channel?.state === "joined") this.#parts.inbox()?.gap(channel.name, `the network was split: ${reason}`, true);
  }

  #forgetOldest(): void {
    for (const key of this.#gone.keys()) {
      this.#gone.delete(key);
      return;
    }
  }
}

function keyOf(ircChannel: string, nick: string): string {
  return foldName(ircChannel) + KEY_END + foldAscii(nick);
}
