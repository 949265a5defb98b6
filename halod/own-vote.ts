import type { Agenda } from "./agenda.ts";
import {
  accepted,
  compareBallots,
  compareVersions,
  promised,
  versionOf,
  type Ballot,
  type Proposal,
  type Version,
  type Vote,
} from "./vote.ts";
import type { FromHalod } from "./vote-messages.ts";

/** What a HaloD itself has promised and accepted, whoever asks: each of it is written before it is said. */
export class OwnVote {
  readonly #agenda: Agenda;
  #vote: Vote;
  #seen: Ballot | null;
  #inForce: Proposal | null = null;

  constructor(agenda: Agenda, vote: Vote) {
    this.#agenda = agenda;
    this.#vote = vote;
    this.#seen = vote.promised;
  }

  get promised(): Ballot | null {
    return this.#vote.promised;
  }

  get accepted(): Proposal | null {
    return this.#vote.accepted;
  }

  /** The highest ballot that we have heard of. */
  get seen(): Ballot | null {
    return this.#seen;
  }

  /** As far as we know. */
  get inForce(): Proposal | null {
    return this.#inForce;
  }

  see(ballot: Ballot | null): void {
    if (compareBallots(ballot, this.#seen) > 0) this.#seen = ballot;
  }

  /** For a ballot of our own. */
  keep(changes: Partial<Vote>): void {
    this.#vote = { ...this.#vote, ...changes };
    this.see(this.#vote.promised);
    this.#agenda.add({ type: "write", vote: this.#vote });
  }

  onInForce(proposal: Proposal): void {
    this.#inForce = proposal;
  }

  /** What we have accepted is in force, if it is this. */
  onCommit(version: Version): void {
    if (compareVersions(this.#vote.accepted, version) === 0) this.#inForce = this.#vote.accepted;
  }

  /** @param isActing we act ourselves @returns whether the other HaloD has our promise */
  onAsk(voter: string, { ballot, has }: FromHalod & { type: "ask" }, isActing: boolean): boolean {
    this.see(ballot);
    if (isActing) return this.#decline(voter, true);
    const vote = promised(this.#vote, ballot);
    if (!vote) return this.#decline(voter, false);
    this.keep(vote);
    const isNews = compareVersions(vote.accepted, has) > 0;
    const inForce = this.#inForce && versionOf(this.#inForce);
    this.#agenda.send(voter, { type: "promise", ballot, accepted: isNews ? vote.accepted : null, inForce });
    return true;
  }

  /** @returns whether it is accepted */
  onPropose(voter: string, proposal: Proposal): boolean {
    this.see(proposal.ballot);
    const vote = accepted(this.#vote, proposal);
    if (!vote) return this.#decline(voter, false);
    this.keep(vote);
    this.#agenda.send(voter, { type: "accepted", version: versionOf(proposal) });
    return true;
  }

  /** @returns whether the other one may act */
  onBeat(voter: string, ballot: Ballot): boolean {
    this.see(ballot);
    return compareBallots(ballot, this.#vote.promised) < 0 ? this.#decline(voter, false) : true;
  }

  #decline(voter: string, isLinked: boolean): false {
    this.#agenda.send(voter, { type: "declined", promised: this.#vote.promised, isLinked });
    return false;
  }
}
