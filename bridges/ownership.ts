import type { Cluster } from "../halod/index.ts";

/** Which routes are this bridge's own, by the newest table. */
export class Ownership {
  readonly #node: number;
  readonly #instance: string;
  #owners: readonly number[] = [];
  /** When we registered; null while we are not one of the active ones. */
  #sinceMs: number | null = null;

  constructor(node: number, instance: string) {
    this.#node = node;
    this.#instance = instance;
  }

  owns(route: number): boolean {
    return this.#sinceMs !== null && this.#owners[route - 1] === this.#node;
  }

  /** All of them. */
  get routes(): ReadonlySet<number> {
    return new Set(this.#owners.flatMap((_, index) => (this.owns(index + 1) ? [index + 1] : [])));
  }

  /** How many they are. */
  get size(): number {
    return this.#sinceMs === null ? 0 : this.#owners.filter((owner) => owner === this.#node).length;
  }

  /** @returns false where none of the routes was ours all the time, whatever is ours now */
  follow({ owners, nodes }: Cluster): boolean {
    const before = this.#sinceMs;
    this.#owners = owners;
    // A configured list knows no instances. Where HaloD has another one at our place, we were given up.
    const self = nodes.find(
      ({ node, instance, state }) =>
        node === this.#node && state === "active" && (instance === "" || instance === this.#instance),
    );
    this.#sinceMs = self?.sinceMs ?? null;
    return before !== null && before === this.#sinceMs;
  }

  /** From now on nothing is ours. */
  giveUp(): void {
    this.#sinceMs = null;
  }
}
