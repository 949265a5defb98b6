import type { Cluster } from "../halod/index.ts";

/** Which routes are this bridge's own, by the newest table. */
export class Ownership {
  readonly #node: number;
  readonly #instance: string;
  #owners: readonly number[] = [];
  #isMember = false;

  constructor(node: number, instance: string) {
    this.#node = node;
    this.#instance = instance;
  }

  owns(route: number): boolean {
    return this.#isMember && this.#owners[route - 1] === this.#node;
  }

  /** How many they are. */
  get size(): number {
    return this.#isMember ? this.#owners.filter((owner) => owner === this.#node).length : 0;
  }

  follow({ owners, nodes }: Cluster): void {
    this.#owners = owners;
    // A configured list knows no instances. Where HaloD has another one at our place, we were given up.
    this.#isMember = nodes.some(
      ({ node, instance, state }) =>
        node === this.#node && state === "active" && (instance === "" || instance === this.#instance),
    );
  }

  /** From now on nothing is ours. */
  giveUp(): void {
    this.#isMember = false;
  }
}
