import { createHash } from "node:crypto";
import type { IrcLine } from "./irc-line.ts";
import { markOf } from "./marks.ts";
import { foldAscii, foldName } from "./names.ts";

/** What counting lines needs of the receiving connection. */
export interface LineIdsParts {
  /** The connection of a bridge that marks places. */
  readonly isMarker: (nick: string) => boolean;
  /** We want to be in this channel. */
  readonly isWanted: (ircChannel: string) => boolean;
  /** The name of the server that we are connected to. */
  readonly server: () => string;
  /** From here on, all bridges on this server that are in the channel give its messages the same ids. */
  readonly onMarked: (ircChannel: string) => void;
}

interface Counted {
  /** Of the ids since the last mark; null before the first one. */
  prefix: string | null;
  count: number;
  /** Prefixes that there were before, oldest first. */
  readonly used: Set<string>;
}

/** Prefixes that are remembered of one channel. */
const MAX_USED = 128;
const PREFIX_LENGTH = 16;

/**
 * Message ids on a server that has none: the lines of a channel are counted from a mark on, a JOIN that each of its members
 * sees at the same place. A server shows all its clients the same order, so two bridges on one server count the same.
 * Others order it otherwise, so its name is in the ids: on linked servers they differ, and never mean two messages.
 */
export class LineIds {
  readonly #parts: LineIdsParts;
  /** By folded channel. */
  readonly #channels = new Map<string, Counted>();

  constructor(parts: LineIdsParts) {
    this.#parts = parts;
  }

  /** Who comes and goes. @param ourNick of the receiving connection: what was counted in its absence is not known */
  onLine(line: IrcLine, ourNick: string): void {
    const [ircChannel = "", kicked = ""] = line.params;
    if (!["JOIN", "PART", "KICK"].includes(line.command)) return;
    const who = line.command === "KICK" ? kicked : line.nick;
    if (foldAscii(who) === foldAscii(ourNick)) this.#stop(this.#channels.get(foldName(ircChannel)));
    else if (line.command === "JOIN" && this.#parts.isMarker(who)) this.#onMark(ircChannel, line);
  }

  /** Counts something said, whatever it means. @returns the line, with an id where it has one now */
  identify(line: IrcLine): IrcLine {
    const { tags, prefix, nick, command, params } = line;
    if (this.#channels.size === 0 || tags["msgid"]) return line;
    // Without a whole mask it is the server that speaks, perhaps to us alone.
    if (!prefix.includes("!")) return line;
    const counted = this.#channels.get(foldName(params[0] ?? ""));
    if (counted === undefined || counted.prefix === null) return line;
    counted.count += 1;
    return { tags: { ...tags, msgid: `${counted.prefix}-${counted.count}` }, prefix, nick, command, params };
  }

  /** What names the ids that a channel's lines get now; null: they get none here. */
  prefix(ircChannel: string): string | null {
    return this.#channels.get(foldName(ircChannel))?.prefix ?? null;
  }

  /** Whether lines are counted here, and whoever counts from this prefix on counts the same: we have seen its mark. */
  agrees(ircChannel: string, prefix: string): boolean {
    const counted = this.#channels.get(foldName(ircChannel));
    return counted?.used.has(prefix) === true && counted.prefix !== null;
  }

  /** We are out of all channels for a while. */
  pause(): void {
    for (const counted of this.#channels.values()) this.#stop(counted);
  }

  /** We have left a channel for good. */
  forget(ircChannel: string): void {
    this.#channels.delete(foldName(ircChannel));
  }

  #stop(counted: Counted | undefined): void {
    if (counted !== undefined) counted.prefix = null;
  }

  #onMark(ircChannel: string, line: IrcLine): void {
    const mark = markOf(line);
    if (mark === null || !this.#parts.isWanted(ircChannel)) return;
    const key = foldName(ircChannel);
    const place = [this.#parts.server(), key, foldAscii(line.nick), mark].join(" ");
    const prefix = createHash("sha256").update(place).digest("base64url").slice(0, PREFIX_LENGTH);
    const counted = this.#channels.get(key) ?? { prefix: null, count: 0, used: new Set() };
    this.#channels.set(key, counted);
    // Only a pretender marks twice; what is counted from there would have ids that other messages had.
    const isRepeated = counted.used.has(prefix);
    counted.prefix = isRepeated ? null : prefix;
    counted.count = 0;
    if (isRepeated) return;
    counted.used.add(prefix);
    const [oldest] = counted.used;
    if (counted.used.size > MAX_USED && oldest !== undefined) counted.used.delete(oldest);
    this.#parts.onMarked(ircChannel);
  }
}
