/**
 * What the channel `/halo` says; docs/halod.md has the words.
 *
 * @typedef {object} Picture
 * @property {"halod" | "list"} source
 * @property {boolean} isCurrent
 * @property {number} bridge the one that tells us
 * @property {number} epoch
 * @property {number} routes
 * @property {number[]} owners
 * @property {number} step
 * @property {Bridge[]} bridges
 * @property {{bridges: number, routes: number, sessions: number, heard: number, delivered: number} | null} more
 * @property {{number: number, connections: number | null}[]} dispatchers
 * @property {{dispatchers: number, connections: number} | null} moreDispatchers
 * @property {Event[]} events
 *
 * @typedef {{node: number, state: "active" | "spare" | "lost", routes: number, sessions: number | null,
 *   heard: number | null, delivered: number | null}} Bridge
 * @typedef {{timeMs: number, epoch: number, moved: number, text: string}} Event
 * @typedef {{owner: number, first: number, last: number}} Run routes from 1; both ends belong to it
 */

/**
 * The rows of neighbouring routes with one owner.
 *
 * @param {Pick<Picture, "owners" | "step" | "routes">} picture
 * @returns {Run[]}
 */
export function runsOf({ owners, step, routes }) {
  const runs = [];
  for (let index = 0, before = 0; index + 1 < owners.length; index += 2) {
    const last = Math.min(before + (owners[index + 1] ?? 0) * step, routes);
    runs.push({ owner: owners[index] ?? 0, first: before + 1, last });
    before = last;
  }
  return runs;
}

/**
 * Where two tables of as many routes differ.
 *
 * @param {readonly Run[]} before
 * @param {readonly Run[]} after
 * @returns {Run[]} with the owner after
 */
export function movedBetween(before, after) {
  /** @type {Run[]} */
  const moved = [];
  for (let old = 0, current = 0, first = 1; old < before.length && current < after.length;) {
    const [one, other] = [before[old], after[current]];
    if (!one || !other) break;
    const last = Math.min(one.last, other.last);
    if (one.owner !== other.owner && last >= first) moved.push({ owner: other.owner, first, last });
    if (one.last === last) old += 1;
    if (other.last === last) current += 1;
    first = last + 1;
  }
  return moved;
}

/** @param {number} value */
export function whole(value) {
  return value.toLocaleString("en-US");
}

/** @param {number | null} value */
export function rate(value) {
  if (value === null) return "–";
  return value === 0 || value >= 10 ? whole(Math.round(value)) : value.toFixed(1);
}
