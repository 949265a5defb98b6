/** What is voted on, and what a voter may say: pure, for members and HaloDs alike. */
import { electorateOf, isSameElectorate, type Electorate } from "./electorate.ts";

/** A term of one HaloD: no two have the same. */
export interface Ballot {
  readonly term: number;
  /** The HaloD that asks for it, by the id in its file. */
  readonly by: string;
}

/** Which proposal: those of one ballot are numbered, and numbers go on in the next. */
export interface Version {
  readonly ballot: Ballot;
  readonly serial: number;
}

/** Who is in the cluster and in which slot: all of the membership that outlives HaloD. */
export interface SavedTable {
  readonly routes: number;
  readonly epoch: number;
  readonly changedMs: number;
  /** The numbers of the active bridges, from slot 1. */
  readonly active: readonly number[];
  /** In the order in which they registered. */
  readonly bridges: readonly {
    readonly node: number;
    readonly address: string;
    readonly instance: string;
    readonly sinceMs: number;
  }[];
}

/** A state that is to take effect. */
export interface Proposal extends Version {
  readonly table: SavedTable;
  readonly electorate: Electorate;
  /** That of the state which is in force, where it is another one: it has to agree as well. */
  readonly before: Electorate | null;
}

/** What a voter remembers: a HaloD in its file, all others for as long as their processes live. */
export interface Vote {
  /** It accepts nothing of a lower one. */
  readonly promised: Ballot | null;
  /** The newest. */
  readonly accepted: Proposal | null;
}

export const NO_VOTE: Vote = { promised: null, accepted: null };

/** @returns less than 0 where the first is lower, 0 where they are the same; null is lowest */
export function compareBallots(a: Ballot | null, b: Ballot | null): number {
  if (!a || !b) return Number(a !== null) - Number(b !== null);
  if (a.term !== b.term) return a.term - b.term;
  return a.by < b.by ? -1 : Number(a.by > b.by);
}

/** The same for versions. */
export function compareVersions(a: Version | null, b: Version | null): number {
  if (!a || !b) return Number(a !== null) - Number(b !== null);
  return compareBallots(a.ballot, b.ballot) || a.serial - b.serial;
}

/** @returns what is remembered then; null where a higher ballot has been promised */
export function promised(vote: Vote, ballot: Ballot): Vote | null {
  return compareBallots(ballot, vote.promised) < 0 ? null : { ...vote, promised: ballot };
}

/** @returns what is remembered then; null where a higher ballot has been promised, or a newer state accepted */
export function accepted(vote: Vote, proposal: Proposal): Vote | null {
  const isLate = compareVersions(proposal, vote.accepted) < 0;
  return isLate || compareBallots(proposal.ballot, vote.promised) < 0
    ? null
    : { promised: proposal.ballot, accepted: proposal };
}

/** Whether two states tell the same. */
export function isSameState(a: Pick<Proposal, "table" | "electorate">, b: typeof a): boolean {
  return a.table.epoch === b.table.epoch && isSameElectorate(a.electorate, b.electorate);
}

/** Whether somebody decides what comes after a state. */
export function hasSay(proposal: Proposal | null, voter: string): boolean {
  return proposal?.electorate.voters.includes(voter) === true;
}

/** Which proposal it is, without what it says. */
export function versionOf({ ballot, serial }: Version): Version {
  return { ballot, serial };
}

/** The same, as if nobody else had ever had a say. */
export function withoutOthers(vote: Vote, voter: string): Vote {
  const { accepted: state } = vote;
  return state ? { ...vote, accepted: { ...state, electorate: electorateOf([], voter), before: null } } : vote;
}
