import type { Protection } from "./reports.ts";

/** What HaloD knows of how a bridge's sessions are protected. */
export type Shown = Pick<Protection, "isProtected" | "reason">;

const UNHEARD: Shown = { isProtected: false, reason: "it has not said anything since the table changed" };

/** What bridges have told of how their sessions are protected; true for the table by which they found it out. */
export class Protections {
  readonly #told = new Map<string, Protection>();

  /** @param protection null: it has nothing to protect */
  report(instance: string, protection: Protection | null): void {
    if (protection) this.#told.set(instance, protection);
    else this.#told.delete(instance);
  }

  /** Its link has ended. */
  went(instance: string): void {
    this.#told.delete(instance);
  }

  /** @param epoch of the table that is in force */
  of(instance: string, epoch: number): Shown {
    const told = this.#told.get(instance);
    return told?.epoch === epoch ? { isProtected: told.isProtected, reason: told.reason } : UNHEARD;
  }
}
