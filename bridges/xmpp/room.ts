import { xml, type Element } from "@xmpp/client";
import { NetworkError } from "../network.ts";
import type { Occupants } from "./occupants.ts";
import { NS } from "./stanzas.ts";

/** Earlier joins of a room that may still be answered. */
const MAX_OLD_JOINS = 16;

/** A MUC room: one that we are in, or want to be in, or are leaving. */
export class Room {
  /** The channel. */
  readonly name: string;
  /** Bare JID. */
  readonly jid: string;
  readonly occupants: Occupants;
  /** False: it was left, and what is under way only has to end. */
  isWanted = true;
  state: "out" | "joining" | "joined" | "leaving" = "out";
  isSettingUp = false;
  /** Why we were thrown out, or away; null before the first join, and while we are in. */
  absence: string | null = null;
  /** A join that was to bring us back was not answered. */
  isOverdue = false;
  /** While joining, leaving or joined: since when; `Infinity` for a join whose turn has not come. While out: when it is tried again. Milliseconds. */
  sinceMs = 0;
  nick = "";
  nickIndex = 0;
  joinId = "";
  /** Of earlier joins: a server that was busy answers them late, and ends what they began. Oldest first. */
  readonly #oldJoinIds = new Set<string>();
  pending: PromiseWithResolvers<void> | null = null;
  /** Archive id of the last message that we saw; null before the first. */
  lastId: string | null = null;
  /** When the room last showed that it knows us, in milliseconds. */
  heardMs = 0;

  constructor(name: string, jid: string, makeOccupants: (room: Room) => Occupants) {
    this.name = name;
    this.jid = jid;
    this.occupants = makeOccupants(this);
  }

  get isJoined(): boolean {
    return this.isWanted && this.state === "joined";
  }

  /** From now on only the answer to this join counts. */
  beginJoin(id: string, nowMs: number): void {
    this.isSettingUp = false;
    this.sinceMs = nowMs;
    if (this.joinId !== "") this.#oldJoinIds.add(this.joinId);
    for (const old of this.#oldJoinIds) {
      if (this.#oldJoinIds.size <= MAX_OLD_JOINS) break;
      this.#oldJoinIds.delete(old);
    }
    this.joinId = id;
  }

  /** Not every server repeats the id of what it answers. */
  isOldJoin(id: string | undefined): boolean {
    return id !== undefined && this.#oldJoinIds.has(id);
  }

  /** Answers whoever waits for the join. */
  settle(error: NetworkError | null): void {
    const { pending } = this;
    this.pending = null;
    if (error === null) pending?.resolve();
    else {
      pending?.promise.catch(() => undefined); // Nobody waits for a rejoin.
      pending?.reject(error);
    }
  }
}

/** @throws NetworkError where we are not in it: `unavailable` while we are coming back */
export function joinedRoom(room: Room | undefined): Room {
  if (room?.isJoined === true) return room;
  const isComingBack = room?.isWanted === true && room.state === "joining" && room.absence !== null;
  if (isComingBack) throw new NetworkError("unavailable", `the room is joined again: ${room.absence}`);
  throw new NetworkError("refused", "not in the channel");
}

/** Asks to be let in (XEP-0045 §7.2), without what was said before. */
export function joinStanza({ jid, nick, joinId }: Room, password: string | undefined): Element {
  const secret = password === undefined ? null : xml("password", null, password);
  const x = xml("x", { xmlns: NS.muc }, xml("history", { maxstanzas: "0" }), secret);
  return xml("presence", { to: `${jid}/${nick}`, id: joinId }, x);
}
