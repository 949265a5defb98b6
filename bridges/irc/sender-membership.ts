import type { Connection } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import { foldAscii, foldName } from "./names.ts";
import { END_OF_NAMES, joinLine, refusesJoin, TOO_MANY_CHANNELS, words } from "./replies.ts";

/** Who is told how a join ended. Keys are folded channel names. */
export interface MembershipOwner {
  /** Joined, and the receiving connection has seen what the server handled before. */
  onJoined(key: string): void;
  onRefused(key: string, reason: string): void;
}

interface Join {
  /** Why a message was refused without it. */
  readonly cause: string;
  /** As it is sent. */
  readonly line: string;
  /** The connection is in as many channels as it may be: one of them has to be left first. */
  needsRoom: boolean;
  startedMs: number | null;
  isConfirmed: boolean;
  /** It was left before it was joined. */
  isLeft: boolean;
}

/** The channels that a sending connection had to join (mode +n), so that its messages are let in. */
export class SenderMembership {
  readonly #connection: Connection;
  readonly #barrier: (ircChannel: string) => Promise<void>;
  readonly #owner: MembershipOwner;
  readonly #joined = new Set<string>();
  readonly #joins = new Map<string, Join>();

  constructor(connection: Connection, barrier: (ircChannel: string) => Promise<void>, owner: MembershipOwner) {
    this.#connection = connection;
    this.#barrier = barrier;
    this.#owner = owner;
  }

  /** True until every join is answered: what is sent meanwhile would overtake what is sent again. */
  get isJoining(): boolean {
    return this.#joins.size > 0;
  }

  /** @param channelKey for channels that need one (mode +k) @returns false when we are in the channel already, so that joining cannot help */
  join(ircChannel: string, cause: string, channelKey: string | undefined): boolean {
    const key = foldName(ircChannel);
    const known = this.#joins.get(key);
    if (known !== undefined) known.isLeft = false;
    if (known !== undefined) return true;
    if (this.#joined.has(key)) return false;
    const line = joinLine(ircChannel, channelKey);
    this.#joins.set(key, { cause, line, needsRoom: false, startedMs: null, isConfirmed: false, isLeft: false });
    this.#connection.send(line);
    return true;
  }

  leave(ircChannel: string): void {
    const join = this.#joins.get(foldName(ircChannel));
    if (join !== undefined) join.isLeft = true;
    else if (this.#joined.delete(foldName(ircChannel)) && this.#connection.isRegistered) {
      this.#connection.send(`PART ${ircChannel}`);
    }
  }

  clear(): void {
    this.#joined.clear();
    this.#joins.clear();
  }

  /** @returns true when the line was about membership */
  onLine(line: IrcLine): boolean {
    const [first = "", second = ""] = line.params;
    const ourNick = foldAscii(this.#connection.nick);
    if (line.command === "PART" || line.command === "KICK") {
      const leaver = line.command === "PART" ? line.nick : second;
      if (foldAscii(leaver) === ourNick) this.#joined.delete(foldName(first));
      return true;
    }
    const key = foldName(second);
    const join = this.#joins.get(key);
    if (join === undefined) return false;
    if (line.command === END_OF_NAMES) void this.#finish(key, join);
    else if (line.command === TOO_MANY_CHANNELS && this.#joined.size > 0) {
      join.needsRoom = true;
      this.#makeRoom();
    } else if (refusesJoin(line)) this.#fail(key, join, words(line));
    // More refusals of lines that were on their way before the join: they are sent again as well.
    else return line.command === "404";
    return true;
  }

  /** Gives up joins that are not answered. */
  sweep(nowMs: number, timeoutMs: number): void {
    for (const [key, join] of this.#joins) {
      join.startedMs ??= nowMs;
      if (nowMs - join.startedMs >= timeoutMs) this.#fail(key, join, "the server did not answer");
    }
  }

  async #finish(key: string, join: Join): Promise<void> {
    if (join.isConfirmed) return;
    join.isConfirmed = true;
    this.#joined.add(key);
    try {
      await this.#barrier(key);
    } catch {
      // The receiving connection is lost: what was on its way is settled already.
    }
    if (this.#joins.get(key) !== join) return;
    this.#joins.delete(key);
    this.#owner.onJoined(key);
    if (join.isLeft) this.leave(key);
    this.#makeRoom();
  }

  /** Leaves the channels that it joined first, where others cannot be joined without; what was sent there has arrived. */
  #makeRoom(): void {
    for (const join of this.#joins.values()) {
      if (!join.needsRoom) continue;
      // One that was just joined is needed until what was refused has been sent again.
      const [left] = [...this.#joined].filter((key) => !this.#joins.has(key));
      if (left === undefined || !this.#connection.isRegistered) return;
      this.leave(left);
      join.needsRoom = false;
      this.#connection.send(join.line);
    }
  }

  #fail(key: string, join: Join, reason: string): void {
    this.#joins.delete(key);
    this.#owner.onRefused(key, `${join.cause}; joining failed: ${reason}`);
  }
}
