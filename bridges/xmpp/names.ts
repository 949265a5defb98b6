import { isChannel } from "../../bayeux/index.ts";
import type { Naming } from "../naming.ts";
import { decodeBody, encodeBody } from "../names.ts";

/** The room of a channel. */
export interface RoomName {
  /** Bare JID: `chat.+room1@conference.example.org`. */
  readonly room: string;
  /** True: the name was too long and ends in a hash; the room's title has the whole one. */
  readonly isCut: boolean;
}

/** Rooms of channels, and the way back. */
export class RoomNames {
  readonly #naming: Naming;
  readonly #mucService: string;
  readonly #maxLength: number;
  /** Room → channel. */
  readonly #aliases = new Map<string, string>();

  /**
   * @param mucService domain of the rooms, lower-case
   * @param maxLength of a room's local part
   */
  constructor(naming: Naming, mucService: string, maxLength: number) {
    this.#naming = naming;
    this.#mucService = mucService;
    this.#maxLength = maxLength;
    for (const [alias, channel] of naming.aliases) this.#aliases.set(this.#roomOf(alias), channel);
  }

  /** @returns null for what is not a channel */
  encode(channel: string): RoomName | null {
    const alias = this.#naming.alias(channel);
    if (alias !== undefined) return { room: this.#roomOf(alias), isCut: false };
    const encoded = encodeBody(this.#naming.local(channel), this.#maxLength);
    return encoded === null ? null : { room: this.#roomOf(encoded.body), isCut: encoded.isCut };
  }

  /**
   * @param title of the room, which tells what a cut name stands for
   * @returns null for a room that no channel of this network has
   */
  decode(room: string, title: string | undefined): string | null {
    const folded = room.toLowerCase();
    const aliased = this.#aliases.get(folded);
    if (aliased !== undefined) return aliased;
    const [local = "", service = ""] = folded.split("@");
    if (service !== this.#mucService) return null;
    const cut = title !== undefined && this.encode(title)?.isCut === true ? title : null;
    const decoded = decodeBody(local);
    const channel = decoded === null ? cut : this.#naming.channelOf(decoded);
    // Also keeps out what an alias has led elsewhere.
    return channel !== null && isChannel(channel) && this.encode(channel)?.room === folded ? channel : null;
  }

  #roomOf(alias: string): string {
    const folded = alias.toLowerCase();
    return folded.includes("@") ? folded : `${folded}@${this.#mucService}`;
  }
}
