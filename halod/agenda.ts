import type { Proposal, Version, Vote } from "./vote.ts";
import type { FromHalod, FromPeer, FromVoter } from "./vote-messages.ts";

/** What is to be done, one after the other: nothing is said before what was written before it is on the disk. */
export type ChairEffect =
  | { readonly type: "write"; readonly vote: Vote }
  | { readonly type: "send"; readonly to: string; readonly message: FromHalod | FromVoter | FromPeer }
  /** Our own promise, or our own acceptance, counts from now on: the chair is to be told. */
  | { readonly type: "stored"; readonly version: Version | null }
  /** This is in force; whoever has accepted it is told. */
  | { readonly type: "committed"; readonly proposal: Proposal }
  /**
   * It acts, going on from there; null: there has been no table yet. `epoch`: of the newest that may be known anywhere;
   * `turn`: to want something by.
   */
  | { readonly type: "acting"; readonly from: Proposal | null; readonly epoch: number; readonly turn: number }
  /** Nothing moves. */
  | { readonly type: "resting" };

/** What a chair wants done, until somebody takes it. */
export class Agenda {
  #effects: ChairEffect[] = [];

  add(effect: ChairEffect): void {
    this.#effects.push(effect);
  }

  send(to: string, message: FromHalod | FromVoter | FromPeer): void {
    this.#effects.push({ type: "send", to, message });
  }

  /** Each of it once. */
  take(): readonly ChairEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
