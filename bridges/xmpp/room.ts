import type { NetworkError } from "../network.ts";
import type { Occupants } from "./occupants.ts";

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
  /** While joining, leaving or joined: since when. While out: when it is tried again. Milliseconds. */
  sinceMs = 0;
  nick = "";
  nickIndex = 0;
  joinId = "";
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
