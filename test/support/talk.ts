import { vi } from "vitest";

const WAIT = { timeout: 20_000, interval: 5 };
const SOME = 10;

/** People and bridges who speak all the time, each when what it said before was taken. */
export class Talk implements AsyncDisposable {
  /** Things said so far. */
  said = 0;
  #isOver = false;
  readonly #speakers: readonly Promise<void>[];

  /** @param speakers say the thing of this number, and resolve when it was taken */
  constructor(...speakers: readonly ((number: number) => Promise<void>)[]) {
    this.#speakers = speakers.map(async (speak) => {
      for (let number = 0; !this.#isOver; number += 1) {
        await speak(number);
        this.said += 1;
      }
    });
  }

  /** Resolves when some more was said. */
  async goesOn(): Promise<void> {
    const enough = this.said + SOME;
    await vi.waitFor(() => {
      if (this.said < enough) throw new Error(`${this.said} of ${enough} things were said`);
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
