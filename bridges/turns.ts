/** Lets a bounded number of things be under way at a time; the others wait, and begin in the order in which they asked. */
export class Turns<Thing> {
  readonly #max: number;
  readonly #begin: (thing: Thing) => void;
  readonly #underWay = new Set<Thing>();
  readonly #waiting = new Set<Thing>();

  /** @param begin called when it is a thing's turn; must not end it at once */
  constructor(max: number, begin: (thing: Thing) => void) {
    this.#max = max;
    this.#begin = begin;
  }

  /** Begins at once where there is room, or where it is under way already: then it begins anew. */
  ask(thing: Thing): void {
    if (!this.#underWay.has(thing) && this.#underWay.size >= this.#max) {
      this.#waiting.add(thing);
      return;
    }
    this.#underWay.add(thing);
    this.#begin(thing);
  }

  /** It is over, and the next one begins. Nothing happens where it is not under way. */
  end(thing: Thing): void {
    if (!this.#underWay.delete(thing)) return;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.ask(next);
  }

  /** True while it is under way. */
  has(thing: Thing): boolean {
    return this.#underWay.has(thing);
  }

  /** Waits no more. @returns false for what was not waiting */
  forget(thing: Thing): boolean {
    return this.#waiting.delete(thing);
  }

  clear(): void {
    this.#underWay.clear();
    this.#waiting.clear();
  }
}
