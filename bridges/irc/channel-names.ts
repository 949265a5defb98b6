import type { Naming } from "../naming.ts";
import { decodeName, encodeName, foldName, type IrcName } from "./names.ts";

/** What a channel is called on IRC: its alias, or the name that follows from its own. Null for what is not a channel. */
export function toIrcName(channel: string, maxLength: number, naming: Naming): IrcName | null {
  const alias = naming.alias(channel);
  return alias === undefined ? encodeName(naming.local(channel), maxLength) : { ircChannel: alias, isCut: false };
}

/** Reads names of IRC channels that are found, in the server's letter case. */
export class ChannelReader {
  readonly #naming: Naming;
  readonly #aliases: ReadonlyMap<string, string>;

  constructor(naming: Naming) {
    this.#naming = naming;
    this.#aliases = new Map([...naming.aliases].map(([ircChannel, channel]) => [foldName(ircChannel), channel]));
  }

  /**
   * @param topic where a cut name's whole name may stand, as its last word
   * @param maxLength the server's CHANNELLEN
   * @returns null for a channel that has no name here
   */
  read(ircChannel: string, topic: string, maxLength: number): string | null {
    const key = foldName(ircChannel);
    const alias = this.#aliases.get(key);
    if (alias !== undefined) return alias;
    const local = decodeName(ircChannel) ?? fromTopic(key, topic, maxLength);
    const channel = local === null ? null : this.#naming.channelOf(local);
    // A channel with an alias is elsewhere.
    return channel === null || this.#naming.alias(channel) !== undefined ? null : channel;
  }
}

/** The name's hash proves that it is this channel's, and not somebody's words. */
function fromTopic(key: string, topic: string, maxLength: number): string | null {
  const name = topic.split(" ").at(-1) ?? "";
  const encoded = encodeName(name, maxLength);
  return encoded?.isCut === true && encoded.ircChannel === key ? name : null;
}
