import { byId, create } from "./dom.js";
import { parseRoom, searchOfRoom, withRecent } from "./room.js";
import { store } from "./store.js";

const MAX_RECENT = 8;

/** The list of rooms we have been in, and the field that leads to another. */
export class Rooms {
  #form = byId("room-form", HTMLFormElement);
  #input = byId("room", HTMLInputElement);
  #hint = byId("room-hint", HTMLElement);
  #list = byId("rooms", HTMLElement);
  #onEnter;
  /** @type {string[]} */
  #recent = store
    .get("rooms")
    .split(" ")
    .filter((room) => parseRoom(room).room === room);

  /** @param {(room: string) => void} onEnter */
  constructor(onEnter) {
    this.#onEnter = onEnter;
    this.#form.addEventListener("submit", (event) => this.#onSubmit(event));
    this.#input.addEventListener("input", () => this.#say(""));
    this.#list.addEventListener("click", (event) => this.#onClick(event));
  }

  /** @param {string} current */
  show(current) {
    if (!this.#recent.includes(current)) this.#recent = withRecent(this.#recent, current, MAX_RECENT);
    store.set("rooms", this.#recent.join(" "));
    this.#list.replaceChildren(...this.#recent.map((room) => create("li", {}, roomLink(room, room === current))));
  }

  /** @param {Event} event */
  #onSubmit(event) {
    event.preventDefault();
    const { room, problem } = parseRoom(this.#input.value);
    this.#say(problem ?? "");
    if (room === null) return this.#input.focus();
    this.#input.value = "";
    this.#onEnter(room);
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    // With a modifier key the browser opens a tab, and the link is an ordinary one.
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#onEnter(link.dataset.room ?? "");
  }

  /** @param {string} problem */
  #say(problem) {
    this.#hint.textContent = problem;
    this.#input.setAttribute("aria-invalid", `${problem !== ""}`);
  }
}

/**
 * @param {string} room
 * @param {boolean} isCurrent
 */
function roomLink(room, isCurrent) {
  const attributes = { href: searchOfRoom(room), "data-room": room };
  return create("a", isCurrent ? { ...attributes, "aria-current": "page" } : attributes, `#${room}`);
}
