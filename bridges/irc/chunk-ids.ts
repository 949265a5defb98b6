const IDS = 36 ** 4;

/** Ids of long messages: four characters of [0-9a-z], all of them in turn. */
export class ChunkIds {
  #last: number;

  /** @param random 0 ≤ x < 1; where it begins */
  constructor(random: () => number) {
    this.#last = Math.floor(random() * IDS);
  }

  next(): string {
    this.#last = (this.#last + 1) % IDS;
    return this.#last.toString(36).padStart(4, "0");
  }
}
