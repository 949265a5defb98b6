import { electorateOf, isQuorum, reachedOf, type Electorate } from "./electorate.ts";

/** Which voters a HaloD can reach, the other HaloD among them. */
export class Presence {
  readonly #self: string;
  readonly #present: Set<string>;
  /** Those of the electorate that went on purpose. */
  readonly #left = new Set<string>();
  #peer: { readonly voter: string; readonly isActing: boolean } | null = null;

  /** @param self ourselves */
  constructor(self: string) {
    this.#self = self;
    this.#present = new Set([self]);
  }

  /** The other HaloD, while it can be reached. */
  get peer(): { readonly voter: string; readonly isActing: boolean } | null {
    return this.#peer;
  }

  /** All of them, ourselves too. */
  get all(): ReadonlySet<string> {
    return this.#present;
  }

  /** Bridges before dispatchers. */
  get others(): string[] {
    return [...this.#present].filter((voter) => voter !== this.#self).toSorted();
  }

  came(voter: string): void {
    this.#present.add(voter);
    this.#left.delete(voter);
  }

  went(voter: string, isOrderly: boolean): void {
    this.#present.delete(voter);
    if (isOrderly) this.#left.add(voter);
    if (this.#peer?.voter === voter) this.#peer = null;
  }

  /** @returns whether it is another one than before */
  meet(voter: string, isActing: boolean): boolean {
    const isNew = this.#peer?.voter !== voter;
    this.#peer = { voter, isActing };
    return isNew;
  }

  /** Who went is nobody's business any more, once it has no say. */
  forget({ voters }: Electorate): void {
    for (const voter of this.#left) if (!voters.includes(voter)) this.#left.delete(voter);
  }

  agree(electorate: Electorate, voters: ReadonlySet<string>): boolean {
    return isQuorum(electorate, voters, this.#left);
  }

  /** How many of an electorate can be reached, and how many they are. */
  reach(electorate: Electorate | undefined): { readonly reached: number; readonly of: number } {
    const asked = electorate ?? electorateOf([], this.#self);
    return { reached: reachedOf(asked, this.#present, this.#left), of: asked.voters.length };
  }
}
