import { vi } from "vitest";

const WAIT = { timeout: 20_000, interval: 5 };
/** Things that each says. */
const SOME = 4;

/** People and bridges who speak all the time, each when what it said before was taken. */
export class Talk implements AsyncDisposable {
  /** Things said so far, by each. */
  readonly said: number[];
  #isOver = false;
  readonly #speakers: readonly Promise<void>[];

  /** @param speakers say the thing of this number, and resolve when it was taken */
  constructor(...speakers: readonly ((number: number) => Promise<void>)[]) {
    this.said = speakers.map(() => 0);
    this.#speakers = speakers.map(async (speak, index) => {
      for (let number = 0; !this.#isOver; number += 1) {
        await speak(number);
        this.said[index] = number + 1;
      }
    });
  }

  /** Resolves when each has said some more, so that nothing is left of what was being said. */
  async goesOn(): Promise<void> {
    const before = [...this.said];
    await vi.waitFor(() => {
      const missing = this.said.filter((count, index) => count < (before[index] ?? 0) + SOME);
      if (missing.length > 0) throw new Error(`said so far: ${this.said.join(", ")}; at first: ${before.join(", ")}`);
    }, WAIT);
  }

  /** Resolves when everybody has fallen silent. @throws what went wrong for one of them */
  async ends(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#speakers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#speakers);
  }
}
