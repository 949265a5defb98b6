import type { Protection } from "./reports.ts";

const UNHEARD = "it has not said anything since the table changed";
/** Of all reasons together, so that the status fits into a frame, whatever else is in it. */
const MAX_CHARACTERS = 40_000;
/** What is more than a byte in JSON. */
const LONG = /[^ !#-[\]-~]/g;

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

  /**
   * Why a bridge's sessions could lose something if it died; empty where they could not.
   *
   * @param epoch of the table that is in force
   * @param count for how many bridges that is told together
   */
  of(instance: string, epoch: number, count: number): string {
    const told = this.#told.get(instance);
    const reason = told?.epoch === epoch ? told.reason : UNHEARD;
    return reason.replaceAll(LONG, "?").slice(0, Math.floor(MAX_CHARACTERS / count));
  }
}
