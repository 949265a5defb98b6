/**
 * What a gap notice says.
 *
 * @typedef {{reason: string, after: string | null, before: string | null}} Gap
 */

/**
 * Reads a gap notice's data.
 *
 * @param {unknown} data
 * @returns {Gap}
 */
export function gapOf(data) {
  const gap = field(data, "gap");
  const reason = text(field(gap, "reason"));
  return {
    reason: reason === null || reason === "" ? "the server could not tell which." : reason,
    after: text(field(gap, "after")),
    before: text(field(gap, "before")),
  };
}

/** Knows which gap notice tells of a gap that is on the screen already: the one that has its end. */
export class Gaps {
  /** @type {Gap | null} the last one, while no message has come after it */
  #open = null;

  /**
   * @param {Gap} gap
   * @returns {boolean} whether it is news
   */
  isNew(gap) {
    const open = this.#open;
    this.#open = gap.before === null ? gap : null;
    return open === null || open.after !== gap.after || open.reason !== gap.reason;
  }

  /** A message came, or another room is on the screen. */
  close() {
    this.#open = null;
  }
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {unknown}
 */
function field(value, name) {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : null;
}
