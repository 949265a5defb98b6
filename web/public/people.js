import { byId, create } from "./dom.js";
import { initialOf, tintOf } from "./names.js";

/** More than these are counted and not listed. */
const MAX_SHOWN = 200;
/** @type {Record<string, string>} */
const NETWORKS = { web: "web", irc: "IRC", xmpp: "XMPP" };

/**
 * Shows who is here.
 *
 * @param {readonly import("./roster.js").Member[]} members in the order to show
 * @param {string} ownName
 */
export function showPeople(members, ownName) {
  const own = members.find((member) => member.network === "web" && member.name === ownName);
  const items = members.slice(0, MAX_SHOWN).map((member) => personItem(member, member === own));
  if (members.length > MAX_SHOWN)
    items.push(create("li", { class: "small" }, `and ${members.length - MAX_SHOWN} more`));
  byId("people", HTMLElement).replaceChildren(...items);
  byId("people-count", HTMLElement).textContent = `${members.length}`;
  byId("people-badge", HTMLElement).textContent = `${members.length}`;
}

/**
 * @param {import("./roster.js").Member} member
 * @param {boolean} isOwn
 */
function personItem({ name, network }, isOwn) {
  return create(
    "li",
    { "data-testid": "person", "data-name": name, "data-network": network },
    create("span", { class: "avatar", "data-tint": `${tintOf(name)}`, "aria-hidden": "true" }, initialOf(name)),
    create("span", { class: "name", dir: "auto" }, name),
    ...(isOwn ? [create("span", { class: "you" }, "you")] : []),
    create("span", { class: "badge" }, NETWORKS[network] ?? network),
  );
}
