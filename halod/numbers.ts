import type { Member } from "./membership.ts";

/** The numbers of bridges that have none of their own: the lowest that nobody has, kept for as long as there is a link to whoever asked. */
export class Numbers {
  /** By the link of whoever asked. */
  readonly #given = new Map<object, { readonly node: number; readonly instance: string }>();

  /**
   * @param asker the link
   * @param instance the bridge that is to have it
   * @param wanted what it had before, so that a HaloD that was started again gives it again; 0 for any
   * @returns a number from 1, or null where all up to `most` are taken
   */
  give(asker: object, instance: string, wanted: number, members: readonly Member[], most: number): number | null {
    const taken = new Set<number>();
    for (const other of [...members, ...this.#given.values()]) if (other.instance !== instance) taken.add(other.node);
    let node = wanted > 0 && !taken.has(wanted) ? wanted : 1;
    while (taken.has(node)) node++;
    if (node > most) return null;
    this.#given.set(asker, { node, instance });
    return node;
  }

  release(asker: object): void {
    this.#given.delete(asker);
  }
}
