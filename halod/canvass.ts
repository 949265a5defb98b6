import type { Agenda } from "./agenda.ts";
import type { Electorate } from "./electorate.ts";
import { compareBallots, compareVersions, versionOf, type Ballot, type Proposal, type Version } from "./vote.ts";
import type { FromHalod, FromVoter } from "./vote-messages.ts";

/** A HaloD's question whether it may act: who has promised so far, and the newest state that anybody knows. */
export class Canvass {
  readonly ballot: Ballot;
  readonly #promises = new Set<string>();
  /** Our own, at first. */
  #newest: Proposal | null;
  /** The newest that is known to be in force. */
  #inForce: Version | null = null;

  constructor(ballot: Ballot, newest: Proposal | null) {
    this.ballot = ballot;
    this.#newest = newest;
  }

  get question(): FromHalod {
    return { type: "ask", ballot: this.ballot, has: this.#newest && versionOf(this.#newest) };
  }

  /** Asks those who have not promised yet. */
  ask(agenda: Agenda, voters: readonly string[]): void {
    for (const voter of voters) if (!this.#promises.has(voter)) agenda.send(voter, this.question);
  }

  /** The newest state that was found; null where nobody knows of one. */
  get newest(): Proposal | null {
    return this.#newest;
  }

  has(voter: string): boolean {
    return this.#promises.has(voter);
  }

  /** @returns whether it is an answer to this question */
  take(voter: string, { ballot, accepted, inForce }: Omit<FromVoter & { type: "promise" }, "type">): boolean {
    if (compareBallots(ballot, this.ballot) !== 0) return false;
    this.#promises.add(voter);
    if (compareVersions(accepted, this.#newest) > 0) this.#newest = accepted;
    if (compareVersions(inForce, this.#inForce) > 0) this.#inForce = inForce;
    return true;
  }

  /** Those before the state that was found, unless it is known to be in force: then they have agreed to it. */
  get before(): Electorate | null {
    const found = this.#newest;
    return found && compareVersions(found, this.#inForce) !== 0 ? found.before : null;
  }

  /** Whether enough have promised. */
  isEnough(agree: (electorate: Electorate, voters: ReadonlySet<string>) => boolean): boolean {
    const { before } = this;
    if (!this.#newest || !agree(this.#newest.electorate, this.#promises)) return false;
    return before === null || agree(before, this.#promises);
  }
}
