/**
 * @typedef {object} Where where people without a browser find the room
 * @property {string} network as the server calls it, e.g. `irc`
 * @property {string} name the room's name there
 */

/**
 * Where the room is, which the server says with each list of who is there.
 *
 * @param {unknown} data of a message on the presence channel
 * @returns {Where | null} null where it does not say
 */
export function whereOf(data) {
  if (typeof data !== "object" || data === null || !("network" in data && "name" in data)) return null;
  const { network, name } = data;
  return typeof network === "string" && typeof name === "string" && name !== "" ? { network, name } : null;
}

/**
 * Shows the parts of the page that are about the room's network, and hides those about others.
 *
 * @param {Where | null} where null hides them all
 */
export function showWhere(where) {
  for (const place of document.querySelectorAll("[data-there]")) place.textContent = where?.name ?? "";
  for (const part of document.querySelectorAll("[data-on]")) {
    part.toggleAttribute("hidden", part.getAttribute("data-on") !== where?.network);
  }
}
