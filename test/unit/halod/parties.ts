import type { ChairEffect } from "../../../halod/agenda.ts";
import type { Chair } from "../../../halod/chair.ts";
import { bridgeVoter, dispatcherVoter, haloVoter } from "../../../halod/electorate.ts";
import { NO_VOTE, type SavedTable, type Vote } from "../../../halod/vote.ts";
import type { FromHalod, FromPeer, FromVoter } from "../../../halod/vote-messages.ts";
import { Voter } from "../../../halod/voter.ts";

/** What crosses a link; `cluster` is what those are told who come late. */
export type Message = FromHalod | FromVoter | FromPeer | { readonly type: "cluster"; readonly table: SavedTable };

/** One end of a link: what it has sent waits in the other one's `inbox`. */
export interface End {
  readonly owner: Halod | Member;
  readonly other: Halod | Member;
  /** What the other one is called, in this life. */
  readonly key: string;
  inbox: Message[];
  /** Whether the owner takes it for one that is up. */
  isUp: boolean;
  /** For good: what is sent is lost. */
  isBroken: boolean;
}

/** A HaloD, whose file outlives it. */
export class Halod {
  readonly id: string;
  readonly isStandby: boolean;
  file: Vote = NO_VOTE;
  /** Null while it is dead. */
  chair: Chair | null = null;
  effects: ChairEffect[] = [];
  isFrozen = false;
  /** Since when others have heard nothing of it. */
  silentMs = 0;
  /** By which it acts; 0: it does not. */
  turn = 0;
  /** What it has announced. */
  told: SavedTable | null = null;
  /** What it makes tables from. */
  table: SavedTable | null = null;

  constructor(id: string, isStandby: boolean) {
    this.id = id;
    this.isStandby = isStandby;
  }
}

/** A bridge, or a dispatcher where it has no number; it forgets everything when it is started again. */
export class Member {
  readonly node: number;
  readonly name: string;
  life = 1;
  voter = new Voter<End>();
  isAlive = true;
  table: SavedTable | null = null;

  constructor(name: string, node: number) {
    this.name = name;
    this.node = node;
  }

  get key(): string {
    const instance = `${this.name}-${this.life}`;
    return this.node > 0 ? bridgeVoter(this.node, instance) : dispatcherVoter(instance);
  }
}

/** As votes are counted. */
export function keyOf(party: Halod | Member): string {
  return party instanceof Member ? party.key : haloVoter(party.id);
}

function nameOf(party: Halod | Member): string {
  return party instanceof Member ? party.name : party.id;
}

/** Two parties, whichever comes first. */
export function pair(a: Halod | Member, b: Halod | Member): string {
  return [nameOf(a), nameOf(b)].toSorted().join(" ");
}

/** Whether an end is of a link of these two. */
export function isBetween({ owner, other }: End, a: Halod | Member, b: Halod | Member): boolean {
  return (owner === a && other === b) || (owner === b && other === a);
}
