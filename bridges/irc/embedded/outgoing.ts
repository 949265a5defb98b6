import { MESSAGE_TAGS, SERVER_TIME } from "./caps.ts";

/** The tags of a message that many clients get, each according to its capabilities. */
export interface OutgoingTags {
  /** ISO 8601 with milliseconds, for server-time. */
  readonly time: string;
  /** For message-tags; undefined on what is not a PRIVMSG, NOTICE or TAGMSG. */
  readonly msgid?: string;
  /** Client-only tags as they came, for message-tags. */
  readonly clientTags?: string;
}

/** One message on its way to many clients, serialized once for each set of capabilities that differs. */
export class Outgoing {
  readonly #line: string;
  readonly #tags: OutgoingTags;
  readonly #variants: (string | undefined)[] = [];

  /** @param line with its prefix, without tags and line end */
  constructor(line: string, tags: OutgoingTags) {
    this.#line = line;
    this.#tags = tags;
  }

  /** The bytes (latin1) for a client with this capability set, line end included. */
  for(caps: number): string {
    const variant = caps & (MESSAGE_TAGS | SERVER_TIME);
    return (this.#variants[variant] ??= this.#serialize(variant));
  }

  #serialize(caps: number): string {
    const tags: string[] = [];
    if ((caps & MESSAGE_TAGS) !== 0 && this.#tags.msgid !== undefined) tags.push(`msgid=${this.#tags.msgid}`);
    if ((caps & SERVER_TIME) !== 0) tags.push(`time=${this.#tags.time}`);
    if ((caps & MESSAGE_TAGS) !== 0 && this.#tags.clientTags) tags.push(this.#tags.clientTags);
    return tags.length === 0 ? `${this.#line}\r\n` : `@${tags.join(";")} ${this.#line}\r\n`;
  }
}
