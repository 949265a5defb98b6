import { byId, create } from "../dom.js";

/**
 * @typedef {import("./picture.js").Picture} Picture
 * @typedef {import("./picture.js").Event} Event
 */

/** What happened last, the newest first; what is there already stays, so that a screen reader tells only what is new. */
export class Events {
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();

  /** @param {Picture} picture */
  show({ events, source }) {
    const list = byId("events", HTMLElement);
    const none = byId("no-events", HTMLElement);
    none.hidden = events.length > 0;
    none.textContent = source === "list" ? "Nothing can move here." : "Nothing has changed since HaloD began.";
    const keys = new Set(events.map(keyOf));
    for (const [key, item] of this.#shown) {
      if (keys.has(key)) continue;
      item.remove();
      this.#shown.delete(key);
    }
    for (const event of events) {
      const key = keyOf(event);
      if (this.#shown.has(key)) continue;
      const item = itemOf(event);
      this.#shown.set(key, item);
      list.prepend(item);
    }
  }
}

/** @param {Event} event */
function itemOf({ timeMs, epoch, moved, text }) {
  const time = new Date(timeMs);
  return create(
    "li",
    { "data-testid": "event", "data-moved": String(moved) },
    create("time", { datetime: time.toISOString() }, time.toLocaleTimeString()),
    create("span", { class: "what" }, text),
    create("span", { class: "small" }, `epoch ${epoch}`),
  );
}

/** @param {Event} event */
function keyOf({ timeMs, epoch, text }) {
  return `${timeMs} ${epoch} ${text}`;
}
