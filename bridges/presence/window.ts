/** A list of which only so many are shown: those that came first. When one of them goes, the next moves up. */
export class Window<T> {
  readonly #limit: number;
  readonly #shown = new Map<string, T>();
  readonly #hidden = new Map<string, T>();

  /** @param limit how many are shown at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** All of them, shown or not. */
  get size(): number {
    return this.#shown.size + this.#hidden.size;
  }

  *[Symbol.iterator](): Iterator<[string, T]> {
    yield* this.#shown;
    yield* this.#hidden;
  }

  get shown(): ReadonlyMap<string, T> {
    return this.#shown;
  }

  get(id: string): T | undefined {
    return this.#shown.get(id) ?? this.#hidden.get(id);
  }

  /** Adds one that is not there yet. @returns true when it is shown */
  add(id: string, value: T): boolean {
    const isShown = this.#shown.size < this.#limit;
    (isShown ? this.#shown : this.#hidden).set(id, value);
    return isShown;
  }

  /** Puts one in the place of another, shown if that was. @returns true when it is shown */
  replace(formerId: string, id: string, value: T): boolean {
    const isShown = this.#shown.delete(formerId);
    if (!isShown) this.#hidden.delete(formerId);
    (isShown ? this.#shown : this.#hidden).set(id, value);
    return isShown;
  }

  /** @returns what was shown until now, and what is shown in its place */
  delete(id: string): { readonly gone?: T; readonly next?: { readonly id: string; readonly value: T } } {
    const gone = this.#shown.get(id);
    if (gone === undefined) {
      this.#hidden.delete(id);
      return {};
    }
    this.#shown.delete(id);
    for (const [nextId, value] of this.#hidden) {
      this.#hidden.delete(nextId);
      this.#shown.set(nextId, value);
      return { gone, next: { id: nextId, value } };
    }
    return { gone };
  }
}
