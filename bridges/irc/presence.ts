import type { Member, PresenceChange } from "../network.ts";
import type { IrcLine } from "./irc-line.ts";
import { foldAscii, foldName } from "./names.ts";

/** What presence needs of the network around it. */
export interface PresenceParts {
  /** Connections of bridges are not people. */
  readonly isHidden: (nick: string) => boolean;
  readonly onChange: (ircChannel: string, change: PresenceChange) => void;
  /** Signs of rank that the server puts before nicks in NAMES. */
  readonly rankSigns: () => string;
}

/** Who is in which channel, from what the receiving connection sees. */
export class Presence {
  readonly #parts: PresenceParts;
  /** Folded channel → folded nick → nick. */
  readonly #channels = new Map<string, Map<string, string>>();

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  members(ircChannel: string): readonly Member[] {
    const people = this.nicks(ircChannel).filter((nick) => !this.#parts.isHidden(nick));
    return people.map(toMember);
  }

  /** True for anybody in the channel, bridges included. */
  has(ircChannel: string, nick: string): boolean {
    return this.#channels.get(foldName(ircChannel))?.has(foldAscii(nick)) ?? false;
  }

  /** Everybody in the channel, bridges and ourselves included. */
  nicks(ircChannel: string): readonly string[] {
    return [...(this.#channels.get(foldName(ircChannel))?.values() ?? [])];
  }

  clear(): void {
    this.#channels.clear();
  }

  /** @param ourNick of the receiving connection, whose coming and going opens and ends a list */
  onLine(line: IrcLine, ourNick: string): void {
    const [first = "", second = "", third = ""] = line.params;
    switch (line.command) {
      case "JOIN":
        if (isSame(line.nick, ourNick)) this.#channels.set(foldName(first), new Map());
        else this.#onJoin(first, line.nick);
        break;
      case "PART":
        this.#onLeave(first, line.nick, ourNick);
        break;
      case "KICK":
        this.#onLeave(first, second, ourNick);
        break;
      case "QUIT":
        for (const key of this.#channels.keys()) this.#onLeave(key, line.nick, ourNick);
        break;
      case "NICK":
        this.#onNick(line.nick, first);
        break;
      case "353":
        this.#onNames(third, line.params[3] ?? "");
        break;
      default:
    }
  }

  #onJoin(ircChannel: string, nick: string): void {
    const nicks = this.#channels.get(foldName(ircChannel));
    if (nicks === undefined || nicks.has(foldAscii(nick))) return;
    nicks.set(foldAscii(nick), nick);
    if (!this.#parts.isHidden(nick)) this.#tell(ircChannel, { type: "joined", member: toMember(nick) });
  }

  #onLeave(ircChannel: string, nick: string, ourNick: string): void {
    const key = foldName(ircChannel);
    if (isSame(nick, ourNick)) {
      this.#channels.delete(key);
      return;
    }
    const nicks = this.#channels.get(key);
    // As they wrote it themselves: whoever kicks may write it otherwise.
    const known = nicks?.get(foldAscii(nick));
    if (known === undefined) return;
    nicks?.delete(foldAscii(nick));
    if (!this.#parts.isHidden(known)) this.#tell(ircChannel, { type: "left", member: toMember(known) });
  }

  #onNick(former: string, nick: string): void {
    for (const [key, nicks] of this.#channels) {
      if (!nicks.delete(foldAscii(former))) continue;
      nicks.set(foldAscii(nick), nick);
      const [wasHidden, isHidden] = [this.#parts.isHidden(former), this.#parts.isHidden(nick)];
      const member = toMember(nick);
      const formerId = toMember(former).id;
      if (!wasHidden && !isHidden) this.#tell(key, { type: "renamed", member, formerId, formerName: former });
      else if (wasHidden && !isHidden) this.#tell(key, { type: "joined", member });
      else if (isHidden && !wasHidden) this.#tell(key, { type: "left", member: toMember(former) });
    }
  }

  #onNames(ircChannel: string, names: string): void {
    const nicks = this.#channels.get(foldName(ircChannel));
    const signs = this.#parts.rankSigns();
    for (const name of names.split(" ")) {
      let start = 0;
      while (start < name.length && signs.includes(name.charAt(start))) start += 1;
      // With userhost-in-names, the nick comes with its mask.
      const nick = name.slice(start).replace(/!.*$/, "");
      if (nick !== "") nicks?.set(foldAscii(nick), nick);
    }
  }

  #tell(ircChannel: string, change: PresenceChange): void {
    this.#parts.onChange(ircChannel, change);
  }
}

function toMember(nick: string): Member {
  return { id: `irc:${foldAscii(nick)}`, name: nick };
}

function isSame(nick: string, other: string): boolean {
  return foldAscii(nick) === foldAscii(other);
}

/** The signs of rank before nicks in NAMES. @param told the server's PREFIX, as irc-framework reads it */
export function rankSignsOf(told: unknown): string {
  if (!Array.isArray(told)) return "~&@%+";
  return told.map((rank: { symbol?: unknown }) => String(rank.symbol)).join("");
}
