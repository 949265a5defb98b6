import type { Agenda } from "./agenda.ts";
import { RETRY_MS } from "./chair-options.ts";
import { electorateOf, nextElectorate, type Electorate } from "./electorate.ts";
import type { OwnVote } from "./own-vote.ts";
import type { Presence } from "./presence.ts";
import {
  compareVersions,
  isSameState,
  versionOf,
  type Ballot,
  type Proposal,
  type SavedTable,
  type Version,
} from "./vote.ts";

export interface DocketOptions {
  readonly agenda: Agenda;
  readonly own: OwnVote;
  readonly presence: Presence;
  /** This HaloD, as a voter. */
  readonly self: string;
  readonly isStandby: boolean;
}

/** A proposal that is not decided yet, and who has accepted it; and when somebody did last. */
interface Motion {
  readonly proposal: Proposal;
  readonly by: Set<string>;
  sinceMs: number;
}

/** What a HaloD that acts proposes, one thing at a time, until enough have accepted it. */
export class Docket {
  readonly #options: DocketOptions;
  #motion: Motion | null = null;
  #wanted: { readonly table: SavedTable; readonly voters: readonly string[] } | null = null;

  constructor(options: DocketOptions) {
    this.#options = options;
  }

  /** What was on its way is given up: whoever goes on does so from what is in force. */
  clear(): void {
    this.#motion = null;
    this.#wanted = null;
  }

  want(table: SavedTable, voters: readonly string[]): void {
    this.#wanted = { table, voters };
  }

  /** Proposes what is wanted, where that is news, and in place of what nobody accepts any more. */
  advance(ballot: Ballot, nowMs: number): void {
    if (!this.#wanted) return;
    const { table, voters } = this.#wanted;
    const { own, presence, self, isStandby } = this.#options;
    const known = own.inForce?.electorate ?? null;
    const electorate = nextElectorate(known, voters, { self, other: presence.peer?.voter ?? null, isStandby });
    const base = this.#motion?.proposal ?? own.inForce;
    if (base && isSameState(base, { table, electorate })) return;
    if (this.#motion && nowMs - this.#motion.sinceMs < RETRY_MS) return;
    // Of the first table there is one, whatever happens: we alone can make it.
    this.propose({ ballot, table, electorate, before: known ?? electorateOf([], self) }, nowMs);
  }

  /** @param after what has a greater serial than that */
  propose(what: Omit<Proposal, "serial">, nowMs: number, after = 0): void {
    const { own, presence, agenda } = this.#options;
    const proposal = { ...what, serial: Math.max(own.accepted?.serial ?? 0, after) + 1 };
    this.#motion = { proposal, by: new Set(), sinceMs: nowMs };
    own.keep({ promised: proposal.ballot, accepted: proposal });
    for (const voter of presence.others) agenda.send(voter, { type: "propose", proposal });
    agenda.add({ type: "stored", version: proposal });
  }

  /** Tells one more of what is proposed, if anything is. */
  repeat(voter: string): void {
    const proposal = this.#motion?.proposal;
    if (proposal) this.#options.agenda.send(voter, { type: "propose", proposal });
  }

  /** @returns whether something has been decided by it */
  onAccepted(voter: string, version: Version, nowMs: number): boolean {
    const { own, agenda, self } = this.#options;
    if (this.#motion && compareVersions(this.#motion.proposal, version) === 0) {
      this.#motion.by.add(voter);
      this.#motion.sinceMs = nowMs;
      return this.#decide(this.#motion);
    }
    if (own.inForce && compareVersions(own.inForce, version) === 0 && voter !== self)
      agenda.send(voter, { type: "commit", version });
    return false;
  }

  #decide({ proposal, by }: Motion): boolean {
    const { own, presence, agenda, self } = this.#options;
    const { electorate, before } = proposal;
    const agree = (all: Electorate) => presence.agree(all, by);
    if (!by.has(self) || !agree(electorate) || (before && !agree(before))) return false;
    this.#motion = null;
    own.onInForce(proposal);
    presence.forget(electorate);
    agenda.add({ type: "committed", proposal });
    // Bridges come before dispatchers.
    const others = [...by].filter((voter) => voter !== self).toSorted();
    for (const voter of others) agenda.send(voter, { type: "commit", version: versionOf(proposal) });
    return true;
  }
}
